"""CoinTracking: what was bought, sold and paid as fee, each followed by a currency column that is just named `Cur.`.

Those three bear the same name and are told apart by their places. Days come before months; newer rows are ISO-8601.
"""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard.importing.cells import Row, Unreadable, rows
from dashboard.importing.formats import Format, Outcome, Unclear
from dashboard.importing.layouts import DAY_FIRST
from dashboard.importing.movement import Movement, outcome_of, side
from dashboard.importing.table import Table, UnreadableFile
from dashboard.ledger.entry import Kind

WALLET = "CoinTracking"
CURRENCY = "Cur."
SIDES = ("Buy", "Sell", "Fee")
KINDS: dict[str, Kind] = {
    "trade": Kind.SWAP,
    "margin trade": Kind.SWAP,
    "swap (non taxable)": Kind.MIGRATE,
    "deposit": Kind.DEPOSIT,
    "receive loan": Kind.DEPOSIT,
    "withdrawal": Kind.WITHDRAWAL,
    "repay loan": Kind.WITHDRAWAL,
    "gift/tip": Kind.GIFT_IN,
    "gift": Kind.GIFT_OUT,
    "donation": Kind.GIFT_OUT,
    "hard fork": Kind.FORK,
    "lost": Kind.LOST,
    "stolen": Kind.LOST,
    "spend": Kind.SPEND,
    "expense (non taxable)": Kind.SPEND,
} | {
    **dict.fromkeys(
        (
            "income", "other income", "income (non taxable)", "reward/bonus", "reward / bonus", "mining",
            "mining (commercial)", "minting", "masternode", "staking", "airdrop", "airdrop (non taxable)",
            "dividends income", "interest income", "lending income", "lp rewards", "margin profit",
            "derivatives / futures profit",
        ),
        Kind.REWARD,
    ),
    **dict.fromkeys(
        (
            "other fee", "margin fee", "borrowing fee", "settlement fee", "other expense", "margin loss",
            "derivatives / futures loss",
        ),
        Kind.FEE,
    ),
}  # fmt: skip


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    for row in rows(replace(table, header=placed(table)), zone):
        try:
            yield read_row(row)
        except Unreadable as error:
            yield Unclear(row.line, str(error))


def placed(table: Table) -> tuple[str, ...]:
    """The names of the columns, each `Cur.` with what it belongs to: `Buy Cur.`."""
    names: list[str] = []
    for before, name in zip(("", *table.header), table.header, strict=False):
        if name == CURRENCY and before not in SIDES:
            raise UnreadableFile(
                gettext("a column %(currency)s doesn't stand behind Buy, Sell or Fee.") % {"currency": CURRENCY},
                table.header_line,
            )
        names.append(f"{before} {name}" if name == CURRENCY else name)
    for name in names:
        if names.count(name) > 1:
            raise UnreadableFile(gettext("the column %(name)s stands there twice.") % {"name": name}, table.header_line)
    return tuple(names)


def read_row(row: Row) -> Outcome:
    words = row.text("Type").lower()
    if words not in KINDS:
        return Unclear(
            row.line, gettext("The type %(row)s isn't known.") % {"row": row.text("Type")[:40] or "of the row"}
        )
    kind = KINDS[words]
    sent, received = side(row, "Sell", "Sell Cur."), side(row, "Buy", "Buy Cur.")
    if kind is Kind.GIFT_OUT and received and not sent:
        kind = Kind.GIFT_IN
    return outcome_of(
        row.line,
        Movement(
            at=row.moment("Date", *DAY_FIRST),
            sent=sent,
            received=received,
            fee=side(row, "Fee", "Fee Cur."),
            kind=kind,
            wallet=row.text("Exchange") or WALLET,
            note=row.text("Comment"),
            external_id=row.text("Tx-ID"),
        ),
    )


FORMAT = Format(
    key="cointracking",
    label="CoinTracking",
    required=frozenset({"Type", "Buy", CURRENCY, "Sell", "Fee", "Exchange", "Group", "Comment", "Date"}),
    optional=frozenset({"Tx-ID", "Trade ID", "LPN", "Add Date", "Imported From"}),
    read=read,
)
