"""Kraken's ledgers: one row for each change of a balance. Rows of one trade share a refid, and there may be more than
two of them: the legs are summed by coin. A row's fee is in the row's own coin, on top of its amount.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from dashboard.importing.cells import Row, Unreadable, rows
from dashboard.importing.fills import emptied, in_order, outcomes_of, trade_of
from dashboard.importing.formats import Format, Outcome, Skipped
from dashboard.importing.kraken_names import ticker_of
from dashboard.importing.movement import Movement, Sum
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind
from dashboard.money import WIDE

WALLET = "Kraken"
FUTURES = "Kraken Futures"
TRADES = {"trade": "trade", "spend": "swap", "receive": "swap", "settled": "settled"}
"""Types whose rows make a trade with those of the same refid."""
LOCKS = {
    "allocation": Kind.STAKE,
    "autoallocation": Kind.STAKE,
    "bonding": Kind.STAKE,
    "deallocation": Kind.UNSTAKE,
    "autodeallocation": Kind.UNSTAKE,
    "unbonding": Kind.UNSTAKE,
}
STAKING = {"spottostaking": Kind.STAKE, "spotfromstaking": Kind.UNSTAKE}
TWINS = frozenset({"stakingfromspot", "stakingtospot"})
REWARDS = frozenset({"reward", "airdrop", "bonus"})
NOT_BOOKED = gettext_noop(
    "Kraken had not booked this yet: the row has no balance. Once booked it stands in a row of its own."
)
OTHER_HALF = gettext_noop("The other half of a move between one's own accounts at Kraken, which is kept once.")
MIGRATED = gettext_noop("Kraken moved these coins from one of its programmes to another; they stay one's own.")
CREDITS = gettext_noop("Kraken's fee credits are no coin.")
NOTHING = gettext_noop("Nothing moves here.")


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    outcomes: list[Outcome] = []
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(table, zone):
        type_ = row.text("type").lower()
        if reason := left_out(row):
            outcomes.append(Skipped(row.line, reason))
        elif type_ in TRADES and row.text("refid"):
            groups[TRADES[type_], row.text("refid")].append(row)
        elif type_ == "earn" and row.text("subtype").lower() not in REWARDS:
            groups["earn", row.text("refid") or row.text("txid")].append(row)
        else:
            outcomes.extend(outcomes_of([row], partial(alone, row, type_)))
    for (family, _), group in emptied(groups):
        if family == "earn":
            outcomes.extend(earn(group))
        else:
            outcomes.extend(outcomes_of(group, partial(together, group)))
    yield from in_order(outcomes)


def left_out(row: Row) -> str:
    """Why a row counts for nothing; "" where it does."""
    if not row.text("txid") and not row.text("balance"):
        return gettext(NOT_BOOKED)
    if row.text("asset") == "KFEE":
        return gettext(CREDITS)
    if moves_nothing(row):
        return gettext(NOTHING)
    if row.text("type").lower() == "transfer" and row.text("subtype").lower() in TWINS:
        return gettext(OTHER_HALF)
    return ""


def moves_nothing(row: Row) -> bool:
    try:
        return not row.amount("amount") and not row.optional_amount("fee")
    except Unreadable:
        return False


def changed(row: Row) -> Sum:
    asset = row.text("asset")
    if not asset:
        raise Unreadable(gettext("asset: It is empty."))
    return Sum(row.amount("amount"), ticker_of(asset))


def fee_of(row: Row) -> Sum:
    return Sum(row.optional_amount("fee") or Decimal(0), ticker_of(row.text("asset")))


def movement(row: Row, id_: str) -> Movement:
    return Movement(row.moment("time"), wallet=WALLET, external_id=id_)


def together(group: list[Row]) -> Movement:
    """The trade that the rows of one refid make."""
    first = group[0]
    trade = trade_of([changed(row) for row in group], [fee_of(row) for row in group])
    return replace(movement(first, first.text("refid")), sent=trade.sent, received=trade.received, fee=trade.fee)


def earn(group: list[Row]) -> list[Outcome]:
    """A move into or out of Earn, written as one row for each side: the first one is kept."""
    first, *others = group
    try:
        twins = all(changed(row).ticker == changed(first).ticker for row in others)
    except Unreadable:
        twins = False
    if not twins:
        return outcomes_of(group, partial(together, group))
    if first.text("subtype").lower() == "migration":
        return [Skipped(row.line, gettext(MIGRATED)) for row in group]
    kept = outcomes_of([first], partial(lock, first))
    return [*kept, *(Skipped(row.line, gettext(OTHER_HALF)) for row in others)]


def lock(row: Row) -> Movement:
    subtype, change = row.text("subtype").lower(), changed(row)
    if subtype not in LOCKS:
        raise Unreadable(
            gettext("subtype: %(subtype)s is not known here.") % {"subtype": subtype[:40] or "An empty cell"}
        )
    return locked(row, change, LOCKS[subtype])


def locked(row: Row, change: Sum, kind: Kind) -> Movement:
    coins = Sum(abs(change.amount), change.ticker)
    moved = replace(movement(row, row.text("txid")), kind=kind)
    return replace(moved, sent=coins) if kind is Kind.STAKE else replace(moved, received=coins)


def alone(row: Row, type_: str) -> Movement:
    """What a row says that stands for itself. A fee that is paid back is part of what came back."""
    change, fee = changed(row), fee_of(row)
    if fee.amount < 0:
        change, fee = Sum(WIDE.subtract(change.amount, fee.amount), change.ticker), Sum(Decimal(0), fee.ticker)
    moved = replace(movement(row, row.text("txid")), fee=fee if fee.amount else None)
    if type_ in ("deposit", "withdrawal", "adjustment"):
        note = "Adjustment by Kraken" if type_ == "adjustment" else ""
        return replace(either_way(moved, change), note=note)
    if type_ in ("staking", "earn", "invite bonus", "dividend"):
        return reward(moved, change, type_)
    if type_ == "transfer":
        return transfer(row, moved, change)
    if type_ in ("margin", "rollover"):
        return margin(moved, change)
    raise Unreadable(gettext("Kraken's type %(type)s is not known here.") % {"type": type_[:40] or "(none)"})


def either_way(moved: Movement, change: Sum) -> Movement:
    if change.amount > 0:
        return replace(moved, received=change)
    return replace(moved, sent=Sum(-change.amount, change.ticker)) if change.amount else moved


def reward(moved: Movement, change: Sum, type_: str) -> Movement:
    if change.amount <= 0:
        raise Unreadable(gettext("amount: Kraken's type %(type)s brings coins, but here they leave.") % {"type": type_})
    if type_ == "dividend" and change.is_money:
        raise Unreadable(
            gettext("A dividend in %(ticker)s: the file doesn't say what paid it.") % {"ticker": change.ticker}
        )
    return replace(moved, received=change, kind=Kind.REWARD)


def transfer(row: Row, moved: Movement, change: Sum) -> Movement:
    subtype = row.text("subtype").lower()
    coins = Sum(abs(change.amount), change.ticker)
    if subtype in STAKING:
        return locked(row, change, STAKING[subtype])
    if subtype == "spottofutures":
        return replace(moved, sent=coins, received=coins, to_wallet=FUTURES)
    if subtype == "spotfromfutures":
        return replace(moved, sent=coins, received=coins, wallet=FUTURES, to_wallet=WALLET)
    if subtype:
        raise Unreadable(gettext("subtype: %(subtype)s is not known here.") % {"subtype": subtype[:40]})
    return either_way(moved, change)


def margin(moved: Movement, change: Sum) -> Movement:
    """Fees of a position; its profit or loss is kept only where it is money, which is skipped."""
    if change.amount and not change.is_money:
        raise Unreadable(gettext("Profit or loss of a margin position in coins: say what came of it."))
    return either_way(moved, change)


FORMAT = Format(
    key="kraken_ledgers",
    label="Kraken ledgers",
    required=frozenset({"txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance"}),
    optional=frozenset({"subclass", "wallet", "amountusd", ""}),
    read=read,
)
