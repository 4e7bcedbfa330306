"""`portfolios`: what is owned, counted in one currency by one method."""

from typing import Annotated

from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from ninja import Query, Router, Status

from accounts.api import ApiRequest
from accounts.models import User
from dashboard import recording
from dashboard.api.errors import of_draft, unprocessable
from dashboard.api.schemas import (
    IssueOut,
    PortfolioDetail,
    PortfolioIn,
    PortfolioList,
    PortfolioOut,
    PortfolioPatch,
    PositionOut,
    TotalsOut,
)
from dashboard.drafts import DraftErrors
from dashboard.exporting import export_csv, export_name
from dashboard.models import Portfolio
from dashboard.portfolios import overview
from dashboard.valuation import Holding, Totals

router = Router(tags=["portfolios"])
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


def portfolio_of(user: User, portfolio_id: int) -> Portfolio:
    return get_object_or_404(Portfolio.objects.of(user).select_related("user"), pk=portfolio_id)


@router.get("/portfolios", response=PortfolioList)
def list_portfolios(request: ApiRequest, limit: Limit = 100, offset: Offset = 0) -> PortfolioList:
    found = Portfolio.objects.of(request.auth).order_by("-id")
    return PortfolioList(items=[fields_of(p) for p in found[offset : offset + limit]], count=found.count())


@router.post("/portfolios", response={201: PortfolioOut})
def create_portfolio(request: ApiRequest, payload: PortfolioIn) -> Status[PortfolioOut]:
    try:
        made = recording.create_portfolio(request.auth, **payload.model_dump())
    except IntegrityError as error:
        raise unprocessable("name", gettext("You have a portfolio of that name.")) from error
    made.refresh_from_db()
    return Status(201, fields_of(made))


@router.get("/portfolios/{int:portfolio_id}", response=PortfolioDetail)
def get_portfolio(request: ApiRequest, portfolio_id: int) -> PortfolioDetail:
    """The portfolio with its totals and every position, closed ones too."""
    portfolio = portfolio_of(request.auth, portfolio_id)
    owned = overview(request.auth, portfolio)
    return PortfolioDetail(
        **dict(fields_of(portfolio)),
        totals=totals_of(owned.totals),
        positions=[position_of(holding) for holding in owned.everything],
    )


@router.patch("/portfolios/{int:portfolio_id}", response=PortfolioOut)
def change_portfolio(request: ApiRequest, portfolio_id: int, payload: PortfolioPatch) -> PortfolioOut:
    """A change of currency, method or lot scope counts every figure anew."""
    portfolio = portfolio_of(request.auth, portfolio_id)
    changes = {field: value for field, value in payload if value is not None}
    try:
        recording.change_portfolio(portfolio, **changes)
    except IntegrityError as error:
        raise unprocessable("name", gettext("You have a portfolio of that name.")) from error
    except DraftErrors as error:
        raise of_draft(error) from error
    return fields_of(portfolio)


@router.delete("/portfolios/{int:portfolio_id}", response={204: None})
def delete_portfolio(request: ApiRequest, portfolio_id: int) -> Status[None]:
    recording.delete_portfolio(portfolio_of(request.auth, portfolio_id))
    return Status(204, None)


CSV_ANSWER = {"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}}


@router.get("/portfolios/{int:portfolio_id}/export.csv", response=None, openapi_extra=CSV_ANSWER)
def export_portfolio(request: ApiRequest, portfolio_id: int) -> HttpResponse:
    """Every transaction as Tickfolio's own CSV."""
    portfolio = portfolio_of(request.auth, portfolio_id)
    headers = {"Content-Disposition": f'attachment; filename="{export_name(portfolio)}"'}
    return HttpResponse(export_csv(portfolio), content_type="text/csv; charset=utf-8", headers=headers)


def fields_of(portfolio: Portfolio) -> PortfolioOut:
    return PortfolioOut(
        id=portfolio.pk,
        name=portfolio.name,
        currency=portfolio.currency,
        method=portfolio.method,
        lot_scope=portfolio.lot_scope,
        created_at=portfolio.created_at,
    )


def totals_of(totals: Totals) -> TotalsOut:
    return TotalsOut(
        value=totals.value,
        cost_basis=totals.cost,
        unrealised=totals.unrealised,
        realised=totals.realised,
        income=totals.income,
        fees=totals.fees,
        invested=totals.invested,
        profit=totals.profit,
        return_pct=totals.profit_pct,
        change_24h=totals.change_24h,
        change_24h_pct=totals.change_24h_pct,
        unpriced=list(totals.unpriced),
        as_of=totals.as_of,
        stale=totals.stale,
    )


def position_of(holding: Holding) -> PositionOut:
    held, market = holding.held, holding.market
    return PositionOut(
        asset=held.asset,
        symbol=held.symbol,
        name=held.name,
        rank=market.rank,
        quantity=held.quantity,
        price=market.price,
        price_as_of=market.as_of,
        stale=market.stale,
        value=holding.value,
        market_cap=market.market_cap,
        change_1h=market.change_1h,
        change_24h=market.change_24h,
        change_7d=market.change_7d,
        cost_basis=held.cost,
        average_cost=holding.average_cost,
        unrealised=holding.unrealised,
        realised=held.realised,
        income=held.income,
        fees=held.fees,
        fees_paid=held.fees_paid,
        invested=held.invested,
        profit=holding.profit,
        return_pct=holding.profit_pct,
        share=holding.share,
        issues=[IssueOut(code=i.code, transaction=i.transaction, text=i.text) for i in held.issues],
    )
