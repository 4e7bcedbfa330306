"""Whether a sample of a price is believed, given what was believed before it.

Pure: a function of the sample, of what is known and of the time.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Final, NamedTuple

from dashboard.market.quote import Quote

AHEAD: Final = timedelta(seconds=60)
"""How far the source's clock may be ahead of ours."""
JUMP: Final = Decimal("0.30")
STABLECOIN_JUMP: Final = Decimal("0.05")
MOVED_HIGH: Final = Decimal("0.05")
DOUBT: Final = timedelta(hours=1)
"""How long an answer that seems to be in another currency is doubted before it is judged like any other."""
STABLECOINS: Final = frozenset({"dai", "frax", "tusd", "gho", "usde", "eurc", "eurs", "ustc", "mim", "lusd", "crvusd"})


class Verdict(Enum):
    ACCEPTED = auto()
    HELD = auto()
    """A jump: the next sample confirms it or not."""
    REJECTED = auto()


class Known(NamedTuple):
    """The last accepted sample of an asset, and the jump that waits for confirmation, if any."""

    price: Decimal | None = None
    as_of: datetime | None = None
    ath: Decimal | None = None
    pending_price: Decimal | None = None
    pending_as_of: datetime | None = None


def judge(sample: Quote, known: Known, now: datetime) -> Verdict:
    """Older or future samples, and unknown prices where one is known, are rejected.

    A jump is held until a later sample of the source's, not the same one repeated by a cache, is near it.
    """
    if sample.price is None or sample.as_of is None:
        return Verdict.ACCEPTED if known.price is None else Verdict.REJECTED
    if sample.as_of > now + AHEAD or (known.as_of is not None and sample.as_of < known.as_of):
        return Verdict.REJECTED
    if known.price is None:
        return Verdict.ACCEPTED
    bound = STABLECOIN_JUMP if is_stablecoin(sample.symbol, known.price) else JUMP
    if not is_jump(known.price, sample.price, bound):
        return Verdict.ACCEPTED
    if seems_other_currency(sample, known) and known.as_of is not None and now - known.as_of < DOUBT:
        return Verdict.REJECTED
    if known.pending_price is None or known.pending_as_of is None:
        return Verdict.HELD
    if sample.as_of < known.pending_as_of:
        return Verdict.REJECTED
    confirms = sample.as_of > known.pending_as_of and not is_jump(known.pending_price, sample.price, bound)
    return Verdict.ACCEPTED if confirms else Verdict.HELD


def is_jump(before: Decimal, after: Decimal, bound: Decimal) -> bool:
    return abs(after - before) >= bound * before


def is_stablecoin(symbol: str, price: Decimal) -> bool:
    """Told by its ticker and by a price near one dollar: the source does not say."""
    symbol = symbol.lower()
    return ("usd" in symbol or symbol in STABLECOINS) and Decimal("0.5") < price < 2


def seems_other_currency(sample: Quote, known: Known) -> bool:
    """An all-time high moves only when the price is there; it moves without the price when the unit is another."""
    if not sample.price or not sample.ath or not known.ath:
        return False
    return is_jump(known.ath, sample.ath, MOVED_HIGH) and sample.price < sample.ath * (1 - MOVED_HIGH)
