"""What each kind of reminder needs, may have, and must not have. Pure tables; notifications.validation applies them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext_noop

from notifications.models import Reminder

Kind = Reminder.Kind
LARGEST_PERCENT: Final = Decimal(1_000_000)
MOST_MINUTES: Final = 31 * 24 * 60


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds of a limit, both excluded; `words` tell them."""

    low: Decimal | None
    high: Decimal | None
    words: str

    def fits(self, value: Decimal) -> bool:
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


MONEY: Final = Limit(Decimal(0), None, gettext_noop("Enter a limit above zero."))
ANY_MONEY: Final = Limit(None, None, gettext_noop("Enter a number."))
RISE: Final = Limit(Decimal(0), LARGEST_PERCENT, gettext_noop("Enter a percentage above zero."))
FALL: Final = Limit(Decimal(0), Decimal(100), gettext_noop("Enter a percentage above 0 and below 100."))
PEG: Final = Limit(Decimal(0), Decimal(50), gettext_noop("Enter a percentage above 0 and below 50."))
ANY_PERCENT: Final = Limit(-LARGEST_PERCENT, LARGEST_PERCENT, gettext_noop("Enter a percentage."))
MINUTES: Final = Limit(
    Decimal(0),
    Decimal(MOST_MINUTES + 1),
    gettext_noop("Enter whole minutes from 1 to 44,640, which are 31 days."),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a kind is made of. `asset`: needed (True), possible (None), out of place (False).

    `fields` are those of OPTIONAL that it has, with their defaults; those with the default None are needed.
    """

    asset: bool | None
    portfolio: bool
    limit: Limit | None
    fields: Mapping[str, Any] = field(default_factory=dict)


OPTIONAL: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "limit_high": None,
        "window": "",
        "direction": "",
        "measure": "total",
        "unit": "money",
        "minutes": 10,
        "own_transactions": False,
        "schedule": None,
    }
)
"""Fields that only some kinds have, and what they hold in the others."""
OUT_OF_PLACE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "limit_high": gettext_noop("Only ranges have a second limit."),
        "window": gettext_noop("Only changes have a window of time."),
        "direction": gettext_noop("Reminders of this kind have no direction."),
        "measure": gettext_noop("Only profits are realised or unrealised."),
        "unit": gettext_noop("Only the limit of a profit can be in money or in percent."),
        "minutes": gettext_noop("Only a stablecoin off its peg has these minutes."),
        "own_transactions": gettext_noop("Your own transactions can't make this reminder fire."),
        "schedule": gettext_noop("Only reports have set times."),
    }
)
OWN: Final = MappingProxyType({"own_transactions": False})
PROFIT: Final = MappingProxyType({"own_transactions": False, "measure": "total", "unit": "money"})

TERMS: Final[Mapping[str, Terms]] = MappingProxyType(
    {
        Kind.PRICE_ABOVE: Terms(True, False, MONEY),
        Kind.PRICE_BELOW: Terms(True, False, MONEY),
        Kind.PRICE_LEAVES_RANGE: Terms(True, False, MONEY, {"limit_high": None}),
        Kind.PRICE_ENTERS_RANGE: Terms(True, False, MONEY, {"limit_high": None}),
        Kind.CHANGE: Terms(True, False, RISE, {"window": None, "direction": "both"}),
        Kind.TRAILING: Terms(True, False, RISE, {"direction": "down"}),
        Kind.BALANCE_ABOVE: Terms(False, True, MONEY, OWN),
        Kind.BALANCE_BELOW: Terms(False, True, MONEY, OWN),
        Kind.PROFIT_ABOVE: Terms(None, True, ANY_MONEY, PROFIT),
        Kind.PROFIT_BELOW: Terms(None, True, ANY_MONEY, PROFIT),
        Kind.BREAK_EVEN: Terms(True, True, None, {**OWN, "direction": "both"}),
        Kind.ALLOCATION_ABOVE: Terms(True, True, FALL, OWN),
        Kind.ALLOCATION_BELOW: Terms(True, True, FALL, OWN),
        Kind.DRAWDOWN: Terms(False, True, FALL, OWN),
        Kind.DEPEG: Terms(True, False, PEG, {"minutes": 10}),
        Kind.STALE: Terms(None, True, MINUTES),
        Kind.SCHEDULE: Terms(False, True, None, {"schedule": None}),
    }
)
ASSET_NEEDED: Final = gettext_noop("Choose the coin to watch.")
ASSET_OUT_OF_PLACE: Final = gettext_noop("This is about all that is held, not about one coin.")
PORTFOLIO_OUT_OF_PLACE: Final = gettext_noop("A price belongs to no portfolio.")
LIMIT_OUT_OF_PLACE: Final = gettext_noop("Reminders of this kind have no limit.")
