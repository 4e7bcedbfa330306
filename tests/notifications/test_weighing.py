"""What is held is weighed in floats: nobody whose exact figure has crossed is passed over, whatever changed before."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from random import Random
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import clock
from dashboard.models import ExchangeRate, MarketQuote, Portfolio, Position
from dashboard.money import WIDE, quantize
from notifications import checking
from notifications.conditions import Arming
from notifications.figures import stamp
from notifications.formulas import Held, Part, Sum, amounts_of
from notifications.models import Alert, Reminder, Watch
from notifications.observing import observe_draft
from notifications.reminding import create_reminder, draft_reminder, edit_reminder, pause_reminder, resume_reminder
from notifications.validation import ReminderErrors
from notifications.watched import quotes_since
from notifications.weighing import SCALES, Scales, read_ahead
from tests.notifications.conftest import Market, coin, hold, make_user

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]
QUANTUM = Decimal(1).scaleb(-18)
COINS = ("bitcoin", "ethereum", "shiba", "tether")


@pytest.fixture(autouse=True)
def begin_anew() -> None:
    SCALES.forget()


def weighed() -> list[int]:
    """Who would be judged now."""
    return list(SCALES.weigh(Watch.objects.get(), clock.now()).reminders)


# Nobody is passed over ------------------------------------------------------------------------------------------------
def fill(portfolio: Portfolio, chance: Random) -> None:
    """Holdings large and tiny, with costs that almost cancel what they are worth."""
    for name in COINS:
        amounts = ["cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid"]
        figures = {each: Decimal(chance.randint(1, 10**12)).scaleb(-chance.choice([0, 3, 9])) for each in amounts}
        Position.objects.create(
            portfolio=portfolio,
            asset=coin(name),
            quantity=Decimal(chance.randint(0, 10**15)).scaleb(-chance.choice([0, 6, 12, 18])),
            exchanged={"bitcoin": str(figures["ever_invested"] / 3)[:18]} if chance.random() < 0.3 else {},
            **figures,
        )


def prices(chance: Random) -> dict[str, Decimal]:
    return {
        "bitcoin": Decimal(chance.randint(1, 10**9)).scaleb(-4),
        "ethereum": Decimal(chance.randint(1, 10**9)).scaleb(-6),
        "shiba": Decimal(chance.randint(1, 10**4)).scaleb(-15),
        "tether": Decimal(chance.randint(99, 101)).scaleb(-2),
    }


def wishes(chance: Random, portfolios: list[Portfolio]) -> dict[str, Any]:
    kind = chance.choice(["balance", "profit", "profit", "allocation"])
    found: dict[str, Any] = {"currency": chance.choice(["usd", "usd", "eur", "idr"]), "repeat": "always"}
    if kind == "profit":
        found |= {"measure": chance.choice(["total", "unrealised"]), "unit": chance.choice(["money", "percent"])}
    if kind == "allocation" or (kind == "profit" and chance.random() < 0.5):
        found["asset"] = chance.choice(COINS)
    where = chance.choice([None, *portfolios])
    return {"kind": f"{kind}_{chance.choice(['above', 'below'])}", "portfolio": where and where.pk, **found}


@pytest.mark.parametrize("seed", range(6))
def test_who_crosses_by_the_last_decimal_fires_and_who_does_not_stays_silent(
    market: Market, user: User, portfolio: Portfolio, seed: int
) -> None:
    chance = Random(seed)
    for code, rate in (("usd", "1"), ("eur", "0.8371"), ("idr", "16234.77")):
        ExchangeRate.objects.create(code=code, per_usd=Decimal(rate), fetched_at=clock.now())
    portfolios = [portfolio, Portfolio.objects.create(user=user, name="Other", currency="eur")]
    for each in portfolios:
        fill(each, chance)
    early, late = prices(chance), prices(chance)
    market.set_all(late)
    drafts = [wishes(chance, portfolios) for _ in range(40)]
    ends = [observe_draft(Reminder(user=user, **as_fields(draft)), clock.now()).value for draft in drafts]
    market.set_all(early)
    expected = set()
    for draft, end in zip(drafts, ends, strict=True):
        if end is None:
            continue
        beyond = QUANTUM * chance.choice([-1, 0, 1])
        with localcontext(WIDE):
            limit = quantize(end - beyond if draft["kind"].endswith("above") else end + beyond)
        try:
            draft_reminder(user, {**draft, "limit": limit})
        except ReminderErrors:
            continue  # a share over 100 %, or what else is no limit
        reminder = create_reminder(user, {**draft, "limit": limit, "transports": ["toast"]})
        is_above = draft["kind"].endswith("above")
        crosses = end > limit if is_above else end < limit
        if crosses and reminder.arming == Arming.ARMED:
            expected.add(reminder.pk)
    assert len(expected) >= 3
    SCALES.forget()
    market.set_all(late)
    assert set(Alert.objects.values_list("reminder_id", flat=True)) == expected


def as_fields(draft: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in draft.items() if name not in {"portfolio", "asset"}}
    return {**fields, "portfolio_id": draft["portfolio"], "asset_id": draft.get("asset")}


def test_what_is_subtracted_is_kept_apart_so_that_nothing_cancels() -> None:
    held = Held(1, 0, "usd", "bitcoin", 2.0, 1e15, 1e15, 5.0, 3.0, 0.0, {})
    assert amounts_of(Part(Sum.PROFIT, None, None), [held]) == {"bitcoin": 2.0, ":usd": 1e15 + 5, "!:usd": -1e15 - 3}
    assert amounts_of(Part(Sum.VALUE, 2, None), [held]) == {}


def test_few_are_judged_of_the_many_that_are_far_away(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    near = remind("balance_above", 100)
    for limit in range(200, 230):
        remind("balance_above", limit)
        remind("profit_above", limit, measure="unrealised")
        remind("drawdown", limit / 4)
    market.set("bitcoin", "99.1")
    market.set("bitcoin", "100.01", check=False)
    drawdowns = set(Reminder.objects.filter(kind="drawdown").values_list("pk", flat=True))
    assert set(weighed()) == {near.pk} | drawdowns, "a new peak concerns every drawdown"
    checking.check(None)
    market.set("bitcoin", "100.009", check=False)
    assert weighed() == []


# Whatever changed -----------------------------------------------------------------------------------------------------
def test_a_process_that_begins_anew_misses_nothing(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    remind("balance_above", 100)
    SCALES.forget()
    market.set("bitcoin", 101)
    assert Alert.objects.count() == 1


def test_a_process_that_begins_anew_reads_before_it_keeps_others_from_writing(
    market: Market, remind: Remind, portfolio: Portfolio
) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    remind("balance_above", 100)
    SCALES.forget()
    market.set("bitcoin", 101, check=False)
    with CaptureQueriesContext(connection) as captured:
        checking.check(None)
    asked = [query["sql"] for query in captured]
    reads = [n for n, sql in enumerate(asked) if "f.user_id, f.id, f.revision" in sql]
    told = next(n for n, sql in enumerate(asked) if sql.startswith('INSERT INTO "notifications_alert"'))
    begun = max(n for n, sql in enumerate(asked[:told]) if sql.startswith("SAVEPOINT"))
    assert reads, asked
    assert max(reads) < begun, asked


def test_what_changes_while_it_reads_ahead_is_followed(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    remind("balance_above", 150)
    SCALES.forget()
    ahead = read_ahead(clock.now())
    assert ahead is not None
    hold(portfolio, "ethereum", 1)
    market.set_all({"ethereum": 1, "bitcoin": 99}, check=False)
    other = remind("balance_above", 101)
    SCALES.take_over(ahead)
    assert read_ahead(clock.now()) is None
    market.set_all({"ethereum": 2, "bitcoin": 100})
    assert [alert.reminder_id for alert in Alert.objects.all()] == [other.pk]


def test_a_transaction_while_no_process_ran_is_no_crossing_but_counts_from_then(
    market: Market, remind: Remind, portfolio: Portfolio
) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    reminder = remind("balance_above", 100, repeat="always")
    market.set("bitcoin", 101)
    hold(portfolio, "bitcoin", "0.99")
    SCALES.forget()
    market.set("bitcoin", "100.9")
    reminder.refresh_from_db()
    assert reminder.arming == "armed", "not yet beyond the band, but by its owner's hand"
    market.set("bitcoin", "101.1")
    assert Alert.objects.count() == 2


def test_a_tick_that_was_undone_is_made_up_for(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    remind("balance_above", 100)
    hold(portfolio, "ethereum", 1)
    market.set_all({"bitcoin": 99, "ethereum": "0.5"}, check=False)
    with transaction.atomic():
        checking.check(None)
        transaction.set_rollback(True)
    checking.check(None)
    assert weighed() == []
    market.set("bitcoin", "99.6")
    assert Alert.objects.get().observed == Decimal("100.1")


def test_everything_that_changes_is_followed(market: Market, remind: Remind, user: User, portfolio: Portfolio) -> None:
    """After every change the memory says what one that begins anew says."""
    other = make_user("grace")
    hold(portfolio, "bitcoin", 1)
    hold(Portfolio.objects.get(user=other), "bitcoin", 3)
    market.set_all({"bitcoin": 99, "ethereum": 10})
    mine, theirs = remind("balance_above", 100), remind("balance_above", 300, user=other)
    part = remind("allocation_below", 40, asset="bitcoin", portfolio=portfolio.pk)

    def both(*expected: Reminder) -> None:
        market.set("bitcoin", 101, check=False)
        assert weighed() == sorted(reminder.pk for reminder in expected)
        anew = Scales()
        assert list(anew.weigh(Watch.objects.get(), clock.now()).reminders) == weighed()
        market.set("bitcoin", 99, check=False)
        assert weighed() == []

    market.set("bitcoin", 98)
    both(mine, theirs)
    pause_reminder(mine)
    both(theirs)
    resume_reminder(mine)
    both(mine, theirs)
    edit_reminder(theirs, {"limit": "400"})
    both(mine)
    second = Portfolio.objects.create(user=user, name="Second", currency="usd")
    hold(second, "ethereum", 1)
    market.set("bitcoin", 80)
    edit_reminder(mine, {"limit": "110.5"})
    both(mine)
    second.delete()
    assert weighed() == [mine.pk]
    market.set("bitcoin", 80)
    both()
    part.delete()
    mine.delete()
    both()
    assert not Reminder.objects.exclude(pk=theirs.pk).exists()


def test_the_memory_does_not_grow_with_changes(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 90)
    reminders = [remind("balance_above", limit) for limit in range(100, 110)]
    reminders += [remind("allocation_below", limit, asset="bitcoin") for limit in range(40, 44)]
    weighed()
    sizes = []
    for turn in range(40):
        edit_reminder(reminders[turn % 10], {"limit": str(101 + turn)})
        hold(portfolio, "ethereum", turn)
        market.set_all({"bitcoin": 50, "ethereum": "0.01"})
        sizes.append(SCALES.nbytes)
    assert max(sizes[20:]) <= max(sizes[:20])
    anew = Scales()
    anew.weigh(Watch.objects.get(), clock.now())
    prices = {"bitcoin": 77.0, "ethereum": 0.5}
    alive = SCALES.entries["owner"] > 0
    order = np.argsort(SCALES.entries["number"][alive])
    sums = SCALES.sums(SCALES.price_list(prices)[0])[0][SCALES.entries["row"]][alive][order]
    assert sums.tolist() == anew.sums(anew.price_list(prices)[0])[0][anew.entries["row"]].tolist()


def test_many_coins_have_room(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 90)
    reminder = remind("balance_above", 100)
    Watch.objects.get_or_create(pk=1)
    SCALES.forget(Watch.objects.get().epoch)
    SCALES.places |= {f"coin-{number}": number + 1 for number in range(70_000)}
    market.set("bitcoin", 101, check=False)
    assert weighed() == [reminder.pk]


def test_another_database_is_another_memory(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    remind("balance_above", 100)
    weighed()
    Position.objects.update(quantity=2)  # unseen: nobody raised the revision
    assert weighed() == []
    Watch.objects.all().delete()
    Watch.objects.create()
    assert len(weighed()) == 1


def test_a_stamp_changes_with_each_portfolio_and_revision() -> None:
    assert len({stamp({}), stamp({1: 0}), stamp({1: 1}), stamp({2: 1}), stamp({1: 1, 2: 0})}) == 5
    assert stamp({1: 2, 3: 4}) == stamp({3: 4, 1: 2})


def test_queries_do_not_grow_with_what_is_followed(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 90)
    counts = []
    for number in (3, 30):
        for place in range(number):
            owner = make_user(f"user-{number}-{place}")
            hold(Portfolio.objects.get(user=owner), "bitcoin", 1)
            remind("balance_above", 100, user=owner)
        market.set("bitcoin", 91, check=False)
        Portfolio.objects.update(revision=F("revision") + 1)
        with CaptureQueriesContext(connection) as queries:
            weighed()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_quotes_are_read_as_the_model_reads_them(market: Market, time: Any) -> None:
    market.set_all(
        {"bitcoin": "0.000000000000000001", "ethereum": "12345678901234567890.5", "nothing": None}, check=False
    )
    MarketQuote.objects.filter(asset="bitcoin").update(low_24h="1000", high_24h="1000.10", as_of=None)
    MarketQuote.objects.filter(asset="ethereum").update(as_of=datetime(2026, 3, 29, 1, 30, 0, 120000, tzinfo=UTC))
    found = {one.asset: one for one in quotes_since(0)}
    for quote in MarketQuote.objects.select_related("asset"):
        one = found.pop(quote.asset_id)
        assert (one.symbol, one.source, one.sequence) == (quote.asset.symbol, quote.source, quote.sequence)
        assert (one.as_of, one.price, one.low, one.high) == (quote.as_of, quote.price, quote.low_24h, quote.high_24h)
        assert str(one.low) == str(quote.low_24h)
    assert not found
    assert not quotes_since(1)
