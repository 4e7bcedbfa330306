"""What the columns of an unknown file may mean, proposed by their names and first rows; its owner decides."""

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

from django.utils.translation import gettext

from accounts.currencies import MONEY
from dashboard.importing.mapping import SKIP, TRADED, ColumnMap, distinct
from dashboard.importing.table import DELIMITERS, HEADER_WITHIN, Line, Table, UnreadableFile, check_length

FEWEST_COLUMNS, MOST_COLUMNS = 3, 100
SAMPLE = 5
LOOKED_AT = 1000
"""So many rows are looked at for words and dates."""
NUMBER = re.compile(r"[+-]?[\d.,]+")
NAMES = {
    "date": ("date", "time", "timestamp", "datetime", "date (utc)", "time (utc)", "date/time", "created at", "when"),
    "type": ("type", "kind", "transaction type", "side", "action", "operation", "way", "transaction"),
    "coin": (
        "coin",
        "asset",
        "symbol",
        "ticker",
        "currency",
        "crypto",
        "base",
        "base currency",
        "token",
        "coin symbol",
    ),
    "quantity": ("quantity", "amount", "qty", "units", "size", "volume", "base amount", "shares", "coins"),
    "price": ("price", "unit price", "price per unit", "rate", "price per coin", "spot price", "cost per unit"),
    "total": ("total", "value", "cost", "subtotal", "total price", "proceeds", "funds"),
    "price_currency": ("price currency", "quote", "quote currency", "fiat", "fiat currency", "currency of price"),
    "fee": ("fee", "fees", "fee amount", "commission"),
    "fee_currency": ("fee currency", "fee coin", "fee asset", "feecurrency", "fee unit"),
    "second_coin": ("to coin", "to currency", "second coin", "received currency", "to asset"),
    "second_quantity": ("to amount", "to quantity", "second quantity", "received amount"),
    "wallet": ("wallet", "exchange", "account", "platform", "from wallet", "location"),
    "to_wallet": ("to wallet", "destination"),
    "note": ("note", "notes", "comment", "comments", "description", "memo"),
    "id": ("id", "txid", "tx id", "hash", "txhash", "tx hash", "transaction id", "order id", "trade id", "reference"),
}
WORDS = {
    "buy": "buy bought purchase b",
    "sell": "sell sold sale s",
    "swap": "swap convert exchange conversion",
    TRADED: "trade",
    "deposit": "deposit receive received in incoming credit",
    "withdrawal": "withdrawal withdraw send sent out outgoing debit",
    "transfer": "transfer",
    "reward": "reward rewards staking interest mining airdrop cashback income earn bonus",
    "spend": "spend spent payment",
    "gift_in": "gift_in",
    "gift_out": "gift gift_out donation",
    "lost": "lost stolen",
    "fee": "fee",
    "fork": "fork",
    "stake": "stake lock",
    "unstake": "unstake unlock",
    "migrate": "migrate migration wrap unwrap bridge",
    SKIP: "cancelled canceled failed",
}
KIND_OF_WORD = {word: kind for kind, words in WORDS.items() for word in words.split()}


def find_unknown(text: str) -> Table:
    """The table of a file whose header nobody knows: the first line of names that the line below it fits.

    UnreadableFile where there is none.
    """
    for number, line in enumerate(islice(io.StringIO(text, newline=""), HEADER_WITHIN), start=1):
        check_length(line, number)
        tables = [Table(text, delimiter, names_in(line, delimiter), number) for delimiter in DELIMITERS]
        fitting = [table for table in tables if is_header(table.header) and first_lines(table)]
        if fitting:
            return max(fitting, key=lambda table: len(table.header))
    raise UnreadableFile(
        gettext("no known format has this header, and no rows stand below a line that names at least three columns."), 1
    )


def names_in(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(name.strip(' "\t\r\n') for name in next(csv.reader([line], delimiter=delimiter), []))


def is_header(names: tuple[str, ...]) -> bool:
    named = {name for name in names if name}
    if len(named) < FEWEST_COLUMNS or len(names) > MOST_COLUMNS:
        return False
    return not any(NUMBER.fullmatch(name) for name in named)


def first_lines(table: Table, count: int = SAMPLE) -> list[Line]:
    try:
        return list(islice(table.lines(), count))
    except UnreadableFile:
        return []


def words_in(table: Table, column: str) -> list[str]:
    """The different words of a column's first rows, in lower case, in the order of their first rows."""
    place = distinct(table.header).index(column)
    words = (line.cells[place].strip().lower() for line in first_lines(table, LOOKED_AT))
    return list(dict.fromkeys(words))


def guess(table: Table, currency: str) -> ColumnMap:
    header = distinct(table.header)
    columns = {field: column for field, names in NAMES.items() if (column := first_named(header, names))}
    if columns.get("coin") and columns.get("coin") == columns.get("price_currency"):
        del columns["price_currency"]
    words = words_in(table, columns["type"]) if "type" in columns else []
    return ColumnMap(
        columns=columns,
        kinds={word: KIND_OF_WORD[word] for word in words if word in KIND_OF_WORD},
        dates=order_of_dates(table, columns["date"]) if "date" in columns else "iso",
        # Prices in a coin would mean that it was swapped for.
        currency=currency if currency in MONEY else "usd",
    )


def first_named(header: Sequence[str], names: tuple[str, ...]) -> str:
    plain = {column: column.lower().replace("_", " ") for column in header}
    return next((column for name in names for column in header if plain[column] == name), "")


def order_of_dates(table: Table, column: str) -> str:
    """`iso`, unless dates begin with a day or a month; which of the two, is told by numbers above 12."""
    place = distinct(table.header).index(column)
    dates = [re.findall(r"\d+", line.cells[place]) for line in first_lines(table, LOOKED_AT)]
    dates = [numbers for numbers in dates if len(numbers) >= 3 and len(numbers[0]) <= 2]
    if not dates:
        return "iso"
    return "month" if any(int(numbers[1]) > 12 for numbers in dates) else "day"
