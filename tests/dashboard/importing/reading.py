"""How tests read a file: through its recognition, to the outcomes of its lines."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from dashboard.drafts import Draft
from dashboard.importing.formats import Outcome, Skipped, Stated, Unclear
from dashboard.importing.recognise import recognise

UTC_ZONE = ZoneInfo("UTC")


def outcomes(text: str, zone: ZoneInfo | None = None) -> list[Outcome]:
    known, table = recognise(text)
    return list(known.read(table, zone))


def format_key(text: str) -> str:
    return recognise(text)[0].key


def stated(text: str, zone: ZoneInfo | None = None) -> list[Draft]:
    """The drafts of a file all of whose lines are clear, tickers in the place of ids."""
    found = outcomes(text, zone)
    unclear = [(each.line.number, each.reason) for each in found if isinstance(each, Unclear)]
    assert not unclear, unclear
    return [named(each) for each in found if isinstance(each, Stated)]


def named(outcome: Stated) -> Draft:
    """The draft with tickers in the place of ids: for tests only, a draft's ids are never tickers."""
    return Draft(**{name: getattr(outcome.draft, name) for name in Draft.__slots__} | dict(outcome.tickers))


def skipped(text: str, zone: ZoneInfo | None = None) -> dict[int, str]:
    """The reasons of lines that are left out, by line."""
    return {each.line.number: each.reason for each in outcomes(text, zone) if isinstance(each, Skipped)}


def unclear(text: str, zone: ZoneInfo | None = None) -> dict[int, str]:
    """The reasons of lines that wait for their owner, by line."""
    return {each.line.number: each.reason for each in outcomes(text, zone) if isinstance(each, Unclear)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def net(drafts: list[Draft]) -> dict[str, Decimal]:
    """How much of each ticker came, less what left, as the ledger counts it, fees in coins too."""
    total: dict[str, Decimal] = {}

    def add(ticker: str | None, number: Decimal | None) -> None:
        if ticker and number:
            total[ticker] = total.get(ticker, Decimal(0)) + number

    for draft in drafts:
        arrives = draft.type in ("buy", "deposit", "reward", "gift_in", "fork")
        stays = draft.type in ("stake", "unstake", "transfer")
        if not stays:
            add(draft.asset_id, draft.amount if arrives else -draft.amount)
        add(draft.counter_asset_id, draft.counter_amount)
        if draft.fee_amount and draft.fee_asset_id and draft.fee_asset_id.isupper():
            add(draft.fee_asset_id, -draft.fee_amount)
    return total
