"""Delta: what was traded ("base"), what for ("quote"), and which way. Stocks and the like are left out.

The older file names no kind of base and adds what the trade cost in money.
"""

from django.utils.translation import gettext, gettext_noop

from dashboard.importing.cells import Row, each_row
from dashboard.importing.formats import Format, Outcome, Skipped, Unclear, columns
from dashboard.importing.layouts import ISO
from dashboard.importing.movement import MONEY_ONLY, Movement, Sum, outcome_of, side
from dashboard.ledger.entry import Kind

WALLET = "Delta"
NOT_A_COIN = gettext_noop("Stocks, funds and the like are left out; only coins are kept here.")
FROM = "Sent/Received from"
ORIGINS = {
    "airdrop": Kind.REWARD,
    "mining": Kind.REWARD,
    "dividends": Kind.REWARD,
    "dividend": Kind.REWARD,
    "staking": Kind.REWARD,
    "interest": Kind.REWARD,
    "reward": Kind.REWARD,
    "rewards": Kind.REWARD,
    "gift": Kind.GIFT_IN,
    "fork": Kind.FORK,
}


def read_row(row: Row) -> Outcome:
    way, base_type = (row.text("Way") or row.text("Type")).lower(), row.text("Base type").lower()
    if base_type not in ("", "crypto", "fiat"):
        return Skipped(row.line, gettext(NOT_A_COIN))
    if base_type == "fiat" and way not in ("buy", "sell"):
        return Skipped(row.line, gettext(MONEY_ONLY))
    base = side(row, "Base amount", named(row, "Base currency"))
    if way in ("buy", "sell"):
        quote = side(row, "Quote amount", "Quote currency")
        sent, received = (quote, base) if way == "buy" else (base, quote)
        return outcome_of(row.line, movement(row, sent, received, Kind.SWAP, row.text("Exchange")))
    origin, target = row.text(FROM), row.text("Sent to")
    if way in ("deposit", "withdraw", "withdrawal"):
        if way == "deposit":
            kind = ORIGINS.get(origin.lower(), Kind.DEPOSIT)
            return outcome_of(row.line, movement(row, None, base, kind, target or row.text("Exchange")))
        return outcome_of(row.line, movement(row, base, None, Kind.WITHDRAWAL, origin or row.text("Exchange")))
    if way == "transfer":
        return outcome_of(row.line, movement(row, base, base, Kind.TRANSFER, origin or row.text("Exchange")))
    return Unclear(row.line, gettext("%(way)s is no way that is known.") % {"way": way[:40].upper() or "The row"})


def movement(row: Row, sent: Sum | None, received: Sum | None, kind: Kind, wallet: str) -> Movement:
    return Movement(
        at=row.moment("Date", *ISO),
        sent=sent,
        received=received,
        fee=side(row, "Fee amount" if row.has("Fee amount") else "Fee", named(row, "Fee currency")),
        kind=kind,
        worth=side(row, "Costs/Proceeds", "Costs/Proceeds currency"),
        wallet=wallet or row.text("Broker") or WALLET,
        to_wallet=row.text("Sent to"),
        note=row.text("Notes"),
    )


def named(row: Row, column: str) -> str:
    """The newer file's column says in its name that the coin's name may stand there too: `SOL (Solana)`."""
    return f"{column} (name)" if row.has(f"{column} (name)") else column


FORMAT = Format(
    key="delta",
    label="Delta",
    required=columns(
        "Date,Way,Base amount,Base currency (name),Base type,Quote amount,Quote currency,Exchange,Sent/Received from,"
        "Sent to,Fee amount,Fee currency (name),Broker,Notes"
    ),
    optional=frozenset(),
    read=each_row(read_row),
)
OLD = Format(
    key="delta_old",
    label="Delta",
    required=columns(
        "Date,Type,Exchange,Base amount,Base currency,Quote amount,Quote currency,Fee,Fee currency,Costs/Proceeds,"
        "Costs/Proceeds currency,Sync Holdings,Sent/Received from,Sent to,Notes"
    ),
    optional=frozenset(),
    read=each_row(read_row),
)
FORMATS = (FORMAT, OLD)
