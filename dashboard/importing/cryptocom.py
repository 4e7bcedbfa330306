"""The Crypto.com app: signed amounts, the other side of an exchange in columns of its own, times in UTC.

The kind of transaction decides. Some exchanges are two rows of one second, one debited and one credited; the coins
that were turned into one in a dust conversion share what arrived by what they were worth.
"""

from collections.abc import Iterator
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard.importing.cells import Row, Unreadable, moment, rows
from dashboard.importing.formats import Format, Outcome, Unclear, columns
from dashboard.importing.layouts import ISO
from dashboard.importing.movement import Movement, Sum, outcome_of, ticker_of
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind
from dashboard.money import WIDE, quantize

WALLET = "Crypto.com App"
UTC = ZoneInfo("UTC")
REWARDS = (
    "admin_wallet_credited", "air_drop", "airdrop_to_exchange_transfer", "campaign_reward", "card_cashback",
    "crypto_earn_extra_interest_paid", "crypto_earn_interest_paid", "dynamic_coin_swap_bonus_exchange_deposit",
    "finance.dpos.compound_interest.crypto_wallet", "finance.dpos.non_compound_interest.crypto_wallet",
    "finance.lockup.dpos_compound_interest.crypto_wallet", "gift_card_reward", "mco_stake_reward",
    "pay_checkout_reward", "referral_bonus", "referral_card_cashback", "referral_commission", "referral_gift",
    "reimbursement", "rewards_platform_deposit_credited", "staking_reward", "supercharger_reward_to_app_credited",
    "transfer_cashback",
)  # fmt: skip
LOCKS = (
    "council_node_deposit_created", "crypto_earn_program_created", "finance.dpos.staking.crypto_wallet",
    "finance.lockup.dpos_lock.crypto_wallet", "lockup_lock", "lockup_upgrade", "supercharger_deposit",
)  # fmt: skip
UNLOCKS = (
    "council_node_deposit_withdrawn", "crypto_earn_program_withdrawn", "finance.dpos.unstaking.crypto_wallet",
    "finance.lockup.dpos_unlock.crypto_wallet", "lockup_unlock", "supercharger_withdrawal",
)  # fmt: skip
REVERTED = ("card_cashback_reverted", "pay_checkout_reward_reverted", "reimbursement_reverted")
ONE_SIDED: dict[str, Kind] = {
    **dict.fromkeys(REWARDS, Kind.REWARD),
    **dict.fromkeys(LOCKS, Kind.STAKE),
    **dict.fromkeys(UNLOCKS, Kind.UNSTAKE),
    **dict.fromkeys(REVERTED, Kind.LOST),
    "crypto_deposit": Kind.DEPOSIT,
    "exchange_to_crypto_transfer": Kind.DEPOSIT,
    "crypto_withdrawal": Kind.WITHDRAWAL,
    "crypto_to_exchange_transfer": Kind.WITHDRAWAL,
    "crypto_payment": Kind.SPEND,
    "crypto_payment_refund": Kind.DEPOSIT,
}
FOR_MONEY = frozenset({"crypto_purchase", "card_top_up"})
"""Coins against money that has no columns of its own: it is the native amount."""
DEBITED, CREDITED = "_debited", "_credited"
PAIRED = ("crypto_wallet_swap", "dust_conversion", "dynamic_coin_swap", "interest_swap", "lockup_swap")


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    for key, group in groupby(rows(table, zone), key=conversion):
        if not key:
            yield from (understood(row) for row in group)
        else:
            yield from converted(list(group))


def conversion(row: Row) -> tuple[str, str] | None:
    """What the rows of one conversion share: its kind and its time."""
    kind = row.text("Transaction Kind").removesuffix(DEBITED).removesuffix(CREDITED)
    return (kind, row.text("Timestamp (UTC)")) if kind in PAIRED else None


def understood(row: Row) -> Outcome:
    try:
        return read_row(row)
    except Unreadable as error:
        return Unclear(row.line, str(error))


def read_row(row: Row) -> Outcome:
    kind = row.text("Transaction Kind")
    main, arrives = signed(row, "Amount", "Currency")
    to = signed(row, "To Amount", "To Currency")[0] if row.text("To Currency") else None
    if kind in FOR_MONEY:
        sent, received = (native(row), main) if arrives else (main, native(row))
        return outcome_of(row.line, movement(row, sent, received, Kind.SWAP))
    if main.is_money and (to is None or to.is_money):
        return outcome_of(row.line, movement(row, main, to, None))
    if to:
        return outcome_of(row.line, movement(row, main, to, Kind.SWAP))
    if kind == "crypto_transfer":
        stated = Kind.GIFT_IN if arrives else Kind.GIFT_OUT
    elif kind in ONE_SIDED:
        stated = ONE_SIDED[kind]
    else:
        return Unclear(
            row.line, gettext("The transaction kind %(kind)s isn't known.") % {"kind": kind[:60] or "of the row"}
        )
    if stated in (Kind.STAKE, Kind.UNSTAKE):
        arrives = stated is Kind.UNSTAKE
    return outcome_of(row.line, movement(row, None if arrives else main, main if arrives else None, stated))


def converted(group: list[Row]) -> Iterator[Outcome]:
    """Swaps of the coins that were debited for the one that was credited in the same second."""
    try:
        debited = [row for row in group if not signed(row, "Amount", "Currency")[1]]
        credited = [row for row in group if signed(row, "Amount", "Currency")[1]]
        parts = shares(debited, credited)
    except Unreadable as error:
        yield from (Unclear(row.line, str(error)) for row in group)
        return
    for row, part in zip(debited, parts, strict=True):
        sent = signed(row, "Amount", "Currency")[0]
        yield outcome_of(row.line, movement(row, sent, part, Kind.SWAP))


def shares(debited: list[Row], credited: list[Row]) -> list[Sum]:
    """What arrived, divided among the coins that left by their native amounts; the last one takes the rest."""
    if len(credited) != 1 or not debited:
        raise Unreadable(gettext("The rows of this second aren't coins turned into one coin."))
    whole = signed(credited[0], "Amount", "Currency")[0]
    if len(debited) == 1:
        return [whole]
    worths = [native(row) for row in debited]
    if not all(worths):
        raise Unreadable(gettext("How much of what arrived belongs to which coin can't be told."))
    amounts = [worth.amount for worth in worths if worth]
    everything = sum(amounts)
    parts = [quantize(WIDE.divide(WIDE.multiply(whole.amount, amount), everything)) for amount in amounts[:-1]]
    return [Sum(part, whole.ticker) for part in [*parts, WIDE.subtract(whole.amount, sum(parts))]]


def movement(row: Row, sent: Sum | None, received: Sum | None, kind: Kind | None) -> Movement:
    return Movement(
        at=moment(row.text("Timestamp (UTC)"), UTC, *ISO),
        sent=sent,
        received=received,
        kind=kind,
        worth=native(row),
        wallet=WALLET,
        note=row.text("Transaction Description"),
        external_id=row.text("Transaction Hash"),
    )


def signed(row: Row, amount_name: str, ticker_name: str) -> tuple[Sum, bool]:
    """The amount without its sign, and whether it arrives."""
    number = row.amount(amount_name)
    if not number:
        raise Unreadable(gettext("%(amount_name)s: It is zero.") % {"amount_name": amount_name})
    return Sum(abs(number), ticker_of(ticker_name, row.text(ticker_name))), number > 0


def native(row: Row) -> Sum | None:
    worth = row.optional_price("Native Amount")
    return Sum(abs(worth), ticker_of("Native Currency", row.text("Native Currency"))) if worth else None


FORMAT = Format(
    key="cryptocom",
    label="Crypto.com app",
    required=columns(
        "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,Native Currency,Native Amount,"
        "Native Amount (in USD),Transaction Kind"
    ),
    optional=frozenset({"Transaction Hash"}),
    read=read,
)
