"""Binance's transaction history, which holds everything: one row for each change of a coin's balance.

The legs and fees of trades share a second and an account. They are netted by coin, and make a trade where exactly one
coin goes up and one down; what does not is left to its owner. Identical rows are real fills.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from dashboard.importing.cells import Row, Unreadable, rows
from dashboard.importing.fills import emptied, in_order, outcomes_of, trade_of
from dashboard.importing.formats import Format, Outcome, Skipped
from dashboard.importing.movement import Movement, Sum
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind

WALLET = "Binance"
NEWEST = {"Time": "UTC_Time"}
"""What the newest layout calls otherwise; its times don't say that they are in UTC."""
TIMES = ("", "%y-%m-%d %H:%M:%S")
FEES = frozenset({"fee", "transaction fee"})
LEGS = FEES | {
    "buy",
    "sell",
    "transaction buy",
    "transaction spend",
    "transaction sold",
    "transaction revenue",
    "transaction related",
    "binance convert",
    "large otc trading",
    "buy crypto",
    "buy crypto with card",
    "buy crypto with fiat",
    "sell crypto to fiat",
    "small assets exchange bnb",
    "small assets exchange bnb (spot)",
    "auto-invest transaction",
    "stablecoins auto-conversion",
    "leverage token redemption",
    "swap farming transaction",
    "liquid swap sell",
}
SUCCESSION = frozenset({"eth 2.0 staking", "token swap - redenomination/rebranding", "token swap - distribution"})
"""One coin becomes another, and no value changes hands."""
BOTH_WAYS = {
    "deposit": (Kind.DEPOSIT, None),
    "crypto deposit": (Kind.DEPOSIT, None),
    "fiat deposit": (Kind.DEPOSIT, None),
    "fiat ocbs - add fiat and fees": (Kind.DEPOSIT, None),
    "withdraw": (None, Kind.WITHDRAWAL),
    "crypto withdraw": (None, Kind.WITHDRAWAL),
    "fiat withdraw": (None, Kind.WITHDRAWAL),
    "fiat withdrawal": (None, Kind.WITHDRAWAL),
    "send": (None, Kind.WITHDRAWAL),
    "receive": (Kind.DEPOSIT, None),
    "crypto box": (Kind.GIFT_IN, Kind.GIFT_OUT),
    "binance card spending": (None, Kind.SPEND),
    "launchpool subscription/redemption": (Kind.UNSTAKE, Kind.STAKE),
    "launchpool earnings withdrawal": (Kind.REWARD, None),
}
"""The kind of other operations where coins come, and where they go."""
INTO_EARN = ("subscription", "purchase")
OUT_OF_EARN = ("redemption",)
REWARDS = (
    "interest",
    "reward",
    "airdrop",
    "rebate",
    "cashback",
    "kickback",
    "voucher",
    "distribution",
    "mining",
    "referral commission",
    "commission history",
    "commission fee shared",
)
"""Words by which operations that bring something say so."""
MOVES = ("transfer_in", "transfer_out", "transfer between ", "main and funding account transfer")
OWN_ACCOUNTS = gettext_noop("Coins that move between one's own accounts at Binance stay one's own.")
OTHER_HALF = gettext_noop(
    "The other side of a move into or out of Earn, which is kept by the row of the coins themselves."
)
FUTURES = gettext_noop("Profit, loss and fees of futures are no transactions of coins that can be kept here.")


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    outcomes: list[Outcome] = []
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows(table, zone, NEWEST):
        operation = row.text("Operation").lower()
        if operation in LEGS and not is_futures(row):
            groups["trade", row.text("UTC_Time"), row.text("Account")].append(row)
        elif operation in SUCCESSION:
            groups["succession", row.text("UTC_Time"), row.text("Account"), operation].append(row)
        elif reason := left_out(row, operation):
            outcomes.append(Skipped(row.line, reason))
        else:
            outcomes.extend(outcomes_of([row], partial(alone, row, operation)))
    for (family, *_), group in emptied(groups):
        outcomes.extend(outcomes_of(group, partial(together, group, Kind.MIGRATE if family == "succession" else None)))
    yield from in_order(outcomes)


def is_futures(row: Row) -> bool:
    return "futures" in row.text("Account").lower()


def changed(row: Row) -> Sum:
    number, coin = row.amount("Change"), row.text("Coin")
    if not coin:
        raise Unreadable(gettext("Coin: It is empty."))
    if not number:
        raise Unreadable(gettext("Change: Nothing moves here."))
    return Sum(number, coin)


def together(group: list[Row], kind: Kind | None) -> Movement:
    """The trade that the rows of one second and account make."""
    changes = [changed(row) for row in group if row.text("Operation").lower() not in FEES]
    fees = [changed(row) for row in group if row.text("Operation").lower() in FEES]
    trade = trade_of(changes, [Sum(-fee.amount, fee.ticker) for fee in fees])
    return Movement(
        group[0].moment("UTC_Time", *TIMES),
        sent=trade.sent,
        received=trade.received,
        fee=trade.fee,
        kind=kind,
        wallet=WALLET,
        note=note_of(group[0]),
    )


def left_out(row: Row, operation: str) -> str:
    """Why a row counts for nothing; "" where it does."""
    if operation.startswith(MOVES):
        return gettext(OWN_ACCOUNTS)
    number = row.text("Change")
    into, out = operation.endswith(INTO_EARN), operation.endswith(OUT_OF_EARN)
    if operation not in BOTH_WAYS and number and ((into and number[0] != "-") or (out and number[0] == "-")):
        return gettext(OTHER_HALF)
    return ""


def alone(row: Row, operation: str) -> Movement:
    change, at, note = changed(row), row.moment("UTC_Time", *TIMES), note_of(row)
    kind = kind_of(row, operation, change)
    if kind in (Kind.STAKE, Kind.WITHDRAWAL, Kind.GIFT_OUT, Kind.SPEND):
        return Movement(at, sent=Sum(-change.amount, change.ticker), kind=kind, wallet=WALLET, note=note)
    return Movement(at, received=change, kind=kind, wallet=WALLET, note=note)


def kind_of(row: Row, operation: str, change: Sum) -> Kind:
    arrives = change.amount > 0
    if operation in BOTH_WAYS:
        kind = BOTH_WAYS[operation][0 if arrives else 1]
        if kind is None:
            raise Unreadable(
                gettext("Change: %(operation)s moves coins the other way.") % {"operation": row.text("Operation")}
            )
        return kind
    if operation.endswith(INTO_EARN):
        return Kind.STAKE
    if operation.endswith(OUT_OF_EARN):
        return Kind.UNSTAKE
    if arrives and any(word in operation for word in REWARDS):
        return Kind.REWARD
    if is_futures(row):
        raise Unreadable(gettext(FUTURES))
    if operation.startswith(("p2p", "c2c")):
        raise Unreadable(gettext("The file doesn't say what was paid for these coins."))
    raise Unreadable(
        gettext("Binance's operation %(none)s is not known here.") % {"none": row.text("Operation")[:60] or "(none)"}
    )


def note_of(row: Row) -> str:
    return row.text("Remark").strip('"')[:500]


FORMATS = (
    Format(
        key="binance_history",
        label="Binance transaction history",
        required=frozenset({"UTC_Time", "Account", "Operation", "Coin", "Change", "Remark"}),
        optional=frozenset({"User_ID"}),
        read=read,
    ),
    Format(
        key="binance_history",
        label="Binance transaction history",
        required=frozenset({"Time", "Account", "Operation", "Coin", "Change", "Remark"}),
        optional=frozenset({"User ID", "User_ID"}),
        read=read,
    ),
)
