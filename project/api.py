"""The JSON API: one OpenAPI document, made of the routers that the apps offer."""

from ninja import NinjaAPI

from dashboard.api import register

api = NinjaAPI(title="Tickfolio", version="1", urls_namespace="api", docs_url=None)
register(api)
