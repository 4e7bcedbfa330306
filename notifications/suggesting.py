"""Selector: reminders that somebody may want of a coin, ready to be made with one click."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from django.utils.translation import gettext

from accounts.currencies import COINS
from accounts.models import User
from dashboard import clock
from dashboard.formats import format_price, format_share
from dashboard.market import currencies
from dashboard.models import Asset, MarketQuote
from dashboard.money import WIDE, plain, quantize
from dashboard.portfolios import overview
from notifications.models import Reminder
from notifications.prices import converted
from notifications.wording import exact

UP, DOWN = Decimal("1.25"), Decimal("0.9")
PARTS: Final = (40, 50, 60, 70, 80, 90)
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What would be made, by field name; `made` is the id of one that is there already."""

    label: str
    detail: str
    values: Mapping[str, str]
    made: int | None = None


def suggestions(user: User, coin: Asset) -> list[Suggestion]:
    """For a coin that is held, or only looked at; none for what has no price, or is what the user counts in.

    Amounts are in the user's currency.
    """
    quote = MarketQuote.objects.filter(asset=coin).first()
    rate = currencies.todays_rates().rate("usd", user.currency)
    price = converted(quote.price, rate) if quote else None
    if price is None or price <= 0 or quote is None or COINS.get(user.currency) == coin.pk:
        return []
    holding = next((one for one in overview(user).holdings if one.asset == coin.pk), None)
    unit = user.currency.upper()
    found: list[tuple[str, str, dict[str, str]]] = []
    if holding is not None and holding.average_cost:
        cost = gettext("crosses your average cost, %(average_cost)s %(unit)s") % {
            "average_cost": format_price(holding.average_cost, user.currency),
            "unit": unit,
        }
        found.append((gettext("At my break-even"), cost, {"kind": "break_even", "direction": "both"}))
    with localcontext(WIDE):
        above, below = rounded(price * UP), rounded(price * DOWN)
    found.append(
        (
            "+25 %",
            gettext("rises above %(above)s %(unit)s") % {"above": exact(above), "unit": unit},
            {"kind": "price_above", "limit": plain(above)},
        )
    )
    found.append(
        (
            "−10 %",
            gettext("falls below %(below)s %(unit)s") % {"below": exact(below), "unit": unit},
            {"kind": "price_below", "limit": plain(below)},
        )
    )
    ath = None if user.currency in COINS else converted(quote.ath, rate)  # what it was against a coin isn't known
    if ath is not None and ath > price:
        high = gettext("rises above %(ath)s %(unit)s") % {"ath": exact(rounded(ath)), "unit": unit}
        found.append((gettext("All-time high"), high, {"kind": "price_above", "limit": plain(rounded(ath))}))
    if holding is not None and holding.share is not None:
        part = next((part for part in PARTS if part > holding.share), None)
        if part is not None:
            share = gettext("its share is %(share)s now") % {"share": format_share(holding.share)}
            found.append(
                (
                    gettext("Over %(part)s %% of all") % {"part": part},
                    share,
                    {"kind": "allocation_above", "limit": str(part)},
                )
            )
    there = made(user, coin)
    return [
        Suggestion(label, detail, {"asset": coin.pk, **values}, there.get(key_of(values)))
        for label, detail, values in found
    ]


def made(user: User, coin: Asset) -> dict[tuple[str, Decimal | None], int]:
    """The reminders on the coin that can still fire, by what they wait for."""
    alive = Reminder.objects.of(user).alive(clock.now()).filter(asset=coin, portfolio=None, currency=user.currency)
    return {(kind, limit): pk for kind, limit, pk in alive.values_list("kind", "limit", "pk")}


def key_of(values: Mapping[str, str]) -> tuple[str, Decimal | None]:
    return values["kind"], Decimal(values["limit"]) if "limit" in values else None


def rounded(amount: Decimal) -> Decimal:
    """To some significant digits: a limit that reads well."""
    return quantize(amount.quantize(Decimal(1).scaleb(min(0, amount.adjusted() - DIGITS)), context=WIDE))
