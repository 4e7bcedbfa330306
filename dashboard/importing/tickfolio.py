"""Tickfolio's own CSV, which is also the export: what a row says, to the last digit, both ways.

Text cells that a spreadsheet would run as a formula are guarded by a leading apostrophe; the guard can always be taken
off again, so that a file read back says exactly what was written.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard.drafts import Draft
from dashboard.importing.cells import Unreadable
from dashboard.importing.formats import Format, Outcome, Stated, Unclear
from dashboard.importing.table import Line, Table, UnreadableFile
from dashboard.money import AmountError, parse_amount, plain

COLUMNS = (
    "timestamp",
    "type",
    "wallet",
    "asset_id",
    "asset",
    "amount",
    "counter_asset_id",
    "counter_asset",
    "counter_amount",
    "fee_asset_id",
    "fee_asset",
    "fee_amount",
    "price",
    "price_currency",
    "to_wallet",
    "value_override",
    "note",
    "external_id",
    "fee_value",
)
NEEDED = frozenset({"timestamp", "type", "asset_id", "amount"})
NUMBERS = ("amount", "counter_amount", "fee_amount", "price", "value_override", "fee_value")
TEXTS = ("type", "wallet", "price_currency", "to_wallet", "note", "external_id")
COINS = ("asset", "counter_asset", "fee_asset")
FORMULA = re.compile(r"'*[=+\-@\t\r]")
GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guard(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def unguard(cell: str) -> str:
    return cell[1:] if GUARDED.match(cell) else cell


def row_of(draft: Draft, symbols: Mapping[str, str]) -> list[str]:
    """The cells of one transaction; `symbols` are the tickers of the assets it names."""
    cells = {name: guard(getattr(draft, name)) for name in TEXTS}
    cells["timestamp"] = moment_text(draft.timestamp)
    for name in NUMBERS:
        number: Decimal | None = getattr(draft, name)
        cells[name] = "" if number is None else plain(number)
    for name in COINS:
        asset_id: str = getattr(draft, f"{name}_id") or ""
        cells[f"{name}_id"] = guard(asset_id)
        cells[name] = guard(symbols.get(asset_id, "").upper())
    return [cells[name] for name in COLUMNS]


def moment_text(moment: datetime) -> str:
    """ISO-8601 in UTC, to the microsecond where there are any: `2026-05-03T12:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    for name in table.header:
        if table.header.count(name) > 1:
            raise UnreadableFile(gettext("the column %(name)s stands there twice.") % {"name": name}, table.header_line)
    for line in table.lines():
        cells = dict(zip(table.header, (cell.strip(" ") for cell in line.cells), strict=True))
        try:
            yield stated(line, cells, zone)
        except Unreadable as error:
            yield Unclear(line, str(error))


def stated(line: Line, cells: Mapping[str, str], zone: ZoneInfo | None) -> Stated:
    numbers = {name: number(name, cells.get(name, "")) for name in NUMBERS}
    texts = {name: unguard(cells.get(name, "")) for name in TEXTS}
    if (amount := numbers["amount"]) is None:
        raise Unreadable(gettext("amount: Enter a number."))
    ids = {f"{name}_id": unguard(cells.get(f"{name}_id", "")) for name in COINS}
    tickers = {
        f"{name}_id": unguard(cells.get(name, "")) for name in COINS if cells.get(name) and not ids[f"{name}_id"]
    }
    draft = Draft(
        timestamp=moment(cells["timestamp"], zone),
        amount=amount,
        asset_id=ids["asset_id"],
        counter_asset_id=ids["counter_asset_id"] or None,
        fee_asset_id=ids["fee_asset_id"] or None,
        type=texts["type"],
        wallet=texts["wallet"],
        to_wallet=texts["to_wallet"],
        price_currency=texts["price_currency"],
        note=texts["note"],
        external_id=texts["external_id"],
        price=numbers["price"],
        counter_amount=numbers["counter_amount"],
        fee_amount=numbers["fee_amount"],
        value_override=numbers["value_override"],
        fee_value=numbers["fee_value"],
    )
    return Stated(line, draft, tickers)


def number(name: str, cell: str) -> Decimal | None:
    if not cell:
        return None
    try:
        return parse_amount(cell)
    except AmountError as error:
        raise Unreadable(f"{name}: {error}") from error


def moment(cell: str, zone: ZoneInfo | None) -> datetime:
    try:
        at = datetime.fromisoformat(cell)
        if at.tzinfo is None and zone is None:
            raise Unreadable(gettext("timestamp: It has no time zone. Choose the file's time zone."))
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(gettext("timestamp: Enter a date and time such as 2026-05-03T12:00:00Z.")) from error


FORMAT = Format(
    key="tickfolio",
    label="Tickfolio's own CSV",
    required=NEEDED,
    optional=frozenset(COLUMNS) - NEEDED,
    read=read,
)
