"""Sample data: everything that a dashboard shows, taken back by one click, and nothing else with it."""

# ruff: noqa: F401, F811 - fixtures are imported

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from dashboard.models import Import, MarketQuote, Portfolio, Position, Transaction
from dashboard.portfolios import overview
from dashboard.sampling import NoPricesYet, add_sample
from tests.dashboard.page_world import ada, bought, coins, make_user, page

pytestmark = pytest.mark.django_db


def test_the_sample_is_shown_and_goes_without_a_trace(page: Client, ada: User) -> None:
    assert 'href="/start/sample/"' in page.get("/").content.decode()
    text = page.post("/start/sample/", follow=True).content.decode()
    assert "You are looking at sample data" in text
    assert 'data-asset="bitcoin"' in text
    assert overview(ada).totals.value > 0
    assert not [issue for holding in overview(ada).everything for issue in holding.held.issues]
    text = page.post("/start/sample/remove/", follow=True).content.decode()
    assert "The sample data is gone" in text
    assert "Add your first transaction" in text
    assert not Transaction.objects.exists()
    assert not Import.objects.exists()
    assert not Position.objects.exclude(quantity=0).exists()


def test_what_somebody_has_entered_stays_as_it_was(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2", "40000")
    before = Position.objects.get(asset="bitcoin")
    page.post("/start/sample/")
    assert Position.objects.get(asset="bitcoin").quantity > 2
    page.post("/start/sample/remove/")
    after = Position.objects.get(asset="bitcoin")
    assert (after.quantity, after.cost) == (before.quantity, before.cost)
    assert Transaction.objects.count() == 1


def test_twice_is_once(ada: User) -> None:
    assert add_sample(ada) == add_sample(ada)
    assert Import.objects.count() == 1


def test_it_counts_in_the_portfolios_currency(ada: User) -> None:
    from dashboard.models import ExchangeRate

    ExchangeRate.objects.update_or_create(code="usd", defaults={"per_usd": 1, "fetched_at": "2026-01-01T00:00Z"})
    ExchangeRate.objects.update_or_create(
        code="eur", defaults={"per_usd": Decimal("0.8"), "fetched_at": "2026-01-01T00:00Z"}
    )
    Portfolio.objects.filter(user=ada).update(currency="eur")
    add_sample(ada)
    first = Transaction.objects.filter(asset="bitcoin").order_by("timestamp")[0]
    assert (first.price_currency, first.price) == ("eur", Decimal("50000") * Decimal("0.8") * Decimal("0.52"))


def test_without_prices_it_says_so_and_adds_nothing(page: Client, ada: User) -> None:
    MarketQuote.objects.all().delete()
    with pytest.raises(NoPricesYet):
        add_sample(ada)
    assert "Try again in a minute" in page.post("/start/sample/", follow=True).content.decode()
    assert not Import.objects.exists()


def test_nobody_removes_the_sample_of_another(page: Client, ada: User) -> None:
    add_sample(make_user("bob"))
    page.post("/start/sample/remove/")
    assert Import.objects.count() == 1
