"""Selector: an asset's figures over time, as the ledger posted them, from what it keeps.

What no transaction has moved since is read as it is kept in its position; the rest goes on from the last lot state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard.gains import moved_by
from dashboard.ledger.entry import ZERO
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Amounts, Step
from dashboard.models import Portfolio, Position
from dashboard.stretches import standings_during


@dataclass(frozen=True, slots=True)
class Track:
    """The figures of an asset before the first of some steps, and these steps, made when they are read: of a long
    history they take much room."""

    opening: Amounts
    standing: Standing | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.standing.steps() if self.standing else ()


def tracks(portfolio: Portfolio, start: datetime, end: datetime) -> Mapping[str, Track]:
    """The track of every asset from `start` (perhaps from earlier) to before `end`, which is not in the past."""
    standings = standings_during(portfolio, moved_by(portfolio, start, end), start, end)
    found = {asset: Track(Amounts(*standing.opening), standing) for asset, standing in standings.items()}
    for position in Position.objects.filter(portfolio=portfolio).exclude(asset__in=found):
        found[position.asset_id] = Track(
            Amounts(position.quantity, position.cost, position.realised, position.income, ZERO, position.invested)
        )
    return found
