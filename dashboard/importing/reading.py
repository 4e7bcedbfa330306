"""From what a format says of a file's lines to drafts that can be recorded, a piece at a time.

Nothing is written, and of a long file little more than its drafts is ever in memory.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard import clock
from dashboard.drafts import Draft, DraftErrors, check_draft
from dashboard.importing.formats import Format, Outcome, Review, Skip, Skipped, Stated, Unclear
from dashboard.importing.table import Table
from dashboard.importing.tickers import resolve
from dashboard.introducing import introduce_assets, is_plausible
from dashboard.market.currencies import Exchange
from dashboard.models import Asset, Portfolio

PIECE = 2000
MOST_INTRODUCTIONS = 4
"""How often the price source is asked about coins that nobody here knows, for one file."""
SKIPS_LISTED = 20
Progress = Callable[[int], None]
"""Is told the line that was reached, now and then."""


def unwatched(line: int) -> None:
    """Nobody looks at the progress."""


@dataclass(slots=True)
class Reading:
    """What a file says: the drafts in its order, the rows that somebody must decide about, those left out."""

    drafts: list[Draft] = field(default_factory=list)
    review: list[Review] = field(default_factory=list)
    skipped: dict[str, list[int]] = field(default_factory=dict)

    def skips(self) -> list[Skip]:
        found = self.skipped.items()
        return [Skip(gettext(reason), len(numbers), tuple(numbers[:SKIPS_LISTED])) for reason, numbers in found]


def read_rows(
    known: Format,
    table: Table,
    zone: ZoneInfo | None,
    portfolio: Portfolio,
    decisions: Mapping[str, str],
    *,
    introduce: bool = False,
    progress: Progress = unwatched,
) -> Reading:
    """Raises UnreadableFile. With `introduce` the price source is asked about unknown coins, so never call that inside
    a transaction of the database.
    """
    reader = Reader(portfolio, decisions, introduce)
    for piece in pieces(known.read(table, zone)):
        reader.add(piece)
        progress(piece[-1].line.number)
    reader.reading.review.sort(key=lambda row: row.line)
    return reader.reading


def pieces(outcomes: Iterator[Outcome]) -> Iterator[list[Outcome]]:
    while piece := list(islice(outcomes, PIECE)):
        yield piece


class Reader:
    """Checks one piece after the other, and looks up each coin and ticker once."""

    def __init__(self, portfolio: Portfolio, decisions: Mapping[str, str], introduce: bool) -> None:
        self.portfolio = portfolio
        self.decisions = decisions
        self.introductions = MOST_INTRODUCTIONS if introduce else 0
        self.now = clock.now()
        self.exchange = Exchange(portfolio.currency)
        self.reading = Reading()
        self.coins: dict[str, str | None] = {}  # by ticker in capitals; None: its owner must decide
        self.assets: dict[str, Asset | None] = {}  # by id; None: nobody knows it
        self.texts: dict[str, str] = {}

    def add(self, piece: Collection[Outcome]) -> None:
        stated = [outcome for outcome in piece if isinstance(outcome, Stated)]
        self.look_up_tickers({t.upper() for outcome in stated for t in outcome.tickers.values()})
        self.look_up_assets([outcome.draft for outcome in stated])
        assets = {asset_id: asset for asset_id, asset in self.assets.items() if asset is not None}
        for outcome in piece:
            if isinstance(outcome, Stated):
                self.check(outcome, assets)
            elif isinstance(outcome, Unclear):
                self.leave(outcome, outcome.reason)
            elif isinstance(outcome, Skipped):
                self.reading.skipped.setdefault(outcome.reason, []).append(outcome.line.number)

    def look_up_tickers(self, tickers: set[str]) -> None:
        fresh = tickers - self.coins.keys()
        if fresh:
            found = resolve(fresh, self.decisions)
            self.coins |= {ticker: found.get(ticker) for ticker in fresh}
            self.look_up(found.values())

    def look_up_assets(self, drafts: list[Draft]) -> None:
        fresh = self.look_up(asset_id for draft in drafts for asset_id in ids(draft))
        unknown = {asset_id for asset_id in fresh if self.assets[asset_id] is None and is_plausible(asset_id)}
        if unknown and self.introductions:
            self.introductions -= 1
            introduce_assets([draft for draft in drafts if not unknown.isdisjoint(ids(draft))])
            self.look_up(unknown, again=True)

    def look_up(self, asset_ids: Iterable[str], again: bool = False) -> set[str]:
        """Those that were not looked up before."""
        fresh = set(asset_ids) if again else set(asset_ids) - self.assets.keys()
        if fresh:
            found = Asset.objects.in_bulk(fresh)
            self.assets |= {asset_id: found.get(asset_id) for asset_id in fresh}
        return fresh

    def check(self, outcome: Stated, assets: Mapping[str, Asset]) -> None:
        unknown = next((t.upper() for t in outcome.tickers.values() if self.coins[t.upper()] is None), None)
        if unknown is not None:
            self.leave(outcome, gettext("Which coin is %(unknown)s? Choose one.") % {"unknown": unknown}, unknown)
            return
        try:
            draft = check_draft(named(outcome, self.coins), self.portfolio, self.now, assets, self.exchange)
        except DraftErrors as error:
            self.leave(outcome, str(error))
        else:
            self.reading.drafts.append(self.sharing_texts(draft))

    def leave(self, outcome: Outcome, reason: str, ticker: str = "") -> None:
        self.reading.review.append(Review(outcome.line.number, outcome.line.raw, reason, ticker))

    def sharing_texts(self, draft: Draft) -> Draft:
        """The draft with one object for all equal texts: a hundred thousand times "bitcoin" takes room."""
        share = self.texts.setdefault
        return replace(
            draft,
            type=share(draft.type, draft.type),
            asset_id=share(draft.asset_id, draft.asset_id),
            wallet=share(draft.wallet, draft.wallet),
            price_currency=share(draft.price_currency, draft.price_currency),
            fee_asset_id=draft.fee_asset_id and share(draft.fee_asset_id, draft.fee_asset_id),
            counter_asset_id=draft.counter_asset_id and share(draft.counter_asset_id, draft.counter_asset_id),
        )


def ids(draft: Draft) -> Iterator[str]:
    for asset_id in (draft.asset_id, draft.counter_asset_id, draft.fee_asset_id):
        if asset_id:
            yield asset_id


def named(outcome: Stated, coins: Mapping[str, str | None]) -> Draft:
    """The draft with asset ids where its line has tickers."""
    if not outcome.tickers:
        return outcome.draft
    found = {field: coins[ticker.upper()] for field, ticker in outcome.tickers.items()}
    return replace(outcome.draft, **found)  # type: ignore[arg-type]
