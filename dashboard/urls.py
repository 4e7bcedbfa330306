"""The addresses of what is owned and of the market."""

from django.urls import path

from dashboard.views import dashboard, market, portfolios, transactions

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("transactions/", transactions.transactions, name="transactions"),
    path("transactions/add/", transactions.transaction_add, name="transaction_add"),
    path("transactions/<int:pk>/edit/", transactions.transaction_edit, name="transaction_edit"),
    path("transactions/<int:pk>/delete/", transactions.transaction_delete, name="transaction_delete"),
    path("coins/search/", market.coin_search, name="coin_search"),
    path("market/", market.market, name="market"),
    path("assets/<path:asset_id>/", market.asset, name="asset"),
    path("portfolios/add/", portfolios.portfolio_add, name="portfolio_add"),
    path("portfolios/<int:pk>/edit/", portfolios.portfolio_edit, name="portfolio_edit"),
    path("portfolios/<int:pk>/delete/", portfolios.portfolio_delete, name="portfolio_delete"),
]
