"""What an import would do, before it does anything: rows to add, duplicates, rows that somebody must decide about."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from zoneinfo import ZoneInfo

from dashboard import clock
from dashboard.drafts import Draft, DraftErrors, assets_named, check_draft
from dashboard.importing.formats import Outcome, Review, Skip, Skipped, Stated, Unclear
from dashboard.importing.mapping import own_formats
from dashboard.importing.recognise import recognise
from dashboard.importing.tickers import resolve
from dashboard.models import Asset, Portfolio
from dashboard.money import WIDE

IDENTITY = tuple(name for name in Draft.__slots__ if name != "note")
"""What makes two transactions the same: every fact but the note, which its owner may have changed since."""
SKIPS_LISTED = 20
Key = tuple[object, ...]
identity: Callable[[Draft], Key] = attrgetter(*IDENTITY)


@dataclass(frozen=True, slots=True)
class Preview:
    """The rows that would be added, in the file's order, and what becomes of all others."""

    format: str
    label: str
    drafts: tuple[Draft, ...]
    duplicates: int
    skips: tuple[Skip, ...]
    review: tuple[Review, ...]

    @property
    def skipped(self) -> int:
        return sum(skip.rows for skip in self.skips)


def preview_text(text: str, portfolio: Portfolio, zone: ZoneInfo | None, decisions: Mapping[str, str]) -> Preview:
    """What importing the file into the portfolio would do now. Raises UnreadableFile; writes nothing."""
    known, table = recognise(text, own_formats(portfolio.user))
    outcomes = list(known.read(table, zone))
    drafts, review = checked(outcomes, portfolio, decisions)
    fresh = without_duplicates(drafts, portfolio)
    return Preview(
        format=known.key,
        label=known.label,
        drafts=tuple(fresh),
        duplicates=len(drafts) - len(fresh),
        skips=tuple(skips_of(outcomes)),
        review=tuple(sorted(review, key=lambda row: row.line)),
    )


def checked(
    outcomes: Sequence[Outcome], portfolio: Portfolio, decisions: Mapping[str, str]
) -> tuple[list[Draft], list[Review]]:
    """The drafts that can be recorded, in their normal form, and the rows that can't be."""
    now = clock.now()
    clear = resolve({t for o in outcomes if isinstance(o, Stated) for t in o.tickers.values()}, decisions)
    drafts: list[tuple[Stated, Draft]] = []
    review: list[Review] = []
    for outcome in outcomes:
        if isinstance(outcome, Unclear):
            review.append(Review(outcome.line.number, outcome.line.raw, outcome.reason))
        elif isinstance(outcome, Skipped):
            continue
        elif unknown := next((t for t in outcome.tickers.values() if t.upper() not in clear), None):
            reason = f"Which coin is {unknown}? Choose one."
            review.append(Review(outcome.line.number, outcome.line.raw, reason, unknown.upper()))
        else:
            drafts.append((outcome, named(outcome, clear)))
    assets = assets_named([draft for _, draft in drafts])
    passed = []
    for outcome, draft in drafts:
        try:
            passed.append(check_draft(draft, portfolio, now, assets))
        except DraftErrors as error:
            review.append(Review(outcome.line.number, outcome.line.raw, str(error)))
    return passed, review


def skips_of(outcomes: Iterable[Outcome]) -> list[Skip]:
    """The lines left out on purpose, one entry for each reason."""
    lines: dict[str, list[int]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Skipped):
            lines.setdefault(outcome.reason, []).append(outcome.line.number)
    return [Skip(reason, len(numbers), tuple(numbers[:SKIPS_LISTED])) for reason, numbers in lines.items()]


def named(outcome: Stated, clear: Mapping[str, str]) -> Draft:
    """The draft with asset ids where its line has tickers."""
    draft = outcome.draft
    for field, ticker in outcome.tickers.items():
        asset_id = clear[ticker.upper()]
        if field == "asset_id":
            draft = replace(draft, asset_id=asset_id)
        elif field == "counter_asset_id":
            draft = replace(draft, counter_asset_id=asset_id)
        else:
            draft = replace(draft, fee_asset_id=asset_id)
    return draft


def without_duplicates(drafts: Sequence[Draft], portfolio: Portfolio) -> list[Draft]:
    """The drafts that the portfolio doesn't hold yet. Two equal fills are two: each one held takes away one."""
    if not drafts:
        return []
    times = [draft.timestamp for draft in drafts]
    held = Counter(held_keys(portfolio, min(times), max(times)))
    fresh = []
    for draft in drafts:
        key = identity(draft)
        if held[key] > 0:
            held[key] -= 1
        else:
            fresh.append(draft)
    return fresh


def held_keys(portfolio: Portfolio, first: datetime, last: datetime) -> Iterable[Key]:
    rows = portfolio.transactions.order_by().filter(timestamp__gte=first, timestamp__lte=last)
    return rows.values_list(*IDENTITY).iterator(chunk_size=2000)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row that would be added, with the coins it names, for people to look at."""

    draft: Draft
    asset: Asset
    fee_asset: Asset | None
    worth: Decimal | None


def shown(drafts: Sequence[Draft]) -> list[Shown]:
    """The drafts with their coins: one query for any number."""
    assets = assets_named(list(drafts))
    return [
        Shown(draft, assets[draft.asset_id], assets.get(draft.fee_asset_id or ""), worth_of(draft)) for draft in drafts
    ]


def worth_of(draft: Draft) -> Decimal | None:
    if draft.value_override is not None or draft.price is None:
        return draft.value_override
    return WIDE.multiply(draft.price, draft.amount)
