"""What the columns of a file mean that no format knows, as its owner said: kept for each user by the set of columns.

A ColumnMap reads lines as a format does; it guesses nothing (`guessing` proposes, its owner decides).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from dashboard.importing.cells import Row, Unreadable, is_money, rows
from dashboard.importing.formats import Format, Outcome, Skipped, Unclear, without_offset
from dashboard.importing.layouts import DAY_FIRST, ISO, MONTH_FIRST
from dashboard.importing.movement import ARRIVING, Movement, Sum, outcome_of, ticker_of
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind
from dashboard.models import ImportMapping
from dashboard.money import WIDE, quantize

OWN, OWN_LABEL = "own:", gettext_noop("Your own columns")
MOST_MAPPINGS = 100
FIELDS = {
    "date": gettext_noop("Date"),
    "type": gettext_noop("Kind of transaction"),
    "coin": gettext_noop("Coin"),
    "quantity": gettext_noop("Quantity"),
    "price": gettext_noop("Price per unit"),
    "total": gettext_noop("Total price"),
    "price_currency": gettext_noop("Currency of the price"),
    "fee": gettext_noop("Fee"),
    "fee_currency": gettext_noop("Coin or currency of the fee"),
    "second_coin": gettext_noop("Second coin of a swap"),
    "second_quantity": gettext_noop("Quantity of the second coin"),
    "wallet": gettext_noop("Wallet or exchange"),
    "to_wallet": gettext_noop("Wallet that a transfer goes to"),
    "note": gettext_noop("Note"),
    "id": gettext_noop("Number of the transaction"),
}
NEEDED = ("date", "coin", "quantity")
LAYOUTS = {"iso": ISO, "day": DAY_FIRST, "month": MONTH_FIRST}
TRADED, MOVED, SKIP = "traded", "moved", "skip"
"""Beside the kinds: told by the quantity's sign (a trade, or coins that came or left), and left out."""
LEFT_OUT = gettext_noop("Rows of a kind that you chose to leave out.")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column holds which field, which kind each word of the kinds' column means (in lower case), which kind all
    rows are where no column says it, the order of dates, and the currency of prices where no column names one.
    """

    columns: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    every: str = TRADED
    dates: str = "iso"
    currency: str = "usd"

    def column(self, name: str) -> str:
        return without_offset(self.columns.get(name, ""))

    def read(self, table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
        for row in rows(replace(table, header=distinct(table.header)), zone):
            try:
                yield read_row(self, row)
            except Unreadable as error:
                yield Unclear(row.line, str(error))


def distinct(header: tuple[str, ...]) -> tuple[str, ...]:
    """The columns' names, each once: `Fee`, `Fee (2)`; one that has none is called by its place."""
    names: list[str] = []
    for place, column in enumerate(header, start=1):
        name = plain = column or f"Column {place}"
        times = 1
        while name in names:
            times += 1
            name = f"{plain} ({times})"
        names.append(name)
    return tuple(names)


def read_row(known: ColumnMap, row: Row) -> Outcome:
    kind = kind_of(known, row)
    if kind == SKIP:
        return Skipped(row.line, gettext(LEFT_OUT))
    number = row.amount(known.column("quantity"))
    if not number:
        raise Unreadable(gettext("%(column)s: It is zero.") % {"column": known.column("quantity")})
    main = Sum(abs(number), ticker_of(known.column("coin"), row.text(known.column("coin"))))
    worth, (second, comes) = worth_of(known, row, main), second_of(known, row)
    if kind in (Kind.BUY, Kind.SELL, TRADED):
        other, arrives = second or worth, kind == Kind.BUY or (kind == TRADED and number > 0)
        stated: Kind | None = Kind.SWAP
    elif kind in (Kind.SWAP, Kind.MIGRATE):
        other, arrives, stated = second, number > 0 and not comes, Kind(kind)
    elif kind == Kind.TRANSFER:
        other, arrives, stated = main, False, Kind.TRANSFER
    else:
        stated = None if kind == MOVED else Kind(kind)
        other, arrives = None, stated in ARRIVING if stated else number > 0
    sent, received = (other, main) if arrives else (main, other)
    return outcome_of(row.line, movement(known, row, sent, received, stated, worth))


def movement(
    known: ColumnMap, row: Row, sent: Sum | None, received: Sum | None, kind: Kind | None, worth: Sum | None
) -> Movement:
    fee = row.optional_amount(known.column("fee"))
    return Movement(
        at=row.moment(known.column("date"), *LAYOUTS[known.dates]),
        sent=sent,
        received=received,
        fee=Sum(abs(fee), fee_currency(known, row)) if fee else None,
        kind=kind,
        worth=worth,
        wallet=row.text(known.column("wallet")),
        to_wallet=row.text(known.column("to_wallet")),
        note=row.text(known.column("note")),
        external_id=row.text(known.column("id")),
    )


def kind_of(known: ColumnMap, row: Row) -> str:
    if not known.column("type"):
        return known.every
    word = row.text(known.column("type"))
    if word.lower() not in known.kinds:
        raise Unreadable(
            gettext("Nothing says what kind of transaction %(word)s is.") % {"word": word[:40] or "an empty cell"}
        )
    return known.kinds[word.lower()]


def currency_of(known: ColumnMap, row: Row) -> str:
    return row.text(known.column("price_currency")) or known.currency.upper()


def fee_currency(known: ColumnMap, row: Row) -> str:
    cell = row.text(known.column("fee_currency"))
    return ticker_of(known.column("fee_currency"), cell) if cell else currency_of(known, row)


def worth_of(known: ColumnMap, row: Row, main: Sum) -> Sum | None:
    """The total where a column states it, else the price times the quantity."""
    total, price = row.optional_price(known.column("total")), row.optional_price(known.column("price"))
    if not total and not price:
        return None
    whole = abs(total) if total else WIDE.multiply(abs(price), main.amount) if price else None
    currency = currency_of(known, row)
    return Sum(whole if is_money(currency) else quantize(whole), currency) if whole else None


def second_of(known: ColumnMap, row: Row) -> tuple[Sum | None, bool]:
    """The second coin, and whether it comes: where no sign tells, it does."""
    number = row.optional_amount(known.column("second_quantity"))
    if not number:
        return None, True
    cell = row.text(known.column("second_coin"))
    return Sum(abs(number), ticker_of(known.column("second_coin") or "Second coin", cell)), number > 0


def digest(header: tuple[str, ...]) -> str:
    """The same for the same set of columns, in whatever order they stand."""
    return hashlib.sha256(json.dumps(sorted(map(without_offset, distinct(header)))).encode()).hexdigest()


def own_formats(user: User) -> tuple[Format, ...]:
    """What the user has said of files that no format knows, each as a format."""
    return tuple(format_of(mapping) for mapping in ImportMapping.objects.filter(user=user))


def format_of(mapping: ImportMapping) -> Format:
    return Format(
        key=f"{OWN}{mapping.pk}",
        label=OWN_LABEL,
        required=frozenset(map(without_offset, mapping.header)),
        optional=frozenset(),
        read=ColumnMap(**mapping.mapping).read,
    )


def remembered_map(user: User, header: tuple[str, ...]) -> ColumnMap | None:
    """What the user has said of these columns before."""
    found = ImportMapping.objects.filter(user=user, digest=digest(header)).first()
    return ColumnMap(**found.mapping) if found else None


def remember_map(user: User, header: tuple[str, ...], known: ColumnMap) -> None:
    """Keep it for the next file with these columns; the oldest of too many is forgotten."""
    ImportMapping.objects.update_or_create(
        user=user, digest=digest(header), defaults={"header": sorted(set(header)), "mapping": asdict(known)}
    )
    kept = ImportMapping.objects.filter(user=user).order_by("-pk").values_list("pk", flat=True)[:MOST_MAPPINGS]
    ImportMapping.objects.filter(user=user).exclude(pk__in=list(kept)).delete()
