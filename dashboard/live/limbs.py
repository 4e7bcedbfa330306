"""Exact numbers by the thousand: each is a column of limbs, of nine decimal digits each, the weightiest first.

WHOLE limbs stand before the point, the others after it. `carry` leaves digits in all limbs but the first, which alone
tells the sign: -0.25 is -1 and 750,000,000 after the point. Pure.
"""

import struct
from decimal import Context, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

BASE: Final = 10**9
WHOLE: Final = 2
PER_CENT_LIMIT: Final = 1000
LARGEST: Final = 10**6
"""Of the first limb: numbers from 10**15 on are told apart, and looked at one by one."""
EXACT: Final = Context(prec=100)
Limbs = NDArray[np.int64]
Flags = NDArray[np.bool_]


def pack(number: Decimal, places: int) -> bytes | None:
    """The limbs of one number, so many of them after the point; None where it has more digits than that."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -9 * places or (number and number.adjusted() >= 9 * WHOLE):
        return None
    rest, limbs = abs(int(number.scaleb(9 * places, EXACT))), [0] * (WHOLE + places)
    for place in reversed(range(WHOLE + places)):
        rest, limbs[place] = divmod(rest, BASE)
    return struct.pack(f"{len(limbs)}q", *([-limb for limb in limbs] if number < 0 else limbs))


def unpack(packed: bytes) -> Decimal:
    """The number of these limbs."""
    number = 0
    for (limb,) in struct.iter_unpack("q", packed):
        number = number * BASE + limb
    return Decimal(number).scaleb(-9 * (len(packed) // 8 - WHOLE), EXACT)


def carry(limbs: Limbs) -> None:
    """Bring limbs in order, in place."""
    for place in range(len(limbs) - 1, 0, -1):
        over = limbs[place] // BASE
        limbs[place] -= over * BASE
        limbs[place - 1] += over


def times(one: Limbs, other: Limbs) -> tuple[Limbs, Flags]:
    """The products, carried, with the limbs after the point of both; and which are too large, which are given as 0."""
    product = np.zeros((len(one) + len(other) - 1, one.shape[1]), np.int64)
    for place, limb in enumerate(other):
        if limb.any():
            product[place : place + len(one)] += one * limb
    beyond, product = product[0], product[1:]
    carry(product)
    large = (beyond != 0) | (np.abs(product[0]) >= LARGEST)
    if large.any():
        product[:, large] = 0
    return product, large


def magnitude(limbs: Limbs) -> tuple[Flags, Limbs]:
    """Which of these carried numbers are negative, and all without their signs."""
    negative = limbs[0] < 0
    if negative.any():
        limbs = np.where(negative, -limbs, limbs)
        carry(limbs)
    return negative, limbs


def as_float(limbs: Limbs) -> NDArray[np.float64]:
    """About these numbers."""
    about = limbs[0].astype(np.float64)
    for limb in limbs[1:]:
        about = about * BASE + limb
    return about * float(BASE) ** (WHOLE - len(limbs))


def rounded(limbs: Limbs, digits: int) -> tuple[Limbs, Limbs]:
    """Positive numbers with so many decimals (at most 8), half to even: what stands before the point, and after it."""
    whole, first = limbs[0] * BASE + limbs[1], limbs[WHOLE]
    unit = 10 ** (9 - digits)
    decimals = first // unit
    rest = first - decimals * unit
    more = (limbs[WHOLE + 1 :] != 0).any(axis=0)
    odd = (decimals if digits else whole) & 1
    decimals += (rest > unit // 2) | ((rest == unit // 2) & (more | (odd == 1)))
    over = decimals == 10**digits
    return whole + over, np.where(over, 0, decimals)


def to_places(limbs: Limbs, places: int) -> Limbs:
    """Positive numbers with so many limbs after the point, half to even."""
    kept, first, more = limbs[: WHOLE + places].copy(), limbs[WHOLE + places], limbs[WHOLE + places + 1 :]
    half = BASE // 2
    kept[-1] += (first > half) | ((first == half) & ((more != 0).any(axis=0) | (kept[-1] & 1 == 1)))
    carry(kept)
    return kept


def per_cent(part: Limbs, whole: Limbs) -> tuple[Limbs, Flags]:
    """How much of `whole` each `part` is, both positive: percent with one limb before the point and two after it.

    The last place is rounded; where that is too close to call, or no percentage under 1,000, it is 0 and told.
    Each limb is a quotient of floating point, and what that leaves is exact, so that the next one makes up for it.
    """
    rest = np.zeros((max(len(part), len(whole) + 2), part.shape[1]), np.int64)
    rest[: len(part)] = part * 100
    by = as_float(whole)
    unclear = (by <= 0) | (as_float(rest) >= PER_CENT_LIMIT * by)
    by = np.where(unclear, 1.0, by)
    rest[:, unclear] = 0
    digits = np.empty((3, part.shape[1]), np.int64)
    for place in range(3):
        if place:
            rest[1] += rest[0] * BASE
            rest = rest[1:]
        digits[place] = np.rint(as_float(rest) / by)
        rest[: len(whole)] -= digits[place] * whole
        carry(rest)
    unclear |= np.abs(np.abs(as_float(rest) / by) - 0.5) < 1e-6
    digits[:, unclear] = 0
    carry(digits)
    return digits, unclear
