"""The facts a ledger is computed from: one entry is one thing that happened, its amounts exact, its values already in
the portfolio's currency. Not where facts come from: no database, no exchange rates, no prices.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from enum import StrEnum
from itertools import islice
from operator import attrgetter, lt
from typing import Any, cast

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
LAST_PLACE = Decimal(1).scaleb(-18)
LIMIT = Decimal(10) ** 20
ZERO = Decimal(0)


class Kind(StrEnum):
    """What happened, in the words of the API and of Tickfolio's own CSV."""

    BUY = "buy"
    SELL = "sell"
    SWAP = "swap"
    TRANSFER = "transfer"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    REWARD = "reward"
    STAKE = "stake"
    UNSTAKE = "unstake"
    GIFT_IN = "gift_in"
    GIFT_OUT = "gift_out"
    SPEND = "spend"
    LOST = "lost"
    FEE = "fee"
    FORK = "fork"
    SPLIT = "split"
    MIGRATE = "migrate"
    DIVIDEND = "dividend"
    ADJUST = "adjust"


INCOMING = frozenset({Kind.BUY, Kind.DEPOSIT, Kind.REWARD, Kind.GIFT_IN, Kind.FORK})
MOVING = frozenset({Kind.SWAP, Kind.TRANSFER, Kind.MIGRATE, Kind.STAKE, Kind.UNSTAKE, Kind.SPLIT})
TWO_LEGGED = frozenset({Kind.SWAP, Kind.MIGRATE})
RANK = {kind: 0 if kind in INCOMING else 1 if kind in MOVING else 2 for kind in Kind}


class InvalidEntry(ValueError):
    """No transaction can say this, or not after those before it. `field` names what is wrong, the message says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction as the ledger sees it.

    `amount` counts units of `asset`; it is the ratio of a split, the corrected count of an adjustment, the money of a
    dividend. Amounts of coins have at most 18 decimals. Money (`value`, `basis`, `fee_value`, a fee in money) is in the
    portfolio's currency and is rounded to 18.
    `value` is what the main leg was worth at the time, without fees (in a swap: what either leg was worth).
    `basis` is a cost that the owner knows (deposit, gift in, adjustment). None means unknown.
    `fee_asset` None means that the fee is money; else `fee_amount` counts coins, which were worth `fee_value`. A
    `fee_value` without any fee stands for one in money of which nobody knows how much it was.
    """

    id: int
    at: datetime
    kind: Kind
    asset: str
    amount: Decimal
    wallet: str = ""
    value: Decimal | None = None
    basis: Decimal | None = None
    counter_asset: str | None = None
    counter_amount: Decimal | None = None
    fee_asset: str | None = None
    fee_amount: Decimal = ZERO
    fee_value: Decimal | None = None
    to_wallet: str = ""

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise InvalidEntry("at", "a time needs its zone")
        if not self.asset:
            raise InvalidEntry("asset", "an asset is needed")
        if not fits(self.amount):
            check_coins("amount", self.amount)
        if not self.amount and self.kind is not Kind.ADJUST:
            raise InvalidEntry("amount", "must be more than zero")
        if self.kind in TWO_LEGGED or self.counter_asset is not None or self.counter_amount is not None:
            self._check_counter_leg()
        if self.fee_asset is not None:
            self._check_coin_fee()
        elif self.fee_amount is not ZERO and not fits(self.fee_amount):
            self._round_money("fee_amount", self.fee_amount)
        if self.value is not None and not fits(self.value):
            self._round_money("value", self.value)
        if self.basis is not None and not fits(self.basis):
            self._round_money("basis", self.basis)
        if self.fee_value is not None and not fits(self.fee_value):
            self._round_money("fee_value", self.fee_value)

    def _check_counter_leg(self) -> None:
        if self.kind not in TWO_LEGGED:
            if self.counter_asset is not None or self.counter_amount is not None:
                raise InvalidEntry("counter_asset", f"{self.kind} has no second leg")
            return
        if not self.counter_asset or self.counter_amount is None:
            raise InvalidEntry("counter_asset", f"{self.kind} needs its second leg")
        if self.counter_asset == self.asset:
            raise InvalidEntry("counter_asset", "both legs are the same asset")
        check_coins("counter_amount", self.counter_amount)
        if not self.counter_amount:
            raise InvalidEntry("counter_amount", "must be more than zero")

    def _check_coin_fee(self) -> None:
        check_coins("fee_amount", self.fee_amount)
        arriving = self.amount if self.kind is Kind.BUY else self.counter_amount if self.kind is Kind.SWAP else None
        bought = self.asset if self.kind is Kind.BUY else self.counter_asset
        if arriving is not None and self.fee_asset == bought and self.fee_amount >= arriving:
            raise InvalidEntry("fee_amount", "the fee takes all that was bought")

    def _round_money(self, field: str, number: Decimal) -> None:
        check_size(field, number)
        object.__setattr__(self, field, number.quantize(LAST_PLACE, context=EXACT))

    @property
    def assets(self) -> tuple[str, ...]:
        """Every asset whose figures this entry may change, the main one first, each once."""
        assets = [self.asset]
        if self.counter_asset:
            assets.append(self.counter_asset)
        if self.fee_asset and self.fee_amount and self.fee_asset not in assets:
            assets.append(self.fee_asset)
        return tuple(assets)


class Stored:
    """The slots of an Entry, open to be written."""

    __slots__ = tuple(field.name for field in fields(Entry))


def stored_entry(
    id: int,
    at: datetime,
    kind: Kind,
    asset: str,
    amount: Decimal,
    wallet: str = "",
    value: Decimal | None = None,
    basis: Decimal | None = None,
    counter_asset: str | None = None,
    counter_amount: Decimal | None = None,
    fee_asset: str | None = None,
    fee_amount: Decimal = ZERO,
    fee_value: Decimal | None = None,
    to_wallet: str = "",
) -> Entry:
    """An entry of facts that were checked when they were stored; nothing is looked at again, or rounded.

    A frozen class writes each field by a call; writing an open one and then calling it an Entry takes a tenth of that.
    """
    entry: Any = Stored()
    entry.id = id
    entry.at = at
    entry.kind = kind
    entry.asset = asset
    entry.amount = amount
    entry.wallet = wallet
    entry.value = value
    entry.basis = basis
    entry.counter_asset = counter_asset
    entry.counter_amount = counter_amount
    entry.fee_asset = fee_asset
    entry.fee_amount = fee_amount
    entry.fee_value = fee_value
    entry.to_wallet = to_wallet
    entry.__class__ = Entry
    return cast("Entry", entry)


def order(entry: Entry) -> tuple[datetime, int, int]:
    """Where an entry stands: by time, then incoming before moving before outgoing, then order of entry."""
    return entry.at, RANK[entry.kind], entry.id


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """The entries sorted by `order`, in less time where they come by time and no two of them share their moment."""
    ordered = list(entries)
    times = list(map(time_of, ordered))
    if not all(map(lt, times, islice(times, 1, None))):
        ordered.sort(key=order)
    return ordered


time_of = attrgetter("at")


def fits(number: Decimal) -> bool:
    """Is it one that can be kept as it is? What follows says why not."""
    return (
        isinstance(number, Decimal)
        and number.is_finite()
        and ZERO <= number < LIMIT
        and number.quantize(LAST_PLACE, context=EXACT) == number
    )


def check_size(field: str, number: Decimal) -> None:
    """InvalidEntry unless `number` is a Decimal, finite, not negative and of at most 20 integer digits."""
    if not isinstance(number, Decimal):
        raise InvalidEntry(field, "must be a Decimal")
    if not number.is_finite():
        raise InvalidEntry(field, "must be a number")
    if number < ZERO:
        raise InvalidEntry(field, "must not be negative")
    if number >= LIMIT:
        raise InvalidEntry(field, "has more than 20 digits before the decimal point")


def check_coins(field: str, number: Decimal) -> None:
    """As check_size, and at most 18 decimals: an amount of coins is never rounded."""
    check_size(field, number)
    if number.quantize(LAST_PLACE, context=EXACT) != number:
        raise InvalidEntry(field, "has more than 18 decimals")
