"""What an import would do, before it does anything: rows to add, duplicates, rows that somebody must decide about."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from pydantic import TypeAdapter

from dashboard.drafts import Draft, assets_named
from dashboard.importing.formats import Review, Skip
from dashboard.importing.reading import Reading
from dashboard.models import Asset, Import, Portfolio
from dashboard.money import WIDE, plain

IDENTITY = tuple(name for name in Draft.__slots__ if name not in ("note", "fee_value"))
"""What makes two transactions the same: every fact but those that no exchange states, and which its owner may have
added since."""
facts_of: Callable[[Draft], tuple[object, ...]] = attrgetter(*IDENTITY)
SAMPLE = 200
DRAFTS = TypeAdapter(list[Draft])


@dataclass(frozen=True, slots=True)
class Preview:
    """The rows that would be added, in the file's order, and what becomes of all others.

    `drafts` are all of them, or the first where the preview was kept.
    """

    drafts: Sequence[Draft]
    added: int
    duplicates: int
    skips: Sequence[Skip]
    review: Sequence[Review]

    @property
    def skipped(self) -> int:
        return sum(skip.rows for skip in self.skips)


def preview_of(reading: Reading, portfolio: Portfolio) -> Preview:
    """What recording what was read would do to the portfolio as it is now."""
    fresh = without_duplicates(reading.drafts, portfolio)
    return Preview(fresh, len(fresh), len(reading.drafts) - len(fresh), reading.skips(), reading.review)


def without_duplicates(drafts: Sequence[Draft], portfolio: Portfolio) -> Sequence[Draft]:
    """The drafts that the portfolio doesn't hold yet. Two equal fills are two: each one held takes away one."""
    if not drafts:
        return drafts
    first = min(draft.timestamp for draft in drafts)
    last = max(draft.timestamp for draft in drafts)
    held = Counter(held_identities(portfolio, first, last))
    if not held:
        return drafts
    fresh = []
    for draft in drafts:
        key = identity(facts_of(draft))
        if held[key] > 0:
            held[key] -= 1
        else:
            fresh.append(draft)
    return fresh


def held_identities(portfolio: Portfolio, first: datetime, last: datetime) -> Iterator[str]:
    rows = portfolio.transactions.order_by().filter(timestamp__gte=first, timestamp__lte=last)
    for facts in rows.values_list(*IDENTITY).iterator(chunk_size=2000):
        yield identity(facts)


PRICE, VALUE, CURRENCY = (IDENTITY.index(name) for name in ("price", "value_override", "price_currency"))


def identity(facts: tuple[object, ...]) -> str:
    """Equal for equal facts and for no others, and a tenth as large as they are. No text holds the separator.

    A currency in which no price and no value is stated is no fact.
    """
    texts = [text_of(fact) for fact in facts]
    if not (texts[PRICE] or texts[VALUE]):
        texts[CURRENCY] = ""
    return "\x1f".join(texts)


def text_of(fact: object) -> str:
    if fact is None:
        return ""
    if isinstance(fact, Decimal):
        return plain(fact)
    return fact.astimezone(UTC).isoformat() if isinstance(fact, datetime) else str(fact)


def counts(preview: Preview) -> dict[str, Any]:
    """The preview as an Import keeps it: how many rows, and each that needs a decision."""
    return {
        "added": preview.added,
        "duplicates": preview.duplicates,
        "skipped": preview.skipped,
        "skips": [asdict(skip) for skip in preview.skips],
        "review": [asdict(row) for row in preview.review],
    }


def sample_of(preview: Preview) -> str:
    """The first rows that would be added, to be kept until somebody looks at them."""
    return DRAFTS.dump_json(list(preview.drafts[:SAMPLE])).decode()


def kept_preview(waiting: Import) -> Preview:
    """What `counts` and `sample_of` have kept."""
    return Preview(
        DRAFTS.validate_json(waiting.sample) if waiting.sample else [],
        waiting.added or 0,
        waiting.duplicates,
        [Skip(**skip) for skip in waiting.skips],
        [Review(**row) for row in waiting.review],
    )


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
        Shown(draft, assets[draft.asset_id], assets.get(draft.fee_asset_id or ""), worth_of(draft))
        for draft in drafts
        if draft.asset_id in assets
    ]


def worth_of(draft: Draft) -> Decimal | None:
    if draft.value_override is not None or draft.price is None:
        return draft.value_override
    return WIDE.multiply(draft.price, draft.amount)
