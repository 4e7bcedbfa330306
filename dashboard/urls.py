"""The addresses of what is owned and of the market."""

from django.urls import path

from dashboard.views import (
    charts,
    dashboard,
    imports,
    mapping,
    market,
    portfolios,
    reports,
    start,
    transactions,
    working,
)

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("start/sample/", start.sample, name="sample"),
    path("start/sample/remove/", start.sample_remove, name="sample_remove"),
    path("charts/value/", charts.value_chart_part, name="value_chart"),
    path("transactions/", transactions.transactions, name="transactions"),
    path("transactions/add/", transactions.transaction_add, name="transaction_add"),
    path("transactions/<int:pk>/edit/", transactions.transaction_edit, name="transaction_edit"),
    path("transactions/<int:pk>/delete/", transactions.transaction_delete, name="transaction_delete"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/columns/", mapping.import_mapping, name="import_mapping"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/answers/<int:pk>/forget/", imports.ticker_forget, name="ticker_forget"),
    path("imports/<int:pk>/decide/", imports.import_decide, name="import_decide"),
    path("imports/<int:pk>/confirm/", imports.import_confirm, name="import_confirm"),
    path("imports/<int:pk>/delete/", imports.import_delete, name="import_delete"),
    path("portfolios/<int:pk>/export.csv", imports.portfolio_export, name="portfolio_export"),
    path("coins/search/", market.coin_search, name="coin_search"),
    path("market/", market.market, name="market"),
    path("assets/<path:asset_id>/working/", working.working, name="working"),
    path("assets/<path:asset_id>/chart/", charts.price_chart_part, name="price_chart"),
    path("assets/<path:asset_id>/note/", market.asset_note, name="asset_note"),
    path("assets/<path:asset_id>/", market.asset, name="asset"),
    path("reports/gains/", reports.gains, name="gains"),
    path("reports/gains.csv", reports.gains_csv, name="gains_csv"),
    path("portfolios/add/", portfolios.portfolio_add, name="portfolio_add"),
    path("portfolios/<int:pk>/", portfolios.portfolio, name="portfolio"),
    path("portfolios/<int:pk>/check/", portfolios.portfolio_check, name="portfolio_check"),
    path("portfolios/<int:pk>/edit/", portfolios.portfolio_edit, name="portfolio_edit"),
    path("portfolios/<int:pk>/delete/", portfolios.portfolio_delete, name="portfolio_delete"),
]
