"""What the cells of exporters say: amounts with currency signs, moments, pairs of tickers, which tickers are money.

Nothing is guessed: a cell that says nothing certain raises Unreadable with the reason. It knows nothing of any format.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from accounts import currencies
from dashboard.importing.formats import Outcome, Read, Unclear, without_offset
from dashboard.importing.table import Line, Table
from dashboard.money import AmountError, parse_amount, quantize

OTHER_MONEY = frozenset(
    ["AZN", "BGN", "COP", "EGP", "GHS", "HRK", "ISK", "KES", "KZT", "MAD", "MDL", "PEN", "QAR", "RON", "UYU", "VES"]
)
"""Money that exchanges pay in and out, beside the currencies that a person may count in."""
MONEY = frozenset(code.upper() for code in currencies.MONEY) | OTHER_MONEY
SIGNS = str.maketrans("", "", "€$£¥₹₩₺₽₴₦฿₫₪₱\u00a0\u202f'")
"""Currency signs and separators of thousands that stand beside a number and add nothing to it."""
WITH_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
HEADER_ZONE = re.compile(r"(?<![A-Za-z])UTC(?:([+-])(\d{1,2})(?::?(\d\d))?)?(?![A-Za-z])")
ZONE_WORD = re.compile(r"\s*\b(UTC|GMT)$")
ONE_COIN = re.compile(r"([+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*([^\d\s.,]\S*)")
SPACED_COIN = re.compile(r"([+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s+(\S+)")


class Unreadable(Exception):
    """A cell says nothing that can be understood; the message names its column and says why."""


def is_money(ticker: str) -> bool:
    """Whether the ticker is a state's currency. Stablecoins are coins."""
    return ticker.strip().upper() in MONEY


def amount(name: str, cell: str, *, decimal_comma: bool = False) -> Decimal:
    """The exact number of the cell, with its sign. Raises Unreadable where there is none."""
    found = optional_amount(name, cell, decimal_comma=decimal_comma)
    if found is None:
        raise Unreadable(gettext("%(name)s: There is no number.") % {"name": name})
    return found


def optional_amount(name: str, cell: str, *, decimal_comma: bool = False) -> Decimal | None:
    """As `amount`, but an empty cell (or a dash) is None."""
    text = number_text(name, cell, decimal_comma=decimal_comma)
    try:
        return parse_amount(text) if text else None
    except AmountError as error:
        raise Unreadable(f"{name}: {error}") from error


def optional_price(name: str, cell: str, *, decimal_comma: bool = False) -> Decimal | None:
    """As `optional_amount`, but rounded to 18 decimals: exporters work prices out and write more."""
    text = number_text(name, cell, decimal_comma=decimal_comma)
    try:
        return parse_amount(quantize(Decimal(text))) if text else None
    except (AmountError, ArithmeticError) as error:
        raise Unreadable(gettext("%(name)s: Enter a number.") % {"name": name}) from error


def number_text(name: str, cell: str, *, decimal_comma: bool) -> str:
    """The number as Python writes it. A comma is a decimal sign only where it can't separate thousands, or by wish."""
    text = cell.translate(SIGNS).strip().replace("−", "-")
    if len(text) > 80:
        raise Unreadable(gettext("%(name)s: Enter a shorter number.") % {"name": name})
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    if text in ("", "-", "--", "–"):
        return ""
    if "," in text:
        if WITH_THOUSANDS.fullmatch(text) and not (decimal_comma and text.count(",") == 1 and "." not in text):
            return text.replace(",", "")
        if DECIMAL_COMMA.fullmatch(text):
            return text.replace(",", ".")
        raise Unreadable(gettext("%(name)s: Enter a number.") % {"name": name})
    return text


def moment(cell: str, zone: tzinfo | None, *layouts: str) -> datetime:
    """The time in UTC. Without `layouts` (strptime's) it is ISO-8601, `T` or a space between, `Z` or ` UTC` at its end.

    The layout "" stands for ISO-8601, where others may be meant too.

    A time without a zone of its own is in `zone`; Unreadable where that is None.
    """
    text = cell.strip()
    bare = ZONE_WORD.sub("", text)
    own = UTC if bare != text else None
    at = first_reading(bare, layouts)
    if at is None:
        raise Unreadable(
            gettext("%(cell)s is no date and time that can be understood.") % {"cell": text[:40] or "An empty cell"}
        )
    if at.tzinfo is None:
        if own is None and zone is None:
            raise Unreadable(gettext("The time has no time zone. Choose the file's time zone."))
        at = at.replace(tzinfo=own or zone)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise Unreadable(gettext("%(text)s is no date that can be kept.") % {"text": text[:40]}) from error


def first_reading(text: str, layouts: Iterable[str]) -> datetime | None:
    for layout in layouts or ("",):
        try:
            return datetime.strptime(text, layout) if layout else datetime.fromisoformat(text)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def coin_amount(name: str, cell: str, tickers: Iterable[str] = ()) -> tuple[Decimal, str]:
    """The number and the ticker of a cell such as `0.5BTC` or `12 USDT`.

    `tickers` may stand there: they tell where one begins that begins with a digit (`51INCH`).
    """
    text = cell.strip()
    for ticker in sorted(tickers, key=len, reverse=True):
        if ticker and text.endswith(ticker) and len(text) > len(ticker):
            return amount(name, text.removesuffix(ticker)), ticker
    if found := SPACED_COIN.fullmatch(text) or ONE_COIN.fullmatch(text):
        return amount(name, found[1]), found[2]
    raise Unreadable(gettext("%(name)s: %(text)s is no amount of a coin.") % {"name": name, "text": text[:40]})


def split_pair(pair: str, quotes: Iterable[str]) -> tuple[str, str]:
    """Base and quote of a pair: by its separator, else by the longest of the known `quotes` that it ends in."""
    for separator in "-/_":
        base, found, quote = pair.partition(separator)
        if found and base and quote:
            return base, quote
    for quote in sorted(quotes, key=len, reverse=True):
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair.removesuffix(quote), quote
    raise Unreadable(
        gettext("%(pair)s is no pair whose two coins can be told apart.") % {"pair": pair[:40] or "An empty cell"}
    )


def zone_named(column: str) -> tzinfo | None:
    """The zone that a column's name states, as `UTC_Time`, `Date(UTC)` and `Date(UTC+8)` do: the offset is data."""
    found = HEADER_ZONE.search(column)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2] or 0), minutes=int(found[3] or 0))
    if offset >= timedelta(hours=24):
        return None
    return timezone(-offset if found[1] == "-" else offset)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column stands, by its name with any UTC offset written as `UTC`; one for all rows of a table.

    `zones` are those that columns name themselves; `zone` is that of all other times that state none.
    """

    places: Mapping[str, int]
    zone: tzinfo | None
    zones: Mapping[str, tzinfo]
    decimal_comma: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line by the names of its columns."""

    line: Line
    columns: Columns

    def has(self, name: str) -> bool:
        return name in self.columns.places

    def text(self, name: str) -> str:
        """The cell without blanks around it; "" where the file has no such column."""
        place = self.columns.places.get(name)
        return "" if place is None else self.line.cells[place].strip()

    def amount(self, name: str) -> Decimal:
        return amount(name, self.text(name), decimal_comma=self.columns.decimal_comma)

    def optional_amount(self, name: str) -> Decimal | None:
        return optional_amount(name, self.text(name), decimal_comma=self.columns.decimal_comma)

    def optional_price(self, name: str) -> Decimal | None:
        return optional_price(name, self.text(name), decimal_comma=self.columns.decimal_comma)

    def moment(self, name: str, *layouts: str) -> datetime:
        return moment(self.text(name), self.columns.zones.get(name, self.columns.zone), *layouts)


def rows(table: Table, zone: ZoneInfo | None, names: Mapping[str, str] | None = None) -> Iterator[Row]:
    """The table's lines by name, or by the name that `names` gives a column that is called otherwise in some layout.

    A file with semicolons comes from a spreadsheet, and may have decimal commas.
    """
    bare = [without_offset(name) for name in table.header]
    called = [names.get(name, name) if names else name for name in bare]
    zones = {name: own for name, column in zip(called, table.header, strict=True) if (own := zone_named(column))}
    columns = Columns({name: at for at, name in enumerate(called)}, zone, zones, table.delimiter == ";")
    for line in table.lines():
        yield Row(line, columns)


def each_row(read_row: Callable[[Row], Outcome]) -> Read:
    """How a format is read whose every line stands for itself."""

    def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
        for row in rows(table, zone):
            try:
                yield read_row(row)
            except Unreadable as error:
                yield Unclear(row.line, str(error))

    return read
