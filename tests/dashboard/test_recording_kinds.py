"""Every kind of transaction from a draft to stored positions: the table of effects, and that nothing is ever lost."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from dashboard import recording
from dashboard.drafts import Draft, DraftErrors, draft_of
from dashboard.entries import told
from dashboard.ledger.entry import TWO_LEGGED, Kind
from dashboard.models import Asset, DailyPrice, Portfolio, Position
from dashboard.money import WIDE
from tests.dashboard.ledger.test_effects import BEFORE, EFFECTS

pytestmark = pytest.mark.django_db
D = Decimal
DAY = datetime(2024, 1, 10, 12, tzinfo=UTC)
COINS = ["btc", "eth", "bnb", "bch"]
FIGURES = ("quantity", "cost", "realised", "income", "fees", "invested")


@pytest.fixture
def portfolio() -> Portfolio:
    Asset.objects.bulk_create(Asset(id=coin, symbol=coin, name=coin.upper()) for coin in COINS)
    return recording.create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


def as_draft(kind: str, asset: str, amount: str, value: str | None = None, **more: str) -> Draft:
    """An entry's facts as a draft states them; `fee_value` is not stated but looked up."""
    numbers: dict[str, Any] = {name: D(more[name]) for name in ("counter_amount", "fee_amount") if name in more}
    draft = Draft(
        timestamp=DAY,
        type=kind,
        asset_id=asset,
        amount=D(amount),
        counter_asset_id=more.get("counter_asset"),
        fee_asset_id=more.get("fee_asset"),
        to_wallet=more.get("to_wallet", ""),
        **numbers,
    )
    facts: dict[str, Any] = {}
    if kind in {"deposit", "gift_in", "adjust"}:
        facts["value_override"] = D(more["basis"]) if "basis" in more else None
        facts["price"] = D(value) / D(amount) if value else None
    else:
        facts["value_override"] = D(value) if value else None
    return Draft(**{name: getattr(draft, name) for name in Draft.__slots__} | facts)


def figures(portfolio: Portfolio) -> Mapping[str, list[Decimal]]:
    rows = Position.objects.filter(portfolio=portfolio).values_list("asset", *FIGURES)
    return {asset: numbers for asset, *numbers in rows}


@pytest.mark.parametrize(("what", "line", "more", "expected"), EFFECTS, ids=[row[0] for row in EFFECTS])
def test_every_kind_has_its_effect_on_stored_positions(
    portfolio: Portfolio, what: str, line: tuple[str, ...], more: dict[str, str], expected: dict[str, str]
) -> None:
    if "fee_value" in more:
        DailyPrice.objects.create(asset_id=more["fee_asset"], day=DAY.date(), usd=D(more["fee_value"]))
    recording.record_transactions(portfolio, [as_draft(*words) for words in BEFORE])
    before = figures(portfolio)
    recording.record_transactions(portfolio, [as_draft(what.split(",")[0], *line, **more)])
    nothing = [D(0)] * len(FIGURES)
    changes = {
        asset: [now - then for now, then in zip(after, before.get(asset, nothing), strict=True)]
        for asset, after in figures(portfolio).items()
    }
    assert {asset: change for asset, change in changes.items() if any(change)} == {
        asset: wanted for asset, words in expected.items() if any(wanted := [D(word) for word in words.split()])
    }


def test_the_cost_of_a_renamed_coin_follows_every_change_of_the_old_one(portfolio: Portfolio) -> None:
    [bought] = recording.record_transactions(portfolio, [as_draft("buy", "btc", "2", "100")])
    renamed = as_draft("migrate", "btc", "2", counter_asset="bch", counter_amount="200")
    recording.record_transactions(portfolio, [renamed])
    assert figures(portfolio)["bch"][:2] == [200, 100]
    recording.edit_transaction(bought, as_draft("buy", "btc", "2", "350"))
    assert figures(portfolio)["bch"][:2] == [200, 350]
    assert figures(portfolio)["btc"][:2] == [0, 0]
    recording.delete_transaction(bought)
    assert figures(portfolio)["bch"][:2] == [200, 0]


def test_a_reward_counts_its_money_at_the_rate_of_its_own_day(portfolio: Portfolio) -> None:
    """The European Central Bank's rates for a euro: 1.0946 dollars on 10 January 2024, 1.0772 on 9 February."""
    facts: dict[str, Any] = {"type": "reward", "asset_id": "eth", "amount": D(1), "price_currency": "eur"}
    month_later = datetime(2024, 2, 9, 12, tzinfo=UTC)
    drafts = [
        Draft(timestamp=DAY, price=D(100), **facts),
        Draft(timestamp=month_later, value_override=D(100), fee_amount=D(10), **facts),
    ]
    recording.record_transactions(portfolio, drafts)
    assert figures(portfolio)["eth"] == [2, D("217.18"), 0, D("217.18"), D("10.772"), D("10.772")]


def test_a_deposits_own_cost_wins_over_its_value_of_the_day(portfolio: Portfolio) -> None:
    DailyPrice.objects.create(asset_id="btc", day=DAY.date(), usd=D(500))
    recording.record_transactions(portfolio, [as_draft("deposit", "btc", "2", basis="30")])
    assert figures(portfolio)["btc"][:2] == [2, 30]
    recording.record_transactions(portfolio, [as_draft("deposit", "btc", "1")])
    assert figures(portfolio)["btc"][:2] == [3, 530]
    [issue] = Position.objects.get(asset="btc").issues
    assert issue["code"] == "assumed_basis"


@pytest.mark.parametrize("second", [("buy", "btc", "9e19", "1"), ("split", "btc", "9e19"), ("buy", "btc", "1", "9e19")])
def test_figures_that_nothing_can_keep_are_refused_at_the_amount(portfolio: Portfolio, second: tuple[str, ...]) -> None:
    recording.record_transactions(portfolio, [as_draft("buy", "btc", "9e19", "9e19")])
    with pytest.raises(DraftErrors) as caught:
        recording.record_transactions(portfolio, [as_draft(*second)])
    assert caught.value.errors.keys() == {"amount"}
    assert portfolio.transactions.count() == 1


def test_money_that_another_currency_makes_too_large_counts_as_unknown(portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [as_draft("buy", "btc", "1", "9e19")])
    recording.change_portfolio(portfolio, currency="jpy")
    assert figures(portfolio)["btc"][:2] == [1, 0]


def test_thousands_of_flags_are_told_in_a_few_sentences(portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [as_draft("reward", "eth", "1")] * 300)
    issues = Position.objects.get(asset="eth").issues
    assert len(issues) == 20
    assert told(issues[-1]).endswith("The same is true of 280 more.")


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any transaction that can be recorded, of any kind, over a few coins and wallets."""
    kind = draw(st.sampled_from([*Kind, Kind.BUY, Kind.BUY]))
    amounts = st.decimals("0.000000000000000001", "9", places=18) | st.integers(1, 9).map(D)
    money = st.none() | st.decimals("0", "10000", places=6)
    asset, second = draw(st.permutations(COINS))[:2]
    amount = draw(st.sampled_from([D(2), D("0.1")]) if kind is Kind.SPLIT else amounts)
    two = kind in TWO_LEGGED
    fee = draw(st.none() | st.sampled_from([D("0.000000000000000001"), D("0.25")]))
    wallet, other = draw(st.permutations(["", "Kraken", "Ledger"]))[:2]
    return Draft(
        timestamp=DAY + timedelta(hours=draw(st.integers(0, 6))),
        type=kind.value,
        asset_id=asset,
        amount=amount,
        price=draw(st.decimals("0", "1000", places=6) if kind in {Kind.BUY, Kind.SELL} else money),
        value_override=draw(money),
        price_currency=draw(st.sampled_from(["", "eur", "jpy"])),
        counter_asset_id=second if two else None,
        counter_amount=draw(amounts) if two else None,
        fee_amount=fee,
        fee_asset_id=draw(st.sampled_from([None, "usd", *COINS])) if fee else None,
        wallet=wallet,
        to_wallet=(other or "Safe") if kind is Kind.TRANSFER else "",
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(drafts(), min_size=1, max_size=9),
    method=st.sampled_from(["fifo", "lifo", "hifo", "average"]),
    scope=st.sampled_from(["portfolio", "wallet"]),
    data=st.data(),
)
def test_nothing_is_ever_lost_on_the_way_to_stored_positions(
    portfolio: Portfolio, history: list[Draft], method: str, scope: str, data: st.DataObject
) -> None:
    """R + U + I - E = V - N at any price is C = N + R + I - E; so it is after edits and in another currency too."""
    Portfolio.objects.exclude(pk=portfolio.pk).delete()
    own = recording.create_portfolio(portfolio.user, "Own", method=method, lot_scope=scope)
    for draft in history:
        try:
            recording.record_transactions(own, [draft])
        except DraftErrors:
            continue  # a fee that takes all that was bought
        assert_nothing_lost(own)
    step_by_step = figures(own)
    recording.recompute_portfolio(own)
    assert figures(own) == step_by_step
    if rows := list(own.transactions.order_by("id")):
        changed = data.draw(st.sampled_from(rows))
        recording.edit_transaction(changed, draft_of(data.draw(st.sampled_from(rows))))
        assert_nothing_lost(own)
        recording.delete_transaction(data.draw(st.sampled_from(rows)))
        assert_nothing_lost(own)
    recording.change_portfolio(own, currency="chf", method="fifo")
    assert_nothing_lost(own)


def assert_nothing_lost(portfolio: Portfolio) -> None:
    with localcontext(WIDE):
        for held in Position.objects.filter(portfolio=portfolio):
            assert held.cost == held.invested + held.realised + held.income - held.fees, held.asset_id
