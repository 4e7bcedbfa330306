"""Which coin somebody means by what they typed; finding coins to choose from is dashboard.market.search's business."""

from collections.abc import Sequence

from django.db.models import Q

from dashboard.market.search import search_coins
from dashboard.models import Asset

WELL_KNOWN = 250
"""A ticker that several coins bear means the one among the largest, as it does in an import."""
MOST_CHOICES = 8


class NoSuchCoin(Exception):
    """No coin bears that name, neither here nor at the price source."""


class SeveralCoins(Exception):
    """Several coins may be meant: `choices`, best-ranked first."""

    def __init__(self, choices: Sequence[Asset]) -> None:
        super().__init__(f"{len(choices)} coins")
        self.choices = list(choices)


def coin_named(text: str, chosen: str = "") -> Asset:
    """The coin with that id, or else the one with that ticker, name or both; `chosen` is the id that was picked for it.

    Raises SeveralCoins where a person has to decide, NoSuchCoin where there is nothing to decide between.
    """
    text = " ".join(text.split())[:200]
    picked = Asset.objects.coins().filter(pk=chosen).first()
    if picked and text in {picked.pk, str(picked)}:
        return picked
    if exact := Asset.objects.coins().filter(pk__in=[text, text.lower()]).first():
        return exact
    candidates = bearing(text)
    if not candidates:
        close = search_coins(text)
        candidates = bearing(text) or close[:MOST_CHOICES]
        if not candidates:
            raise NoSuchCoin(text)
        if not bears(candidates[0], text):
            raise SeveralCoins(candidates)
    known = [coin for coin in candidates if coin.rank is not None and coin.rank <= WELL_KNOWN]
    if len(candidates) == 1 or known:
        return (known or candidates)[0]
    raise SeveralCoins(candidates)


def bearing(text: str) -> list[Asset]:
    """The coins with that ticker, name, or label as lists show it: best-ranked first."""
    name, _, ticker = text.removesuffix(")").rpartition(" (")
    labelled = Q(name__iexact=name, symbol__iexact=ticker) if name else Q(pk__in=[])
    matches = Q(symbol__iexact=text) | Q(name__iexact=text) | labelled
    return list(Asset.objects.coins().filter(matches).best_ranked()[:MOST_CHOICES])


def bears(coin: Asset, text: str) -> bool:
    return text.lower() in {coin.symbol.lower(), coin.name.lower(), str(coin).lower()}
