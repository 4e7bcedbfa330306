"""Coins that people follow without holding them, and which assets' prices are fetched because of that."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from accounts.currencies import COINS
from accounts.models import User
from dashboard import leaps
from dashboard.models import Asset, WatchedCoin

MOST_WATCHED: Final = 100
IS_COIN: Final = "currency IN ({})".format(", ".join(f"'{code}'" for code in COINS))
"""As the condition of the indexes that say who counts in a coin."""


class TooManyWatched(Exception):
    """The list is full; the message says how long it may be."""


def watch(user: User, coin: Asset) -> None:
    """Follow the coin; twice is once. Raises TooManyWatched."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        others = WatchedCoin.objects.filter(user=user).exclude(asset=coin)
        if others.count() >= MOST_WATCHED:
            raise TooManyWatched(
                gettext("You watch %(most_watched)s coins; leave one to make room.") % {"most_watched": MOST_WATCHED}
            )
        WatchedCoin.objects.get_or_create(user=user, asset=coin)


def unwatch(user: User, coin: Asset) -> None:
    WatchedCoin.objects.filter(user=user, asset=coin).delete()


def watched_by(user_id: int) -> frozenset[str]:
    return frozenset(WatchedCoin.objects.filter(user=user_id).values_list("asset_id", flat=True))


def watched_assets() -> set[str]:
    """Every asset that somebody watches, or counts in."""
    return set(WatchedCoin.objects.order_by().values_list("asset_id", flat=True).distinct()) | counted_in()


def counted_in() -> set[str]:
    """The coins that somebody, or a portfolio, counts in; by small indexes of those alone."""
    codes = [
        *leaps.values("accounts_user", "currency", where=IS_COIN, index="user_counts_in_coin"),
        *leaps.values("dashboard_portfolio", "currency", where=IS_COIN, index="portfolio_counts_in_coin"),
    ]
    return {COINS[code] for code in codes}
