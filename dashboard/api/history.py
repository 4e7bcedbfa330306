"""`portfolios/{id}/history`: value, cost and profit over time."""

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext
from ninja import Query, Router
from pydantic import BaseModel

from accounts.api import ApiRequest
from dashboard.api.errors import unprocessable
from dashboard.api.portfolios import portfolio_of
from dashboard.representation import MomentIn, MomentOut, NumberOut
from dashboard.snapshots import series

router = Router(tags=["portfolios"])


class PointOut(BaseModel):
    at: MomentOut
    value: NumberOut
    cost: NumberOut
    profit: NumberOut


class HistoryOut(BaseModel):
    """Oldest first, money in `currency`. `step` is the time between two points where there are that many."""

    currency: str
    step: str
    items: list[PointOut]
    count: int


@router.get("/portfolios/{int:portfolio_id}/history", response=HistoryOut)
def portfolio_history(
    request: ApiRequest,
    portfolio_id: int,
    start: Annotated[MomentIn | None, Query(alias="from")] = None,
    end: Annotated[MomentIn | None, Query(alias="to")] = None,
    step: Annotated[Literal["5m", "1h", "1d"] | None, Query()] = None,
) -> HistoryOut:
    """Snapshots of what the portfolio was worth; kept each 5 minutes for a week, hourly for 90 days, then daily."""
    portfolio = portfolio_of(request.auth, portfolio_id)
    first: datetime | None = start
    if first is not None and end is not None and first > end:
        raise unprocessable("from", gettext("It lies after `to`."))
    found = series(portfolio, first, end, step or "")
    items = [PointOut(at=p.at, value=p.value, cost=p.cost, profit=p.profit) for p in found.points]
    return HistoryOut(currency=found.currency, step=found.step, items=items, count=len(items))
