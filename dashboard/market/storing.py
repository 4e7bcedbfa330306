"""Samples into the database: those that are believed become quotes, their coins become assets.

Runs inside the caller's transaction; knows nothing of polling.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.currencies import MONEY
from dashboard.market.acceptance import Known, Verdict, judge
from dashboard.market.quote import Quote
from dashboard.market.source import Coin
from dashboard.models import Asset, MarketQuote
from dashboard.upserting import adapted, known_column, select_adapted, upsert_adapted

FACTS: Final = (
    "price",
    "as_of",
    "market_cap",
    "volume_24h",
    "high_24h",
    "low_24h",
    "change_1h",
    "change_24h",
    "change_7d",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath",
    "ath_at",
    "source",
    "silent",
)
NAMES: Final = ("symbol", "name", "rank")


PENDING: Final = ("pending_price", "pending_as_of")
WRITTEN: Final = ("asset", *FACTS, "sequence", *PENDING)
READ: Final = ("id", "kind", *NAMES, *WRITTEN[1:])
STORED: Final = """
    SELECT {asset}, {quote} FROM dashboard_asset a LEFT JOIN dashboard_marketquote q ON q.asset_id = a.id
     WHERE a.id IN ({ids})"""
AT_ONCE: Final = 1000

names_of = attrgetter(*NAMES)
facts_of = attrgetter(*FACTS)


@dataclass(frozen=True, slots=True)
class Stored:
    """The quotes that are news, and how many samples were not believed."""

    news: tuple[Quote, ...]
    rejected: int


@dataclass(slots=True)
class Judged:
    """What becomes of the samples: the news, the coins and the raw rows of quotes to write, the number not believed."""

    news: list[Quote] = field(default_factory=list)
    renamed: list[Quote] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rejected: int = 0


class Row(NamedTuple):
    """An asset and its quote as they are stored, `facts` raw; all of the quote is None where there is none yet."""

    kind: str
    names: tuple[Any, ...]
    facts: tuple[Any, ...]
    sequence: int | None
    known: Known


def store(samples: Collection[Quote], now: datetime, sequence: int) -> Stored:
    """Judge each sample and keep the accepted ones under `sequence`, in a fixed number of statements."""
    judged = judge_all(samples, now, sequence)
    write(judged, samples)
    return Stored(tuple(judged.news), judged.rejected)


def judge_all(samples: Collection[Quote], now: datetime, sequence: int) -> Judged:
    """Hold each sample to what is stored; nothing is written yet.

    What is the same is told from raw values of the database, so that no sample costs a conversion of all its facts.
    """
    rows = stored_rows([sample.asset for sample in samples])
    judged = Judged()
    facts_of_all = adapted(MarketQuote, FACTS, list(map(facts_of, samples)))
    for sample, facts in zip(samples, facts_of_all, strict=True):
        row = rows.get(sample.asset)
        verdict = judge(sample, row.known if row else Known(), now)
        if verdict is Verdict.REJECTED or (row and row.kind != Asset.Kind.CRYPTO):
            judged.rejected += 1
        elif verdict is Verdict.HELD and row:
            if row.known.pending_as_of != sample.as_of:
                pending = adapted(MarketQuote, PENDING, [(sample.price, sample.as_of)])[0]
                judged.rows.append((sample.asset, *row.facts, row.sequence, *pending))
        else:
            accept(sample, facts, row, sequence, judged)
    return judged


def accept(sample: Quote, facts: tuple[Any, ...], row: Row | None, sequence: int, judged: Judged) -> None:
    is_renamed = row is None or row.names != names_of(sample)
    is_changed = row is None or row.facts != facts
    if is_renamed:
        judged.renamed.append(sample)
    if is_changed:
        judged.rows.append((sample.asset, *facts, sequence, None, None))
    elif row and row.known.pending_price is not None:
        judged.rows.append((sample.asset, *facts, row.sequence, None, None))
    if is_renamed or is_changed:
        judged.news.append(sample)


def stored_rows(ids: Sequence[str]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    first, last = READ.index(FACTS[0]), READ.index("sequence")
    for start in range(0, len(ids), AT_ONCE):
        if not (rows := raw_rows(ids[start : start + AT_ONCE])):
            continue
        columns = dict(zip(READ, zip(*rows, strict=True), strict=True))
        known = map(Known, *(known_column(MarketQuote, name, columns[name]) for name in Known._fields))
        for row, each in zip(rows, known, strict=True):
            found[row[0]] = Row(row[1], row[2:first], row[first:last], row[last], each)
    return found


def raw_rows(ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """What is `READ` of these assets, as it lies in the database."""
    question = STORED.format(
        asset=select_adapted(Asset, READ[: 2 + len(NAMES)], "a"),
        quote=select_adapted(MarketQuote, WRITTEN[1:], "q"),
        ids=", ".join(["%s"] * len(ids)),
    )
    with connection.cursor() as cursor:
        cursor.execute(question, ids)
        return cursor.fetchall()


def write(judged: Judged, samples: Collection[Quote]) -> None:
    save_assets([as_asset(sample) for sample in judged.renamed], [sample.asset for sample in samples])
    upsert_adapted(MarketQuote, WRITTEN, judged.rows)


def as_asset(sample: Quote) -> Asset:
    return Asset(id=sample.asset, symbol=sample.symbol, name=sample.name, rank=sample.rank)


def as_row(sample: Quote, sequence: int) -> MarketQuote:
    return MarketQuote(asset_id=sample.asset, sequence=sequence, **{field: getattr(sample, field) for field in FACTS})


def save_assets(assets: Collection[Asset], seen: Collection[str]) -> None:
    """Write the assets; a rank that one of them now holds is taken from the coin that fell out of sight with it."""
    if not assets:
        return
    ranks = [asset.rank for asset in assets if asset.rank is not None]
    Asset.objects.coins().filter(rank__in=ranks).exclude(id__in=seen).update(rank=None)
    Asset.objects.bulk_create(assets, update_conflicts=True, unique_fields=["id"], update_fields=NAMES)


def store_coins(coins: Iterable[Coin]) -> int:
    """Make assets of coins that are not there yet; the number of coins given. What is there stays as it is."""
    assets = [Asset(id=coin.id, symbol=coin.symbol, name=coin.name, rank=coin.rank) for coin in coins]
    Asset.objects.bulk_create(assets, ignore_conflicts=True, batch_size=1000)
    return len(assets)


def store_currencies(**signal: object) -> None:
    """Currencies are assets too, so that a fee or a price can be in any of them; runs after every migration."""
    currencies = [Asset(id=code, kind=Asset.Kind.FIAT, symbol=code, name=name) for code, name in MONEY.items()]
    Asset.objects.bulk_create(
        currencies, update_conflicts=True, unique_fields=["id"], update_fields=["kind", "symbol", "name"]
    )
