"""The operator's numbers: they add up, and say between which bounds durations lie."""

from dashboard.live.counting import BOUNDS, Counts, Durations, figures


def test_quantiles_are_the_bounds_under_which_durations_lie() -> None:
    counts = Counts()
    for seconds, frames in ((0.004, 90), (0.04, 9), (9.0, 1)):
        counts.took(seconds, frames)
    durations = Durations(BOUNDS, tuple(counts.durations), counts.duration)
    assert durations.count == 100
    assert [durations.quantile(part) for part in (0.5, 0.95, 0.99, 1)] == [0.005, 0.05, 0.05, float("inf")]
    assert durations.total == 0.004 * 90 + 0.04 * 9 + 9.0


def test_of_nothing_there_is_no_quantile() -> None:
    assert Durations(BOUNDS, (0,) * (len(BOUNDS) + 1), 0.0).quantile(0.5) is None


def test_everything_counted_is_told() -> None:
    told = figures()
    assert told.keys() == {
        "connected", "opened", "frames", "bytes", "dropped", "conflated", "ticks", "tick_to_frame",
    }  # fmt: skip
    assert isinstance(told["tick_to_frame"], Durations)
