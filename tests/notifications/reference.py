"""When reminders fire, once more: plain loops over whole walks of whole numbers, that share nothing with the product.

Figures are hundredths (of money, of a percent), bands hundredths of a percent; a figure of None was not known. `cool`
is how many samples it rests after a firing. Each function returns at which places of the walk it fires.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

Walk = Sequence[int | None]
Test = Callable[[Fraction | int], bool]


def crossings(
    walk: Sequence[Fraction | int | None],
    is_true: Test,
    is_back: Test,
    repeats: bool,
    cool: int,
    own: Sequence[bool] = (),
) -> list[int]:
    """Armed by false, fired by true, armed again by back; what is true at first, or by the owner's hand, waits."""
    state, last, fired = "unknown", -cool, []
    for place, figure in enumerate(walk):
        if figure is None or (state == "fired" and not repeats):
            continue
        if state == "unknown" or (own and own[place]):
            state = "waiting" if is_true(figure) else "armed"
        elif state == "armed" and is_true(figure) and place - last >= cool:
            state, last = "fired", place
            fired.append(place)
        elif (state == "waiting" and not is_true(figure)) or (state == "fired" and is_back(figure)):
            state = "armed"
    return fired


def limit(walk: Walk, level: int, above: bool, gap: Fraction, **terms: object) -> list[int]:
    """A figure beyond a level, and `gap` back from it."""
    side = 1 if above else -1
    return crossings(walk, lambda f: side * f > side * level, lambda f: side * f <= side * level - gap, **terms)  # type: ignore[arg-type]


def leaves(walk: Walk, low: int, high: int, band: int, **terms: object) -> list[int]:
    up, down = (min(Fraction(edge * band, 10_000), Fraction(high - low, 4)) for edge in (low, high))
    return crossings(walk, lambda f: f < low or f > high, lambda f: low + up <= f <= high - down, **terms)  # type: ignore[arg-type]


def enters(walk: Walk, low: int, high: int, band: int, **terms: object) -> list[int]:
    down, up = (Fraction(edge * band, 10_000) for edge in (low, high))
    return crossings(walk, lambda f: low < f < high, lambda f: f <= low - down or f >= high + up, **terms)  # type: ignore[arg-type]


def change(walk: Walk, bases: Walk, by: int, band: int, direction: str, **terms: object) -> list[int]:
    """In percent of the base of the same place; a band is points, at most half the limit."""
    back = by - min(Fraction(band), Fraction(by, 2))
    moves = [
        None if price is None or base is None else (Fraction(price, base) - 1) * 10_000
        for price, base in zip(walk, bases, strict=True)
    ]
    height: dict[str, Callable[[Fraction | int], Fraction | int]] = {
        "up": lambda f: f,
        "down": lambda f: -f,
        "both": lambda f: max(f, -f),
    }
    high = height[direction]
    return crossings(moves, lambda f: high(f) > by, lambda f: high(f) <= back, **terms)  # type: ignore[arg-type]


def since_first(walk: Walk) -> Walk:
    """The first known price, at every place."""
    first = next((price for price in walk if price is not None), None)
    return [first] * len(walk)


def drawdown(walk: Walk, by: int, band: int, **terms: object) -> list[int]:
    """In percent of the highest so far."""
    peak, under = 0, list[Fraction | None]()
    for value in walk:
        peak = max(peak, value or 0)
        under.append(None if value is None else (1 - Fraction(value, peak)) * 10_000)
    back = by - min(Fraction(band), Fraction(by, 2))
    return crossings(under, lambda f: f > by, lambda f: f <= back, **terms)  # type: ignore[arg-type]


def trailing(walk: Walk, by: int, band: int, falls: bool, repeats: bool, cool: int) -> list[int]:
    """Upside down for rises: then all is negative, and a fall from the high is a rise from the low."""
    high = low = None
    last, fired = -cool, []
    for place, price in enumerate(walk):
        if price is None or (low is not None and not repeats):
            continue
        price = price if falls else -price
        if low is None:
            high = price if high is None else max(high, price)
            if price < high - Fraction(abs(high) * by, 10_000) and place - last >= cool:
                low, last = price, place
                fired.append(place)
        else:
            low = min(low, price)
            if price >= low + Fraction(abs(low) * band, 10_000):
                high, low = price, None
    return fired


def either_way(walk: Walk, cost: int, band: int, repeats: bool, cool: int) -> list[int]:
    """Across the cost, from whichever side it was on."""
    side, state, last, fired = 0, "armed", -cool, []
    for place, price in enumerate(walk):
        if price is None or price == cost or (state == "fired" and not repeats):
            continue
        now = 1 if price > cost else -1
        if state == "fired":
            side = now
            if abs(price - cost) >= Fraction(cost * band, 10_000):
                state = "armed"
        elif side == 0:
            side = now
        elif side != now and place - last >= cool:
            state, side, last = "fired", now, place
            fired.append(place)
    return fired


def depeg(walk: Walk, by: int, band: int, minutes: int, repeats: bool, cool: int) -> list[int]:
    """Off 100.00 for as many samples, which are a minute apart."""
    back = by - min(Fraction(band), Fraction(by, 2))
    state, since, last, fired = "unknown", None, -cool, []
    for place, price in enumerate(walk):
        if price is None or (state == "fired" and not repeats):
            continue
        off = abs(price - 10_000)
        if state == "unknown":
            state = "waiting" if off > by else "armed"
        elif state == "armed":
            since = None if off <= by or place - last < cool else place if since is None else since
            if since is not None and place - since >= minutes:
                state, since, last = "fired", None, place
                fired.append(place)
        elif off <= (by if state == "waiting" else back):
            state = "armed"
    return fired


def stale(last_prices: Sequence[int], minutes: int, repeats: bool, cool: int) -> list[int]:
    """At every minute, the minute of the newest price."""
    ages = [now - at for now, at in enumerate(last_prices)]
    return crossings(ages, lambda age: age > minutes, lambda age: age <= minutes, repeats, cool)


def schedule(looks: Sequence[int], every: int, repeats: bool) -> list[int]:
    """At which looks a report comes, one for all times that passed since the look before."""
    due, fired = None, []
    for place, minute in enumerate(looks):
        if due is not None and minute >= due:
            fired.append(place)
            if not repeats:
                return fired
        if due is None or minute >= due:
            due = (minute // every + 1) * every
    return fired
