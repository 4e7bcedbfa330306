"""`python -m tests.benchmarks.watching prices|balances SIZE`: a database full of reminders, and what a tick costs.

A process of its own, because DATABASE_URL says which database it is. Prints JSON: seconds by what was measured.
"""

import gc
import json
import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402
import structlog  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import F, Sum  # noqa: E402

from accounts.models import User  # noqa: E402
from dashboard import clock  # noqa: E402
from dashboard.live.announce import keep_connection  # noqa: E402
from dashboard.models import Asset, MarketQuote, MarketState, Portfolio, Position  # noqa: E402
from dashboard.portfolios import held_assets  # noqa: E402
from notifications import checking  # noqa: E402
from notifications.figures import stamp  # noqa: E402
from notifications.models import Alert, Delivery, Reminder, Watch  # noqa: E402
from notifications.news import gather  # noqa: E402
from notifications.prefilter import Quoted, concerned, facts, statement  # noqa: E402
from notifications.selectors import watched_assets  # noqa: E402
from notifications.watched import stored_prices  # noqa: E402
from notifications.weighing import SCALES  # noqa: E402

ASSETS, MOVED, FIRING, HELD = 1000, 250, 100, 10
REPEATS = 7
LOOPED = 10_000
"""More is not looped over."""
ON_SQLITE = connection.vendor == "sqlite"


def base(asset: int) -> int:
    return (asset + 1) * 1_000_000


def fill(template: models.Model, count: int, **columns: str) -> None:
    """Rows like the template's, but for the columns given as SQL of the number `n`, from 0 on."""
    meta = template._meta
    names = [field.column for field in meta.concrete_fields if field.column not in columns]
    numbers = (
        "WITH RECURSIVE series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < %s)"
        if ON_SQLITE
        else "WITH series AS (SELECT generate_series(0, %s - 1) AS n)"
    )
    quoted = ", ".join(f'"{name}"' for name in [*columns, *names])
    values = ", ".join([*columns.values(), *(f't."{name}"' for name in names)]).replace("%", "%%")
    with connection.cursor() as cursor:
        cursor.execute(
            f'{numbers} INSERT INTO "{meta.db_table}" ({quoted}) '
            f'SELECT {values} FROM series, "{meta.db_table}" t WHERE t."{meta.pk.column}" = %s',
            [count, template.pk],
        )


def exact(number: str) -> str:
    """A whole number as the column of amounts has it."""
    return f"CAST({number} AS TEXT)" if ON_SQLITE else f"CAST({number} AS NUMERIC)"


def market() -> None:
    call_command("migrate", verbosity=0)
    Asset.objects.bulk_create(
        Asset(id=f"coin-{place}", symbol=f"c{place}", name=f"Coin {place}") for place in range(ASSETS)
    )
    MarketQuote.objects.bulk_create(
        MarketQuote(asset_id=f"coin-{place}", price=Decimal(base(place)), as_of=clock.now(), source="x", sequence=1)
        for place in range(ASSETS)
    )
    MarketState.objects.create(sequence=1, last_success_at=clock.now())
    Watch.objects.create(sequence=1, looked_at=clock.now())


def analyze() -> None:
    """With the statistics that a database has once it has run for a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if ON_SQLITE else "VACUUM ANALYZE")


def middle(work: Callable[[], object], repeats: int = REPEATS, before: Callable[[], object] = lambda: None) -> float:
    spent = []
    for _ in range(repeats):
        before()
        start = perf_counter()
        work()
        spent.append(perf_counter() - start)
    return median(spent)


def by_turns(*works: Callable[[], object], repeats: int = 25) -> list[float]:
    """The median seconds of each, taken by turns so that what disturbs the machine slows down all of them alike."""
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, times in zip(works, spent, strict=True):
            times.append(middle(work, 1))
    return [median(times) for times in spent]


def tick(prices: Iterable[tuple[str, Decimal]]) -> None:
    """The market as the next tick leaves it, not yet judged."""
    number = MarketState.objects.get().sequence + 1
    now = clock.now()
    rows = [MarketQuote(asset_id=asset, price=price, as_of=now, sequence=number) for asset, price in prices]
    MarketQuote.objects.bulk_update(rows, ["price", "as_of", "sequence"], batch_size=200)
    MarketState.objects.update(sequence=number, last_success_at=now)


def judged() -> int:
    """All that reminders cost one tick: which coins they want, and the check; how many alerts it made."""
    before = Alert.objects.count()
    wanted = held_assets() | watched_assets()
    checking.check(None)
    assert wanted
    return Alert.objects.count() - before


def fired_again(armed: models.QuerySet[Reminder], edges: dict[int, dict[str, Any]]) -> Callable[[], None]:
    """Undo what the firings changed, so that the same tick can be judged once more."""

    def undo() -> None:
        Delivery.objects.all().delete()
        Alert.objects.all().delete()
        for pk, values in edges.items():
            armed.filter(pk=pk).update(**values)

    return undo


def prices(size: int) -> dict[str, float]:
    """`size` armed reminders of prices; a quarter of the coins move, and cross the limits of a hundred."""
    market()
    owner = User.objects.create_user("owner")
    template = Reminder.objects.create(
        user=owner, kind="price_above", limit=Decimal(1), arming="armed", transports=["toast", "email", "whatsapp"]
    )
    place = f"n % {ASSETS}"
    away = f"(({place}) + 1) * 1000000 + CASE WHEN n < {FIRING} THEN 5 ELSE 1000 + (n / {ASSETS}) * 7 END"
    fill(template, size, id="n + 10", asset_id=f"'coin-' || ({place})", limit=exact(away), rise_to=away)
    template.delete()
    analyze()
    moved = [(f"coin-{number}", Decimal(base(number) + 9)) for number in range(MOVED)]
    quoted = [Quoted(asset, "usd", price) for asset, price in moved]
    assert len(concerned(quoted)) == FIRING
    question, facts_of_all = statement(), facts(quoted, 1e-9)

    def bare() -> None:
        connection.connection.execute(question.replace("%s", "?") if ON_SQLITE else question, [facts_of_all]).fetchall()

    def loop() -> None:
        found = 0
        for asset, price in moved:
            for reminder in Reminder.objects.filter(asset=asset, active=True, arming="armed").iterator():
                found += reminder.limit is not None and price > reminder.limit
        assert found == FIRING

    edges = {row.pk: {"arming": "armed", "rise_to": row.rise_to, "fall_to": None, "firings": 0, "fired_at": None}
             for row in Reminder.objects.filter(pk__lt=10 + FIRING)}  # fmt: skip
    found, stated = by_turns(lambda: concerned(quoted), bare)
    return {
        "pass": found,
        "bare": stated,
        "reference": middle(loop, 1),
        "tick": ticks(moved, edges),
    }


def balances(size: int) -> dict[str, float]:
    """`size` portfolios with ten holdings and a reminder each; all coins move, and a hundred balances cross limits."""
    market()
    owner = User.objects.create_user("owner")
    fill(owner, size, id="n + 10", username="'u' || n", email="'u' || n")
    portfolio = Portfolio.objects.create(user=owner, name="Main")
    fill(portfolio, size, id="n + 10", user_id="n + 10")
    zero = dict.fromkeys(["cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid"], Decimal(0))
    position = Position.objects.create(portfolio=portfolio, asset_id="coin-0", quantity=Decimal(1), **zero)
    fill(
        position,
        size * HELD,
        id="n + 10",
        portfolio_id=f"n / {HELD} + 10",
        asset_id=f"'coin-' || ((n / {HELD} * 7 + n % {HELD} * 13) % {ASSETS})",
        quantity=exact(f"1 + n % {HELD}"),
    )
    scope = Portfolio.objects.filter(pk__gte=10)
    Position.objects.filter(pk=position.pk).delete()
    worth = worth_of_all(size)
    template = Reminder.objects.create(
        user=owner, kind="balance_above", limit=Decimal(1), arming="armed", transports=["toast", "email", "whatsapp"]
    )
    fill(template, size, id="n + 10", user_id="n + 10", portfolio_id="n + 10")
    template.delete()
    with transaction.atomic(), connection.cursor() as cursor:
        mark = "?" if ON_SQLITE else "%s"
        raw = cursor.cursor if not ON_SQLITE else connection.connection
        raw.executemany(
            f'UPDATE notifications_reminder SET "limit" = {mark}, weighed = {mark} WHERE id = {mark}',
            [(str(worth[n] + (3 if n < FIRING else worth[n])), stamp({n + 10: 0}), n + 10) for n in range(size)],
        )
    analyze()
    moved = [(f"coin-{number}", Decimal(base(number)) + Decimal("0.5")) for number in range(ASSETS)]
    tick(moved)
    watch = Watch.objects.get()
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = perf_counter()
    assert len(weigh(watch)) == FIRING
    told = {
        "build": perf_counter() - start,
        "rss MB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "kept MB": SCALES.nbytes / 1e6,
    }
    listed, _ = SCALES.price_list(stored_prices())
    place, amount, starts = SCALES.lines["place"], SCALES.lines["amount"], SCALES.rows["start"]
    told["bare"] = middle(lambda: np.add.reduceat(listed[place] * amount, starts), 25)
    told["pass"] = middle(lambda: weigh(watch), 11)

    def exactly() -> None:
        """The new prices, and who crossed, by exact figures; nothing is written."""
        now = clock.now()
        with transaction.atomic():
            news = gather(watch, now)
            found = [checking.judge(batch, news, now) for batch in checking.batches(weigh(watch))]
        assert sum(len(verdict.fired) for verdict in found) == FIRING

    told["exact"] = middle(exactly, 11)

    def aggregate() -> None:
        found = scope.annotate(
            worth=Sum(F("positions__quantity") * F("positions__asset__quote__price"), output_field=models.FloatField())
        )
        assert len(found.values_list("pk", "worth")) == size

    told["reference"] = middle(aggregate, 3)

    def loop() -> None:
        found = 0
        for reminder in Reminder.objects.filter(active=True, arming="armed").select_related("portfolio").iterator():
            held = Position.objects.filter(portfolio=reminder.portfolio).select_related("asset__quote")
            worth = sum((position.quantity * position.asset.quote.price for position in held), Decimal(0))
            found += reminder.limit is not None and worth > reminder.limit
        assert found == FIRING

    if size <= LOOPED:
        told["loop"] = middle(loop, 1)
    edges = {row.pk: {"arming": "armed", "weighed": row.weighed, "firings": 0, "fired_at": None}
             for row in Reminder.objects.filter(pk__lt=10 + FIRING)}  # fmt: skip
    told["tick"] = ticks(moved, edges)
    return told


def weigh(watch: Watch) -> Sequence[int]:
    return SCALES.weigh(watch, clock.now()).reminders


def ticks(moved: Sequence[tuple[str, Decimal]], edges: dict[int, dict[str, Any]]) -> float:
    """The whole judgement of a tick, with a hundred alerts and three hundred deliveries, again and again."""
    undo = fired_again(Reminder.objects.all(), edges)
    turn = iter(range(1, 100))
    alerts: list[int] = []

    def again() -> None:
        undo()
        step = Decimal(next(turn)).scaleb(-6)
        tick([(asset, price + step) for asset, price in moved])

    again()
    judged()
    spent = middle(lambda: alerts.append(judged()), REPEATS, again)
    assert set(alerts) == {FIRING}, alerts
    return spent


def worth_of_all(size: int) -> list[int]:
    places = (np.arange(size)[:, None] * 7 + np.arange(HELD)[None, :] * 13) % ASSETS
    return ((places + 1) * 1_000_000 * (1 + np.arange(HELD)[None, :])).sum(axis=1).tolist()


def main() -> None:
    structlog.configure(processors=[drop])
    # As workers begin (project.celery).
    keep_connection()
    gc.collect()
    gc.freeze()
    what, size = {"prices": prices, "balances": balances}[sys.argv[1]], int(sys.argv[2])
    json.dump(what(size), sys.stdout)


def drop(*event: object) -> dict[str, object]:
    raise structlog.DropEvent


if __name__ == "__main__":
    main()
