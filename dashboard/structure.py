"""What decides how a dashboard's sections are built, besides the figures in their cells: a page that has the same mark
needs only the cells. Pure.
"""

from collections.abc import Collection, Iterable
from hashlib import blake2b

from dashboard.valuation import Held


def mark_of(locale: str, currency: str, held: Iterable[Held], unpriced: Collection[str], stale: bool) -> str:
    """Alike where the sections are: the same rows, names, notes and words, whatever the figures and the order."""
    rows = sorted((one.asset, one.symbol, one.name, bool(one.quantity), one.is_known, repr(one.issues)) for one in held)
    facts = (locale, currency, rows, sorted(unpriced), stale)
    return blake2b(repr(facts).encode(), digest_size=8).hexdigest()
