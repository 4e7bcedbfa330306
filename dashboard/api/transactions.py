"""`transactions`: what happened, as its owner states it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from django.shortcuts import get_object_or_404
from ninja import Body, Router, Status
from pydantic import Discriminator, Tag

from accounts.api import ApiRequest
from accounts.models import User
from dashboard import recording
from dashboard.api.errors import of_draft
from dashboard.api.portfolios import Limit, Offset, portfolio_of
from dashboard.api.schemas import TransactionIn, TransactionList, TransactionOut, TransactionPatch
from dashboard.drafts import Draft, DraftErrors, draft_of
from dashboard.introducing import introduce_assets
from dashboard.models import Transaction

router = Router(tags=["transactions"])


def one_or_many(body: object) -> str:
    return "many" if isinstance(body, list) else "one"


OneOrMany = Annotated[
    Annotated[TransactionIn, Tag("one")] | Annotated[list[TransactionIn], Tag("many")], Discriminator(one_or_many)
]
TRANSACTION = "/transactions/{int:transaction_id}"


def transaction_of(user: User, transaction_id: int) -> Transaction:
    return get_object_or_404(Transaction.objects.of(user).select_related("portfolio"), pk=transaction_id)


@router.get("/portfolios/{int:portfolio_id}/transactions", response=TransactionList)
def list_transactions(
    request: ApiRequest, portfolio_id: int, limit: Limit = 100, offset: Offset = 0
) -> TransactionList:
    """Newest first."""
    found = portfolio_of(request.auth, portfolio_id).transactions.newest_first()
    return TransactionList(items=[fields_of(row) for row in found[offset : offset + limit]], count=found.count())


@router.post(
    "/portfolios/{int:portfolio_id}/transactions",
    response={201: TransactionOut | list[TransactionOut]},
)
def create_transactions(
    request: ApiRequest, portfolio_id: int, payload: Annotated[OneOrMany, Body()]
) -> Status[TransactionOut | list[TransactionOut]]:
    """Record one transaction or a list of them, all or nothing; the answer has the shape of what was sent."""
    portfolio = portfolio_of(request.auth, portfolio_id)
    many = payload if isinstance(payload, list) else [payload]
    drafts = [statement.draft() for statement in many]
    introduce_assets(drafts)
    try:
        rows = recording.record_transactions(portfolio, drafts)
    except DraftErrors as error:
        raise of_draft(error, listed=isinstance(payload, list)) from error
    made = fields_of_all(rows)
    return Status(201, made if isinstance(payload, list) else made[0])


@router.get(TRANSACTION, response=TransactionOut)
def get_transaction(request: ApiRequest, transaction_id: int) -> TransactionOut:
    return fields_of(transaction_of(request.auth, transaction_id))


@router.patch(TRANSACTION, response=TransactionOut)
def change_transaction(request: ApiRequest, transaction_id: int, payload: TransactionPatch) -> TransactionOut:
    row = transaction_of(request.auth, transaction_id)
    draft: Draft = replace(draft_of(row), **payload.changes())
    introduce_assets([draft])
    try:
        return fields_of(recording.edit_transaction(row, draft))
    except DraftErrors as error:
        raise of_draft(error) from error


@router.delete(TRANSACTION, response={204: None})
def delete_transaction(request: ApiRequest, transaction_id: int) -> Status[None]:
    try:
        recording.delete_transaction(transaction_of(request.auth, transaction_id))
    except DraftErrors as error:
        raise of_draft(error) from error
    return Status(204, None)


def fields_of_all(rows: Sequence[Transaction]) -> list[TransactionOut]:
    return [fields_of(row) for row in rows]


def fields_of(row: Transaction) -> TransactionOut:
    draft = draft_of(row)
    facts = {name: getattr(draft, name) for name in Draft.__slots__}
    return TransactionOut(id=row.pk, portfolio=row.portfolio_id, **facts)
