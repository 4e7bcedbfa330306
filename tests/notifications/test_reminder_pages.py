"""What stands beside the list of reminders: suggestions, limits on charts, the course of one, and an alert's life."""

import html
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import clock
from dashboard.charts import Span, Subject
from dashboard.models import MarketQuote, Portfolio, Position, PriceSample, Snapshot
from notifications.explaining import Explanation, explain, usual_span
from notifications.levels import levels_of
from notifications.limits import limits_of
from notifications.models import Alert, Delivery, Reminder
from notifications.observing import look
from notifications.reminding import create_reminder
from tests.notifications.conftest import Market, coin, hold, make_user

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def page(client: Client, user: User, market: Market) -> Client:
    coin("bitcoin")
    market.set("bitcoin", "67000")
    client.force_login(user)
    return client


def text(client: Client, path: str, **options: object) -> str:
    answer = client.get(path, **options)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def holding(portfolio: Portfolio, asset: str, quantity: Any, cost: Any) -> None:
    hold(portfolio, asset, quantity)
    Position.objects.filter(portfolio=portfolio, asset=asset).update(cost=cost, invested=cost, ever_invested=cost)


# Suggestions ----------------------------------------------------------------------------------------------------------
def offers(client: Client, asset: str = "bitcoin") -> dict[str, Any]:
    found = client.get(f"/reminders/suggestions/?asset={asset}").context["suggestions"]
    return {suggestion.label: suggestion for suggestion in found}


def test_a_holding_is_offered_reminders_made_with_one_click(page: Client, portfolio: Portfolio, market: Market) -> None:
    holding(portfolio, "bitcoin", 2, 100_000)
    holding(portfolio, "ethereum", 100, 1)
    market.set("ethereum", 4000)
    MarketQuote.objects.filter(asset="bitcoin").update(ath="108786")
    found = offers(page)
    assert {label: suggestion.detail for label, suggestion in found.items()} == {
        "At my break-even": "crosses your average cost, 50,000.00 USD",
        "+25 %": "rises above 83,750 USD",
        "−10 %": "falls below 60,300 USD",
        "All-time high": "rises above 108,786 USD",
        "Over 40 % of all": "its share is 25.09 % now",
    }
    for suggestion in found.values():
        page.post("/reminders/suggestions/", dict(suggestion.values))
    made = {reminder.kind + str(reminder.limit or "") for reminder in Reminder.objects.all()}
    assert made == {"break_even", "price_above83750", "price_below60300", "price_above108786", "allocation_above40"}
    assert all(reminder.arming == "armed" for reminder in Reminder.objects.all())
    assert all(suggestion.made for suggestion in offers(page).values())


def test_a_suggestion_is_made_in_its_place_by_htmx_and_said(page: Client) -> None:
    wanted = {"asset": "bitcoin", "kind": "price_above", "limit": "83750"}
    headers = {"HX-Request": "true", "HX-Target": "suggestions"}
    shown = html.unescape(page.post("/reminders/suggestions/", wanted, headers=headers).content.decode())
    assert "<html" not in shown
    assert "Reminder set: Tell me here and by e-mail when Bitcoin (BTC) rises above 83,750 USD; once." in shown
    assert f'href="/reminders/{Reminder.objects.get().pk}/edit/"' in shown


def test_a_share_beyond_the_usual_one_gets_the_next(page: Client, portfolio: Portfolio) -> None:
    holding(portfolio, "bitcoin", 1, 1)
    assert "Over 40 % of all" not in offers(page)
    holding(portfolio, "ethereum", 1, 1)
    MarketQuote.objects.create(asset=coin("ethereum"), price=30_000, as_of=clock.now(), source="CoinGecko")
    assert "Over 70 % of all" in offers(page)


def test_a_coin_without_a_price_or_a_holding_is_offered_what_can_be_said(page: Client) -> None:
    assert list(offers(page)) == ["+25 %", "−10 %"]
    coin("ethereum")
    assert "It has no price yet" in text(page, "/reminders/suggestions/?asset=ethereum")
    assert page.get("/reminders/suggestions/?asset=nothing%00").status_code == 404


def test_what_can_not_be_made_leads_to_the_form(page: Client) -> None:
    answer = page.post("/reminders/suggestions/", {"asset": "bitcoin", "kind": "change", "limit": "5"})
    assert answer["Location"] == "/reminders/add/?kind=change&limit=5&asset=bitcoin"
    assert not Reminder.objects.exists()


# Limits on charts -----------------------------------------------------------------------------------------------------
def drawn(user: User, asset: str = "", portfolio: int | None = None) -> set[tuple[str, Decimal]]:
    return {(limit.label, limit.value) for limit in limits_of(Subject(user, "usd", asset=asset, portfolio=portfolio))}


def test_every_limit_on_a_price_is_drawn_on_the_coins_chart(
    user: User, remind: Remind, market: Market, portfolio: Portfolio
) -> None:
    market.set("bitcoin", 100)
    holding(portfolio, "bitcoin", 1, 80)
    remind("price_above", 110)
    remind("price_below", 90)
    remind("price_leaves_range", 85, limit_high=120)
    remind("change", 5, asset="bitcoin", window="creation", direction="both")
    remind("trailing", 10, asset="bitcoin", direction="down")
    create_reminder(user, {"kind": "break_even", "asset": "bitcoin", "portfolio": portfolio.pk, "direction": "down"})
    create_reminder(user, {"kind": "break_even", "asset": "bitcoin"})
    assert drawn(user, "bitcoin") == {
        ("Remind above", Decimal(110)),
        ("Remind below", Decimal(90)),
        ("Edge of a range", Decimal(85)),
        ("Edge of a range", Decimal(120)),
        ("Remind above", Decimal(105)),
        ("Remind below", Decimal(95)),
        ("Turns below", Decimal(90)),
        ("Cost below", Decimal(80)),
    }
    market.set("bitcoin", 108)
    moved = drawn(user, "bitcoin")
    assert ("Turns below", Decimal("97.2")) in moved
    assert ("Remind above", Decimal(105)) not in moved
    assert not drawn(make_user("eve"), "bitcoin")
    assert not drawn(user, "ethereum")


def test_a_balances_limits_are_drawn_on_its_chart_and_a_drawdown_follows_the_peak(
    user: User, remind: Remind, market: Market, portfolio: Portfolio
) -> None:
    market.set("bitcoin", 100)
    holding(portfolio, "bitcoin", 10, 80)
    remind("balance_above", 2000)
    remind("drawdown", 20)
    remind("balance_below", 500, portfolio=portfolio.pk)
    assert drawn(user) == {("Remind above", Decimal(2000)), ("Drawdown", Decimal(800))}
    assert drawn(user, portfolio=portfolio.pk) == {("Remind below", Decimal(500))}
    market.set("bitcoin", 150)
    assert ("Drawdown", Decimal(1200)) in drawn(user)


def test_a_change_over_a_window_is_drawn_from_the_price_at_its_start(
    user: User, remind: Remind, market: Market
) -> None:
    market.set("bitcoin", 100)
    PriceSample.objects.create(asset=coin("bitcoin"), at=clock.now() - 61 * MINUTE, usd=80, source="CoinGecko")
    reminder = remind("change", 50, asset="bitcoin", window="1h", direction="up")
    assert drawn(user, "bitcoin") == {("Remind above", Decimal(120))}
    now = clock.now()
    prospect = look([reminder], now)
    sample = prospect.now(reminder, prospect.observe(reminder))
    assert [bound.above for bound in levels_of(reminder, sample, now)] == [True]


def test_drawing_limits_takes_as_many_queries_for_many(
    user: User, remind: Remind, market: Market, portfolio: Portfolio
) -> None:
    market.set("bitcoin", 100)
    counts = []
    for limits in ((110, 111), range(120, 140)):
        for limit in limits:
            remind("price_above", limit)
            remind("trailing", limit / 10, asset="bitcoin")
        with CaptureQueriesContext(connection) as queries:
            drawn(user, "bitcoin")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Why it didn't fire ---------------------------------------------------------------------------------------------------
def samples(*prices: Any, ago: timedelta, every: timedelta = MINUTE, asset: str = "bitcoin") -> None:
    begin = clock.now() - ago
    for number, price in enumerate(prices):
        if price is not None:
            PriceSample.objects.create(asset=coin(asset), at=begin + number * every, usd=price, source="CoinGecko")


def told(reminder: Reminder, span: Span = Span.DAY) -> Explanation:
    Reminder.objects.filter(pk=reminder.pk).update(started_at=clock.now() - timedelta(hours=20))
    return explain(Reminder.objects.with_subject().get(pk=reminder.pk), span)


def test_it_is_said_how_close_a_price_came_and_when_none_came(remind: Remind, market: Market) -> None:
    market.set("bitcoin", 67000)
    five = 5 * MINUTE
    samples(*[67000, 69900, 68000], *[None] * 40, *[67500, 67000], ago=timedelta(hours=10), every=five)
    explanation = told(remind("price_above", 70000))
    [reason] = explanation.reasons
    assert "the highest price was 69,900 USD" in reason
    assert "100 USD short of 70,000 USD." in reason
    assert explanation.course
    assert [limit.value for limit in explanation.course.limits] == [70000]
    assert [value for _, value in explanation.course.main.known] == [67000, 69900, 68000, 67500, 67000]
    lasting, hole = explanation.gaps
    assert (lasting.until, hole.length) == (None, "3 hours")
    assert [None] in [values for _, values in explanation.course.rows]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"active": False}, "It is paused"),
        ({"active": False, "paused_because": "It fired too often."}, "It fired too often."),
        ({"expires_at": -1}, "It ended at"),
        ({"arming": "fired", "fired_at": -1}, "once, as it was asked to"),
        ({"arming": "fired", "fired_at": -1, "repeat": "always"}, "again only after it fell below 69,650 USD"),
        ({"cooling_until": 1, "fired_at": -1}, "rests until"),
        ({"arming": "waiting"}, "so already when it was set"),
        ({"arming": "unknown"}, "has not been judged yet"),
    ],
)
def test_what_keeps_it_from_firing_is_said(remind: Remind, market: Market, change: dict[str, Any], words: str) -> None:
    market.set("bitcoin", 67000)
    reminder = remind("price_above", 70000)
    times = {
        name: clock.now() + value * MINUTE
        for name, value in change.items()
        if isinstance(value, int) and name != "active"
    }
    Reminder.objects.filter(pk=reminder.pk).update(**{**change, **times})
    assert words in " ".join(told(reminder).reasons)


def test_an_old_price_is_named_as_the_hindrance(remind: Remind, market: Market) -> None:
    market.set("bitcoin", 67000)
    reminder = remind("price_above", 70000)
    MarketQuote.objects.update(as_of=clock.now() - timedelta(hours=1))
    assert "The price is old; the reminder waits." in told(reminder).reasons


def test_a_change_is_drawn_in_percent_of_the_price_a_window_before(remind: Remind, market: Market) -> None:
    market.set("bitcoin", 110)
    samples(*[100] * 13, *[110] * 6, ago=timedelta(minutes=90), every=5 * MINUTE)
    explanation = told(remind("change", 12, asset="bitcoin", window="1h"))
    course = explanation.course
    assert course
    assert (course.main.name, course.currency) == ("Change", "%")
    assert {value for _, value in course.main.known} == {Decimal(0), Decimal(10)}
    assert {limit.value for limit in course.limits} == {Decimal(12), Decimal(-12)}
    assert course.written(Decimal(10)) == "10.00 %"


def test_no_change_is_drawn_from_a_price_of_another_time(remind: Remind, market: Market) -> None:
    market.set("bitcoin", 110)
    samples(100, ago=timedelta(hours=28))
    samples(110, 111, ago=timedelta(minutes=30), every=5 * MINUTE)
    course = told(remind("change", 12, asset="bitcoin", window="24h")).course
    assert course
    assert course.main.known == []
    samples(100, ago=timedelta(hours=25))
    course = told(remind("change", 13, asset="bitcoin", window="24h")).course
    assert course
    assert [value for _, value in course.main.known] == [10, 11]


def test_a_balance_and_a_profit_are_drawn_from_snapshots(remind: Remind, market: Market, portfolio: Portfolio) -> None:
    market.set("bitcoin", 100)
    holding(portfolio, "bitcoin", 10, 800)
    for number, value in enumerate((900, 950, 1000)):
        at = clock.now() - timedelta(minutes=30 - 5 * number)
        Snapshot.objects.create(portfolio=portfolio, at=at, currency="usd", value=value, cost=800, profit=value - 700)
    drawn_of = {
        "balance_above": (2000, {}, [900, 950, 1000], [2000]),
        "drawdown": (20, {}, [900, 950, 1000], [800]),
        "profit_above": (2000, {}, [200, 250, 300], [2000]),
        "profit_below": (-5, {"measure": "unrealised", "unit": "percent"}, [12.5, 18.75, 25], [-5]),
    }
    for kind, (limit, terms, values, limits) in drawn_of.items():
        course = told(remind(kind, limit, **terms)).course
        assert course
        assert [value for _, value in course.main.known] == values
        assert [drawn.value for drawn in course.limits] == limits


def test_of_what_no_record_is_kept_that_is_said(page: Client, remind: Remind, portfolio: Portfolio) -> None:
    holding(portfolio, "bitcoin", 1, 1)
    reminder = remind("allocation_below", 40, asset="bitcoin")
    assert "No record is kept over time" in text(page, f"/reminders/{reminder.pk}/why/")


def test_the_page_shows_chart_table_and_gaps_and_gives_its_chart_alone(page: Client, remind: Remind) -> None:
    samples(*[67000, 69900], *[None] * 40, *[67500, 67000], ago=timedelta(hours=10), every=5 * MINUTE)
    reminder = remind("price_above", 70000)
    shown = text(page, f"/reminders/{reminder.pk}/why/?span=1d")
    assert "Price as a table" in shown
    assert shown.count("data-gap") == 2
    part = text(page, f"/reminders/{reminder.pk}/why/?span=1w", headers={"HX-Request": "true", "HX-Target": "course"})
    assert part.strip().startswith("<figure")
    drawn = page.get(f"/reminders/{reminder.pk}/why/?span=1d&style=candles").context["explanation"].course
    assert max(candle.high for candle in drawn.candles) == 69900
    page.force_login(make_user("eve"))
    assert page.get(f"/reminders/{reminder.pk}/why/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("price_below", {"asset": "bitcoin", "limit": "20"}),
        ("trailing", {"asset": "bitcoin", "limit": "20"}),
        ("break_even", {"asset": "bitcoin"}),
        ("depeg", {"asset": "bitcoin", "limit": "20"}),
        ("stale", {"asset": "bitcoin", "limit": "20"}),
        ("stale", {"limit": "20"}),
        ("profit_above", {"limit": "20", "measure": "realised"}),
        ("allocation_above", {"asset": "bitcoin", "limit": "20"}),
        ("drawdown", {"limit": "20"}),
    ],
)
def test_every_kind_has_such_a_page(
    page: Client, user: User, portfolio: Portfolio, kind: str, terms: dict[str, str]
) -> None:
    holding(portfolio, "bitcoin", 1, 1)
    reminder = create_reminder(user, {"kind": kind, **terms})
    for span in ("", *Span):
        text(page, f"/reminders/{reminder.pk}/why/?span={span}")


def test_the_span_reaches_back_to_the_beginning(remind: Remind, market: Market) -> None:
    market.set("bitcoin", 67000)
    reminder, now = remind("price_above", 70000), clock.now()
    for days, span in ((0.5, Span.DAY), (3, Span.WEEK), (20, Span.MONTH), (300, Span.YEAR), (999, Span.ALL)):
        reminder.started_at = now - timedelta(days=days)
        assert usual_span(reminder, now) == span


# An alert's life ------------------------------------------------------------------------------------------------------
def test_an_alert_shows_each_step_of_its_life_by_transport(page: Client, remind: Remind, market: Market) -> None:
    remind("price_above", 70000, transports=["toast", "email"])
    market.set("bitcoin", 70001, as_of=clock.now() - timedelta(seconds=3))
    alert, now = Alert.objects.get(), clock.now()
    Delivery.objects.filter(transport="toast").update(
        state="read", queued_at=now, sent_at=now + MINUTE / 20, delivered_at=now + MINUTE, read_at=now + 5 * MINUTE
    )
    Delivery.objects.filter(transport="email").update(
        state="failed", attempts=5, error="No such mailbox.", failed_at=now + MINUTE
    )
    lives = {life.delivery.transport: life for life in page.get(f"/alerts/{alert.pk}/").context["lives"]}
    assert [step.name for step in lives["toast"].steps] == [
        "Price",
        "Judged",
        "Queued",
        "Accepted",
        "Delivered",
        "Read",
    ]
    assert lives["toast"].steps[1].after.startswith("3.")
    assert lives["toast"].steps[5].after == "4 minutes later"
    assert [step.name for step in lives["email"].steps] == ["Price", "Judged", "Queued", "Failed"]
    assert lives["email"].remark == "No such mailbox. Tried 5 times."
    shown = text(page, f"/alerts/{alert.pk}/")
    assert f"/reminders/{alert.reminder_id}/why/" in shown
    assert "70,001 USD" in shown


def test_an_alert_states_its_figures_in_their_unit(page: Client, remind: Remind, market: Market) -> None:
    remind("change", 5, asset="bitcoin", window="creation")
    market.set("bitcoin", 73700)
    context = page.get(f"/alerts/{Alert.objects.get().pk}/").context
    assert (context["observed"], context["limit"]) == ("10.00 %", "5 %")
