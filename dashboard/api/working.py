"""`portfolios/{id}/positions/{asset}/working`: the lots and steps behind every figure of a position."""

from decimal import Decimal
from typing import Annotated

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_noop
from ninja import Query, Router
from pydantic import BaseModel, Field

from accounts.api import ApiRequest
from dashboard.api.portfolios import portfolio_of
from dashboard.ledger.lots import Lot
from dashboard.ledger.working import Amounts
from dashboard.models import Asset
from dashboard.representation import MomentOut, NumberOut
from dashboard.working import DisposalShown, NothingToShow, RateUsed, StepShown, Working, working_of

router = Router(tags=["portfolios"])


class AmountsOut(BaseModel):
    """Figures of a position, or a change of them; all but `quantity` are money in the portfolio's currency."""

    quantity: NumberOut
    cost_basis: NumberOut
    realised: NumberOut
    income: NumberOut
    fees: NumberOut
    invested: NumberOut


class FeeOut(BaseModel):
    """A fee in coins of `asset`, or in the portfolio's currency where `asset` is null. `value` is what one in coins was
    worth then, in the portfolio's currency."""

    asset: str | None
    amount: NumberOut
    value: NumberOut | None
    value_source: str = Field(description="stated, price, daily price, unknown, or empty for a fee in money")


class RateOut(BaseModel):
    """Units of `to_currency` for one of `from_currency`; null is unknown."""

    transaction: int
    day: str
    from_currency: str
    to_currency: str
    rate: NumberOut | None
    source: str


class StepOut(BaseModel):
    """What one transaction did: the change of each figure, and the figures after it."""

    transaction: int
    timestamp: MomentOut
    type: str
    wallet: str
    to_wallet: str
    asset: str
    amount: NumberOut
    value: NumberOut | None = Field(description="what the main leg was worth then, in the portfolio's currency")
    value_source: str = Field(description="stated, price, daily price, unknown, or empty where none is needed")
    fee: FeeOut | None
    formula: str
    rates: list[RateOut]
    change: AmountsOut
    after: AmountsOut


class LotOut(BaseModel):
    """Units acquired together. `assumed`: nobody stated what they cost."""

    acquired_at: MomentOut
    quantity: NumberOut
    unit_cost: NumberOut
    cost: NumberOut
    wallet: str
    transaction: int
    assumed: bool


class DisposalOut(BaseModel):
    """Units that left for good, and the lots that they came from."""

    transaction: int
    timestamp: MomentOut
    type: str
    quantity: NumberOut
    proceeds: NumberOut
    cost: NumberOut
    gain: NumberOut
    lots: list[LotOut]


class CheckOut(BaseModel):
    """Does realised + unrealised + income - fees = value - invested hold for the figures and after each of the
    steps, and are the figures what the transactions make?"""

    adds_up: bool
    transaction: int | None = Field(description="the first after which it does not")
    gap: NumberOut


class WorkingOut(BaseModel):
    """`steps` are the newest `limit` but for `offset` newer ones, of `count`; `before` are the figures before the first
    of them, so that `before` and their changes make the figures after the last. `disposals` and `rates` are those of
    these steps. `lots` are the open lots from place `lots_offset` on in the order in which they leave, of `lots_count`.
    Within an answer steps, disposals and lots are the oldest first.
    """

    portfolio: int
    asset: str
    currency: str
    method: str
    lot_scope: str
    figures: AmountsOut
    average_cost: NumberOut | None
    fees_paid: NumberOut
    ever_invested: NumberOut
    count: int
    limit: int
    offset: int
    lots_count: int
    lots_limit: int
    lots_offset: int
    before: AmountsOut
    lots: list[LotOut]
    steps: list[StepOut]
    disposals: list[DisposalOut]
    rates: list[RateOut]
    formulas: dict[str, str]
    check: CheckOut


FORMULAS = {
    "cost_basis": gettext_noop("the cost of all open lots"),
    "average_cost": "cost_basis / quantity",
    "value": "quantity * price",
    "unrealised": "value - cost_basis",
    "realised": gettext_noop("proceeds - cost, over all disposals"),
    "income": gettext_noop("the value of rewards and dividends on their day"),
    "fees": gettext_noop("those that are part of no cost and no proceeds"),
    "invested": gettext_noop("money put in - money taken out"),
    "profit": "realised + unrealised + income - fees = value - invested",
    "return_pct": "profit / ever_invested * 100",
}


Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10**9)]


@router.get("/portfolios/{int:portfolio_id}/positions/{path:asset}/working", response=WorkingOut)
def position_working(
    request: ApiRequest,
    portfolio_id: int,
    asset: str,
    limit: Limit = 1000,
    offset: Offset = 0,
    lots_limit: Limit = 1000,
    lots_offset: Offset = 0,
) -> WorkingOut:
    """The steps and lots behind the figures, newest page first."""
    portfolio, coin = portfolio_of(request.auth, portfolio_id), get_object_or_404(Asset, pk=asset)
    try:
        found = working_of(portfolio, coin, limit=limit, offset=offset, lot_limit=lots_limit, first_lot=lots_offset)
    except NothingToShow as nothing:
        raise Http404 from nothing
    return written(found, limit=limit, offset=offset, lots_limit=lots_limit)


def written(working: Working, limit: int, offset: int, lots_limit: int) -> WorkingOut:
    fault = working.fault
    return WorkingOut(
        portfolio=working.portfolio.pk,
        asset=working.asset.pk,
        currency=working.portfolio.currency,
        method=working.portfolio.method,
        lot_scope=working.portfolio.lot_scope,
        figures=amounts(working.figures),
        average_cost=working.average_cost,
        fees_paid=working.fees_paid,
        ever_invested=working.ever_invested,
        count=working.count,
        limit=limit,
        offset=offset,
        lots_count=working.lot_count,
        lots_limit=lots_limit,
        lots_offset=working.first_lot,
        before=amounts(working.before),
        lots=[lot_out(lot) for lot in sorted(working.lots, key=lambda lot: (lot.acquired_at, lot.entry))],
        steps=[step_out(step) for step in working.steps],
        disposals=[disposal_out(shown) for shown in working.disposals],
        rates=[rate_out(rate) for rate in working.rates],
        formulas=FORMULAS,
        check=CheckOut(
            adds_up=fault is None,
            transaction=fault.transaction if fault else None,
            gap=fault.gap if fault else Decimal(0),
        ),
    )


def amounts(of: Amounts) -> AmountsOut:
    return AmountsOut(
        quantity=of.quantity,
        cost_basis=of.cost,
        realised=of.realised,
        income=of.income,
        fees=of.fees,
        invested=of.invested,
    )


def lot_out(lot: Lot) -> LotOut:
    return LotOut(
        acquired_at=lot.acquired_at,
        quantity=lot.quantity,
        unit_cost=lot.unit_cost,
        cost=lot.cost,
        wallet=lot.wallet,
        transaction=lot.entry,
        assumed=lot.assumed,
    )


def step_out(shown: StepShown) -> StepOut:
    entry = shown.entry
    fee = None
    if entry.fee_amount:
        fee = FeeOut(
            asset=entry.fee_asset,
            amount=entry.fee_amount,
            value=shown.fee_value,
            value_source=shown.fee_value_source,
        )
    return StepOut(
        transaction=entry.id,
        timestamp=entry.at,
        type=entry.kind.value,
        wallet=entry.wallet,
        to_wallet=entry.to_wallet,
        asset=entry.asset,
        amount=entry.amount,
        value=entry.value,
        value_source=shown.value_source,
        fee=fee,
        formula=shown.formula,
        rates=[rate_out(rate) for rate in shown.rates],
        change=amounts(shown.change),
        after=amounts(shown.after),
    )


def disposal_out(shown: DisposalShown) -> DisposalOut:
    disposal = shown.disposal
    return DisposalOut(
        transaction=shown.row.pk,
        timestamp=shown.row.timestamp,
        type=shown.row.type,
        quantity=disposal.quantity,
        proceeds=disposal.proceeds,
        cost=disposal.cost,
        gain=disposal.gain,
        lots=[lot_out(lot) for lot in disposal.lots],
    )


def rate_out(rate: RateUsed) -> RateOut:
    return RateOut(
        transaction=rate.transaction,
        day=rate.day.isoformat(),
        from_currency=rate.from_code,
        to_currency=rate.to_code,
        rate=rate.rate,
        source=rate.source,
    )
