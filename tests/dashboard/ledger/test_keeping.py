"""A standing that was kept as text and made again goes on exactly as the one that never was."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.ledger.book import Book, post, resume
from dashboard.ledger.entry import EXACT, Entry, order
from dashboard.ledger.keeping import FIGURES, keep, restore
from dashboard.ledger.methods import Method, Scope
from tests.dashboard.ledger.test_properties import histories, methods, scopes
from tests.dashboard.ledger.writing import diary


def kept(book: Book, lots_a_line: int = 256) -> Book:
    """The book after a night in a drawer."""
    again = Book(book.method, book.scope)
    again.standings = {asset: restore(keep(standing, lots_a_line)) for asset, standing in book.standings.items()}
    again.last = book.last
    return again


def state(book: Book) -> dict[str, object]:
    """All but the record, to the last zero of each number."""
    return {
        asset: repr(
            [
                [getattr(standing, name) for name in (*FIGURES, "exchanged", "balances", "flags")],
                [(wallet, standing.held_in(pool), pool.lots()) for wallet, pool in standing.pools.items()],
            ]
        )
        for asset, standing in book.standings.items()
    }


lines = st.sampled_from([1, 2, 256])


@settings(max_examples=120, deadline=None)
@given(histories(), st.integers(0, 14), lines, methods, scopes)
def test_what_was_kept_goes_on_as_if_it_never_was(
    history: list[Entry], cut: int, line: int, method: Method, scope: Scope
) -> None:
    ordered = sorted(history, key=order)
    begun = post(ordered[:cut], method=method, scope=scope)
    whole = post(history, method=method, scope=scope)
    assert state(resume(kept(begun, line), ordered[cut:])) == state(whole)
    assert state(kept(whole, line)) == state(whole)


@settings(max_examples=60, deadline=None)
@given(histories(), lines, methods, scopes)
def test_a_state_kept_after_every_entry_is_never_off(
    history: list[Entry], line: int, method: Method, scope: Scope
) -> None:
    book = Book(method, scope)
    for entry in sorted(history, key=order):
        book = kept(resume(book, [entry]), line)
    assert state(book) == state(post(history, method=method, scope=scope))


@settings(max_examples=120, deadline=None)
@given(histories(), lines, methods, scopes)
def test_what_lots_were_written_as_before_is_used_while_it_is_true(
    history: list[Entry], line: int, method: Method, scope: Scope
) -> None:
    book = Book(method, scope)
    for entry in sorted(history, key=order):
        book.extend([entry])
        for standing in book.standings.values():
            anew = keep(standing.copy(), line)
            assert keep(standing, line) == anew
            assert keep(standing, line) == anew


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 14), lines, methods, scopes)
def test_the_record_begins_anew_and_tells_the_same(
    history: list[Entry], cut: int, line: int, method: Method, scope: Scope
) -> None:
    ordered = sorted(history, key=order)
    whole = post(history, method=method, scope=scope)
    book = resume(kept(post(ordered[:cut], method=method, scope=scope), line), ordered[cut:])
    for asset, standing in book.standings.items():
        later = len(standing.steps())
        assert standing.steps() == whole.standings[asset].steps()[len(whole.standings[asset].steps()) - later :]
        disposals = whole.standings[asset].disposals()
        assert standing.disposals() == disposals[len(disposals) - len(standing.disposals()) :]


@pytest.mark.parametrize("method", Method)
def test_awkward_names_come_back(method: Method) -> None:
    wallet = "a,b;c\n%2C é \u2028"
    book = post(diary(("buy", "btc", "1", "10", {"wallet": wallet})), method=method)
    (lot,) = kept(book).standings["btc"].lots()
    assert (lot.wallet, lot.cost) == (wallet, Decimal(10))


def test_another_version_is_refused() -> None:
    text = keep(post(diary(("buy", "btc", "1", "10")), method=Method.FIFO).standings["btc"])
    with pytest.raises(ValueError, match="kept by version 0"):
        restore(text.replace('"version":1', '"version":0'))


@settings(max_examples=120, deadline=None)
@given(histories(), st.integers(0, 14), lines, methods, scopes, st.integers(0, 6))
def test_some_lots_are_those_that_leave_at_their_turn(
    history: list[Entry], cut: int, line: int, method: Method, scope: Scope, start: int
) -> None:
    ordered = sorted(history, key=order)
    book = kept(post(ordered[:cut], method=method, scope=scope), line)
    book.extend(ordered[cut:])
    for standing in book.standings.values():
        size = standing.lots_counted()
        pages = [lot for begin in range(0, size, 2) for lot in standing.some_lots(begin, begin + 2)]
        assert standing.some_lots(start, start + 3) == tuple(pages[start : start + 3])
        assert sorted(map(repr, pages)) == sorted(map(repr, standing.copy().lots()))
        for pool in standing.pools.values():
            turns = [lot.entry for lot in pool.some(0, size)]
            with localcontext(EXACT):
                assert turns == [lot.entry for lot in pool.copy().take(standing.held_in(pool))]
