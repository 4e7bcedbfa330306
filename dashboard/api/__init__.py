"""The API's resources about what is owned; one module each. Mounted by project.api."""

from ninja import NinjaAPI

from dashboard.api import imports, market, portfolios, transactions, working


def register(api: NinjaAPI) -> None:
    for resource in (portfolios, transactions, imports, market, working):
        api.add_router("", resource.router)
