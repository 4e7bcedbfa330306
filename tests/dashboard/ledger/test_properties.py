"""What holds for every history: histories are drawn at random, unreasonable ones included."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashboard.ledger.book import Book, post, resume
from dashboard.ledger.entry import EXACT, ZERO, Entry, InvalidEntry, Kind, order
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.returns import first_break, value
from dashboard.ledger.working import Issue
from tests.dashboard.ledger.writing import START, totals_at

ASSETS = ("btc", "eth", "bnb")
WALLETS = ("", "kraken", "ledger")
EVERY_WAY = [(method, scope) for method in Method for scope in Scope]

methods, scopes = st.sampled_from(Method), st.sampled_from(Scope)
amounts = st.one_of(
    st.integers(1, 9).map(Decimal),
    st.decimals("0.000000000000000001", "5", places=18),
    st.sampled_from([Decimal("1.000000000000000001"), Decimal("1000000000000"), Decimal("0.333333333333333333")]),
)
values = st.one_of(st.none(), st.integers(0, 1000).map(Decimal), st.decimals("0", "100000", places=18))
others = st.sampled_from(ASSETS)


@st.composite
def drawn_entry(draw: st.DrawFn, number: int) -> Entry:
    kind = draw(st.sampled_from([*Kind, Kind.BUY, Kind.BUY, Kind.SELL, Kind.SELL]))
    asset = draw(others)
    amount = draw(st.sampled_from([Decimal(2), Decimal("0.1"), Decimal("0.333")]) if kind is Kind.SPLIT else amounts)
    more: dict[str, Any] = {}
    if kind in (Kind.SWAP, Kind.MIGRATE):
        more["counter_asset"] = draw(others.filter(lambda other: other != asset))
        more["counter_amount"] = draw(amounts)
    if draw(st.booleans()):
        more["fee_asset"] = draw(st.none() | others)
        more["fee_amount"] = draw(st.sampled_from([Decimal("0.25"), Decimal("0.000000000000000001"), ZERO]))
        more["fee_value"] = draw(values)
        arriving = {Kind.BUY: (asset, amount), Kind.SWAP: (more.get("counter_asset"), more.get("counter_amount"))}
        bought, count = arriving.get(kind, (None, None))
        if count is not None and more["fee_asset"] == bought and more["fee_amount"] >= count:
            more["fee_amount"] = ZERO
    return Entry(
        id=number,
        at=START + timedelta(minutes=draw(st.integers(0, 12))),
        kind=kind,
        asset=asset,
        amount=amount,
        wallet=draw(st.sampled_from(WALLETS)),
        value=draw(values),
        basis=draw(values) if kind in (Kind.DEPOSIT, Kind.GIFT_IN, Kind.ADJUST) else None,
        to_wallet=draw(st.sampled_from(WALLETS)),
        **more,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    return [draw(drawn_entry(number)) for number in range(draw(st.integers(1, 14)))]


def numbers(thing: Any) -> Iterator[Any]:
    """Every number in what a book tells, however deep."""
    if isinstance(thing, dict):
        thing = [*thing.keys(), *thing.values()]
    elif hasattr(thing, "__slots__"):
        thing = [getattr(thing, name) for name in thing.__slots__]
    if isinstance(thing, list | tuple):
        for part in thing:
            yield from numbers(part)
    elif isinstance(thing, int | float | Decimal):
        yield thing


def told(book: Book) -> dict[str, Any]:
    """All that a book tells of each asset."""
    return {
        asset: [
            standing.steps(),
            standing.disposals(),
            standing.lots(),
            standing.flags,
            standing.balances,
            standing.ever_invested,
            standing.exchanged,
            standing.fees_paid,
        ]
        for asset, standing in book.standings.items()
    }


def check_state(book: Book) -> None:
    """The figures hang together: identity, lots, balances."""
    assert first_break(book) is None
    with localcontext(EXACT):
        for standing in book.standings.values():
            lots = standing.lots()
            assert standing.quantity >= 0 <= standing.cost
            assert sum(standing.balances.values(), ZERO) == standing.quantity
            assert sum((lot.cost for lot in lots), ZERO) == standing.cost
            assert abs(sum((lot.quantity for lot in lots), ZERO) - standing.quantity) <= Decimal("1e-16")
            assert all(lot.quantity > 0 <= lot.cost for lot in lots)
            if not standing.quantity:
                assert not standing.cost
            # what a split rounds away is lost without a disposal
            assert sum((disposal.gain for disposal in standing.disposals()), ZERO) >= standing.realised
            price = Decimal("123.456789012345678901")
            worth = value(standing, price)
            assert worth.value is not None
            assert worth.unrealised is not None
            assert standing.realised + worth.unrealised + standing.income - standing.fees == worth.profit
            assert worth.profit == worth.value - standing.invested


@settings(max_examples=150, deadline=None)
@given(histories(), methods, scopes)
def test_nothing_is_ever_lost(history: list[Entry], method: Method, scope: Scope) -> None:
    for count in range(1, len(history) + 1):
        check_state(post(history[:count], method=method, scope=scope))


@settings(max_examples=40, deadline=None)
@given(histories())
def test_no_method_loses_anything(history: list[Entry]) -> None:
    for method, scope in EVERY_WAY:
        check_state(post(history, method=method, scope=scope))


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False), methods, scopes)
def test_the_order_of_entry_is_irrelevant(history: list[Entry], random: Any, method: Method, scope: Scope) -> None:
    shuffled = random.sample(history, len(history))
    assert told(post(shuffled, method=method, scope=scope)) == told(post(history, method=method, scope=scope))


@settings(max_examples=40, deadline=None)
@given(histories(), st.randoms(use_true_random=False), methods, scopes)
def test_ids_are_irrelevant_between_different_times(
    history: list[Entry], random: Any, method: Method, scope: Scope
) -> None:
    apart = [replace(entry, at=START + timedelta(hours=number)) for number, entry in enumerate(history)]
    ids = random.sample(range(len(apart)), len(apart))
    renamed = [replace(entry, id=number) for entry, number in zip(apart, ids, strict=True)]
    books = post(apart, method=method, scope=scope), post(renamed, method=method, scope=scope)
    first, second = ({asset: s.steps()[-1].after for asset, s in book.standings.items()} for book in books)
    assert first == second


@settings(max_examples=80, deadline=None)
@given(histories(), st.integers(0, 14), methods, scopes)
def test_going_on_is_the_same_as_all_at_once(history: list[Entry], cut: int, method: Method, scope: Scope) -> None:
    ordered = sorted(history, key=order)
    begun = post(ordered[:cut], method=method, scope=scope)
    before = told(begun)
    whole = post(history, method=method, scope=scope)
    assert told(resume(begun, ordered[cut:])) == told(whole)
    assert told(begun) == before


SPLITTABLE = [kind for kind in Kind if kind not in (Kind.SPLIT, Kind.ADJUST)]


@settings(max_examples=80, deadline=None)
@given(histories(), st.data(), methods, scopes)
def test_two_halves_are_one_whole(history: list[Entry], data: st.DataObject, method: Method, scope: Scope) -> None:
    """Amounts of coins that halve exactly; what the halves of money lose to rounding may move the last places.

    Of more than there is, the first half may leave with the cost that the second would have taken: not compared.
    """
    even = [double(entry) for entry in history if entry.kind in SPLITTABLE and entry.amount < 10]
    apart = [replace(entry, at=START + timedelta(hours=number)) for number, entry in enumerate(even)]
    if not apart:
        return
    chosen = data.draw(st.sampled_from(apart))
    parts = [half(chosen), replace(half(chosen), id=1000, at=chosen.at + timedelta(minutes=1))]
    rest = [entry for entry in apart if entry is not chosen]
    whole, halves = post(apart, method=method, scope=scope), post(rest + parts, method=method, scope=scope)
    flags = [flag for book in (whole, halves) for standing in book.standings.values() for flag in standing.flags]
    assume(not any(flag.issue is Issue.OVERSOLD and flag.entry in (chosen.id, 1000) for flag in flags))
    with localcontext(EXACT):
        for asset, standing in whole.standings.items():
            other = halves.standings[asset]
            for name in ("quantity", "cost", "realised", "income", "fees", "invested"):
                assert abs(getattr(standing, name) - getattr(other, name)) <= Decimal("1e-15"), name


COUNTS = ("amount", "counter_amount", "fee_amount")
MONEY = ("value", "basis", "fee_value")


def double(entry: Entry) -> Entry:
    return scaled(entry, Decimal(2))


def half(entry: Entry) -> Entry:
    return scaled(entry, Decimal("0.5"))


def scaled(entry: Entry, factor: Decimal) -> Entry:
    stated = {name: getattr(entry, name) for name in COUNTS + MONEY}
    changed: dict[str, Any] = {
        name: EXACT.multiply(number, factor) for name, number in stated.items() if number is not None
    }
    return replace(entry, **changed)


@settings(max_examples=60, deadline=None)
@given(histories(), st.lists(st.integers(-18, 18), min_size=14, max_size=14), methods, scopes)
def test_extreme_amounts_stay_exact_or_are_refused(
    history: list[Entry], powers: list[int], method: Method, scope: Scope
) -> None:
    extreme = []
    for entry, power in zip(history, powers, strict=False):
        amount = Decimal(1).scaleb(power)
        counter = {} if entry.counter_amount is None else {"counter_amount": Decimal(1).scaleb(-power)}
        extreme.append(replace(entry, amount=amount, fee_amount=ZERO, **counter))  # type: ignore[arg-type]
    try:
        book = post(extreme, method=method, scope=scope)
    except InvalidEntry:
        return
    check_state(book)
    for standing in book.standings.values():
        value(standing, Decimal("1e19"))


@settings(max_examples=60, deadline=None)
@given(histories(), methods, scopes)
def test_totals_are_the_sums_of_their_assets(history: list[Entry], method: Method, scope: Scope) -> None:
    book = post(history, method=method, scope=scope)
    totals = totals_at(book.standings.values(), {"btc": Decimal(100), "eth": Decimal(10)})
    with localcontext(EXACT):
        assert totals.profit == totals.value - totals.invested
        assert totals.invested == sum(
            (s.invested for s in book.standings.values() if s.asset not in totals.unpriced), ZERO
        )
        every = totals_at(book.standings.values(), dict.fromkeys(ASSETS, Decimal(1)))
        changes: dict[int, Decimal] = {}
        for standing in book.standings.values():
            for step in standing.steps():
                changes[step.entry.id] = changes.get(step.entry.id, ZERO) + step.change.invested
        assert every.ever_invested == sum((change for change in changes.values() if change > 0), ZERO)


@settings(max_examples=60, deadline=None)
@given(histories(), methods, scopes)
def test_there_is_no_float_anywhere(history: list[Entry], method: Method, scope: Scope) -> None:
    book = post(history, method=method, scope=scope)
    worths = [value(standing, Decimal(3)) for standing in book.standings.values()]
    found = list(numbers([told(book), worths, totals_at(book.standings.values(), {})]))
    assert found
    assert not [number for number in found if isinstance(number, float)]
    assert all(number.is_finite() for number in found if isinstance(number, Decimal))
