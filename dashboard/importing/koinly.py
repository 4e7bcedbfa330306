"""Koinly: its universal template, the report of transactions, and the list of all columns that it takes back.

Sent, received and fee are columns of their own; the label (newer: tag) says what else a row is.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard.importing.cells import Row, each_row, moment
from dashboard.importing.formats import Format, Outcome, Skipped, Unclear, columns
from dashboard.importing.layouts import ISO
from dashboard.importing.movement import Movement, Sum, outcome_of, side, ticker_of
from dashboard.ledger.entry import Kind

WALLET = "Koinly"
UTC = ZoneInfo("UTC")
MONEY_COLUMN = re.compile(r"(?:Gain|Net Value|Fee Value) \(\w{2,10}\)")
REWARDS = (
    "airdrop", "mining", "reward", "rewards", "staking", "staking reward", "loan interest", "lending interest",
    "interest", "income", "other income", "salary", "cashback", "fee refund", "referral", "bounty",
    "realized gain", "realized p&l", "realized pnl",
)  # fmt: skip
FEES = (
    "cost", "fee", "tax", "margin fee", "loan fee", "interest payment", "realized gain", "realized p&l", "realized pnl",
)  # fmt: skip
RECEIVED: dict[str, Kind | None] = {
    "": None,
    "deposit": None,
    "loan": Kind.DEPOSIT,
    "margin loan": Kind.DEPOSIT,
    "fork": Kind.FORK,
    "gift": Kind.GIFT_IN,
    "gift received": Kind.GIFT_IN,
    "unstake": Kind.UNSTAKE,
    "from pool": Kind.UNSTAKE,
    "remove from pool": Kind.UNSTAKE,
    "received from pool": Kind.UNSTAKE,
} | dict.fromkeys(REWARDS, Kind.REWARD)
SENT: dict[str, Kind | None] = {
    "": None,
    "withdrawal": None,
    "loan repayment": Kind.WITHDRAWAL,
    "margin repayment": Kind.WITHDRAWAL,
    "gift": Kind.GIFT_OUT,
    "donation": Kind.GIFT_OUT,
    "lost": Kind.LOST,
    "stolen": Kind.LOST,
    "spend": Kind.SPEND,
    "payment": Kind.SPEND,
    "stake": Kind.STAKE,
    "to pool": Kind.STAKE,
    "add to pool": Kind.STAKE,
    "sent to pool": Kind.STAKE,
} | dict.fromkeys(FEES, Kind.FEE)
MIGRATING = frozenset({"swap", "wrap", "unwrap", "bridge", "migration"})
"""Koinly's "swap" is a trade that changes nothing but the coin's name; its own trades bear no label."""


def read_row(row: Row) -> Outcome:
    label = (row.text("Label") or row.text("Tag")).lower().replace("_", " ")
    if label == "ignored" or row.text("Deleted").lower() in ("true", "yes", "1"):
        return Skipped(row.line, gettext("Koinly itself ignores these rows."))
    sent = side(row, "Sent Amount", "Sent Currency") or side(row, "From Amount", "From Currency")
    received = side(row, "Received Amount", "Received Currency") or side(row, "To Amount", "To Currency")
    kind: Kind | None
    if sent and received:
        kind = Kind.MIGRATE if label in MIGRATING else None
    elif label in (words := RECEIVED if received else SENT):
        kind = words[label]
    else:
        way = "arrive" if received else "leave"
        return Unclear(
            row.line,
            gettext("The label %(label)s isn't known for coins that %(way)s.") % {"label": label[:40], "way": way},
        )
    return outcome_of(row.line, movement(row, sent, received, kind))


def movement(row: Row, sent: Sum | None, received: Sum | None, kind: Kind | None) -> Movement:
    leaving = row.text("Sending Wallet") or row.text("From Wallet (read-only)")
    arriving = row.text("Receiving Wallet") or row.text("To Wallet (read-only)")
    return Movement(
        at=moment_of(row),
        sent=sent,
        received=received,
        fee=side(row, "Fee Amount", "Fee Currency"),
        kind=kind,
        worth=worth_of(row, "Net"),
        basis=in_currency_of_report(row, "Received Cost Basis"),
        fee_worth=worth_of(row, "Fee"),
        wallet=(leaving if sent else "") or arriving or leaving or WALLET,
        to_wallet=arriving,
        note=row.text("Description"),
        external_id=row.text("TxHash"),
    )


def moment_of(row: Row) -> datetime:
    """The template and the list are in UTC; a report is in its owner's zone, unless its times name one."""
    if row.has("Date (UTC)"):
        return moment(row.text("Date (UTC)"), UTC, *ISO)
    return moment(row.text("Date"), row.columns.zone if row.has("Type") else UTC, *ISO)


def worth_of(row: Row, what: str) -> Sum | None:
    """What the row's coins ("Net") or its fee ("Fee") were worth, as its owner or else Koinly says."""
    worth = row.optional_price(f"{what} Worth Amount")
    if worth and row.text(f"{what} Worth Currency"):
        return Sum(abs(worth), ticker_of(f"{what} Worth Currency", row.text(f"{what} Worth Currency")))
    worth = row.optional_price(f"{what} Value (read-only)")
    if worth and row.text("Value Currency (read-only)"):
        return Sum(abs(worth), row.text("Value Currency (read-only)"))
    return in_currency_of_report(row, f"{what} Value")


def in_currency_of_report(row: Row, column: str) -> Sum | None:
    """Money of a report, whose currency stands in the names of some of its columns: `Net Value (EUR)`."""
    named = next((name for name in row.columns.places if name.startswith(("Net Value (", "Gain ("))), "")
    currency = named.partition("(")[2].removesuffix(")")
    money = row.optional_price(column if row.has(column) else f"{column} ({currency})") if currency else None
    return Sum(abs(money), currency) if money else None


AMOUNTS = frozenset({"Fee Amount", "Fee Currency"})
SIDES = frozenset({"Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency"})
FORMAT = Format(
    key="koinly",
    label="Koinly",
    required=SIDES | AMOUNTS,
    optional=columns(
        "Type,Label,Tag,Sending Wallet,Sent Cost Basis,Receiving Wallet,Received Cost Basis,Net Worth Amount,"
        "Net Worth Currency,TxSrc,TxDest,TxHash,Description"
    ),
    read=each_row(read_row),
    alike=MONEY_COLUMN,
)
READ_ONLY = (
    "ID,Parent ID,From Wallet,To Wallet,Net Value,Fee Value,Value Currency,From Source,To Source,Negative Balances,"
    "Missing Rates,Missing Cost Basis"
)
LISTED = Format(
    key="koinly_list",
    label="Koinly",
    required=AMOUNTS | columns("Date (UTC),From Amount,From Currency,To Amount,To Currency"),
    optional=columns(
        "Type,Tag,Label,From Wallet ID,To Wallet ID,Net Worth Amount,Net Worth Currency,Fee Worth Amount,"
        "Fee Worth Currency,Deleted,Synced To Accounting At (UTC read-only),TxSrc,TxDest,TxHash,Description"
    )
    | frozenset(f"{name} (read-only)" for name in READ_ONLY.split(",")),
    read=each_row(read_row),
)
FORMATS = (FORMAT, LISTED)
