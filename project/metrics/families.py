"""What is counted, under the names that operators know. Labels have few values: never a user, a coin or an address."""

from dataclasses import dataclass
from typing import Final

from dashboard.live.counting import BOUNDS


@dataclass(frozen=True, slots=True)
class Family:
    """Numbers of one name that only grow; with `bounds` (seconds) it is a histogram."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


TICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
SOURCE: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)
REQUEST: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.5, 5.0, 10.0)

TICKS: Final = Family("tickfolio_ticks", "Ticks that ran, whether a poll was due or not")
TICKS_SKIPPED: Final = Family("tickfolio_ticks_skipped", "Ticks that found another at work")
TICKS_FAILED: Final = Family("tickfolio_ticks_failed", "Ticks that ended with an error of ours")
POLLS: Final = Family("tickfolio_polls", "Polls of the price source by what came of them", ("outcome",))
STAGE: Final = Family("tickfolio_tick_stage_seconds", "A polling tick's own work by stage", ("stage",), TICK)
OWN: Final = Family("tickfolio_tick_own_seconds", "A polling tick's own work, all stages together", (), TICK)
SOURCE_SECONDS: Final = Family("tickfolio_source_seconds", "The wait for the price source's answer", (), SOURCE)
QUOTES: Final = Family("tickfolio_quotes_changed", "Quotes that ticks found changed")
STREAMED: Final = Family("tickfolio_streamed_ticks", "Ticks to which exchanges' feeds brought news")
STREAMED_SECONDS: Final = Family("tickfolio_streamed_tick_seconds", "Own work of such a tick's news", (), TICK)
SAMPLES: Final = Family("tickfolio_price_samples", "Prices that ticks kept for the history")
REQUESTS: Final = Family("tickfolio_http_requests", "HTTP requests by view and status", ("view", "status"))
REQUEST_SECONDS: Final = Family(
    "tickfolio_http_request_seconds", "From a request to its answer, by view", ("view",), REQUEST
)
FRAMES: Final = Family("tickfolio_live_frames", "Frames sent to open pages")
BYTES: Final = Family("tickfolio_live_bytes", "Bytes of the frames sent to open pages")
OPENED: Final = Family("tickfolio_live_opened", "Pages that connected")
DROPPED: Final = Family("tickfolio_live_dropped", "Slow readers that were dropped")
CONFLATED: Final = Family("tickfolio_live_conflated", "Frames that were made one with a later one for slow readers")
HEARD: Final = Family("tickfolio_live_ticks", "Ticks heard by web processes")
TICK_TO_FRAME: Final = Family(
    "tickfolio_live_tick_to_frame_seconds", "From a tick's acceptance to its frames at the sockets", (), BOUNDS
)

FAMILIES: Final = (
    *(
        TICKS,
        TICKS_SKIPPED,
        TICKS_FAILED,
        POLLS,
        STAGE,
        OWN,
        SOURCE_SECONDS,
        QUOTES,
        SAMPLES,
        STREAMED,
        STREAMED_SECONDS,
    ),
    *(REQUESTS, REQUEST_SECONDS, FRAMES, BYTES, OPENED, DROPPED, CONFLATED, HEARD, TICK_TO_FRAME),
)
