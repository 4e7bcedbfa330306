"""The API's resources about what is owned; one module each. Mounted by project.api."""

from ninja import NinjaAPI

from dashboard.api import history, imports, market, portfolios, transactions, working


def register(api: NinjaAPI) -> None:
    for resource in (portfolios, transactions, imports, market, working, history):
        api.add_router("", resource.router)
