"""The market page: the largest coins, all coins by name, and those that somebody watches."""

# ruff: noqa: F401, F811 - fixtures are imported

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import watching
from dashboard.live.boards import Page, View
from dashboard.live.loading import contents_of
from dashboard.models import Asset, WatchedCoin
from tests.dashboard.page_world import ada, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db


def shown(client: Client, address: str = "/market/") -> list[str]:
    text = client.get(address).content.decode()
    return re.findall(r'<tr data-coin="([^"]+)"', text)


def test_the_largest_coins_come_first_and_names_find_all_others(page: Client) -> None:
    assert shown(page) == ["bitcoin", "ethereum"]
    assert shown(page, "/market/?q=pulse") == ["pulse-one", "pulse-two"]
    assert shown(page, "/market/?q=BTC") == ["bitcoin", "bridged-bitcoin"]
    answer = page.get("/market/?q=no+such+coin").content.decode()
    assert "No coin is known whose name or ticker begins with “no such coin”" in answer


def test_typing_fetches_the_table_alone(page: Client) -> None:
    answer = page.get("/market/?q=pulse", headers={"HX-Request": "true", "HX-Target": "market"}).content.decode()
    assert answer.strip().startswith("<section")
    assert "<html" not in answer


def test_a_star_watches_and_the_same_star_ends_it(page: Client, ada: User) -> None:
    htmx = {"HX-Request": "true"}
    answer = page.post("/market/watch/", {"watch": "pulse-one"}, headers=htmx).content.decode()
    assert 'aria-pressed="true"' in answer
    assert 'name="unwatch"' in answer
    assert shown(page, "/market/?show=watched") == ["pulse-one"]
    page.post("/market/watch/", {"watch": "pulse-one"}, headers=htmx)
    assert WatchedCoin.objects.filter(user=ada).count() == 1
    answer = page.post("/market/watch/", {"unwatch": "pulse-one"}, headers=htmx).content.decode()
    assert 'aria-pressed="false"' in answer
    assert "You watch no coins yet" in page.get("/market/?show=watched").content.decode()


def test_it_works_without_scripts(page: Client) -> None:
    text = page.get("/market/?show=watched").content.decode()
    assert 'action="/market/watch/?show=watched"' in text
    answer = page.post("/market/watch/?show=watched", {"watch": "bitcoin"}, follow=True)
    assert answer.redirect_chain == [("/market/?show=watched", 302)]
    assert 'data-coin="bitcoin"' in answer.content.decode()


def test_what_makes_no_sense_is_not_watched(page: Client) -> None:
    assert page.post("/market/watch/", {"watch": "no-such-coin"}).status_code == 404
    assert page.post("/market/watch/", {"watch": "usd"}).status_code == 404
    assert page.post("/market/watch/", {}).status_code == 404
    assert page.get("/market/watch/").status_code == 405


def test_a_list_is_its_owners_and_has_an_end(page: Client, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    eve = make_user("eve")
    for number in range(watching.MOST_WATCHED):
        coin = Asset.objects.create(id=f"coin-{number}", symbol="c", name=f"Coin {number}")
        watching.watch(ada, coin)
    with pytest.raises(watching.TooManyWatched):
        watching.watch(ada, Asset.objects.get(pk="bitcoin"))
    watching.watch(ada, Asset.objects.get(pk="coin-3"))
    assert page.post("/market/watch/", {"watch": "bitcoin"}, headers={"HX-Request": "true"}).headers["HX-Refresh"]
    watching.watch(eve, Asset.objects.get(pk="bitcoin"))
    assert watching.watched_by(eve.pk) == {"bitcoin"}
    assert len(watching.watched_assets()) == watching.MOST_WATCHED + 1


def test_a_watched_coin_is_polled_and_moves_on_the_page(page: Client, ada: User) -> None:
    watching.watch(ada, Asset.objects.get(pk="pulse-two"))
    assert watching.watched_assets() == {"pulse-two"}
    page_of_market = Page(ada.pk, View.MARKET)
    assert contents_of([page_of_market])[page_of_market].listed == {"bitcoin", "ethereum", "pulse-two"}


def test_each_row_leads_to_the_forms_with_its_coin(page: Client) -> None:
    text = page.get("/market/").content.decode()
    assert "/transactions/add/?asset=bitcoin" in text
    assert "/reminders/add/?asset=bitcoin" in text
    for address in ("/transactions/add/?asset=ethereum", "/reminders/add/?asset=ethereum"):
        assert 'value="Ethereum (ETH)"' in page.get(address).content.decode()


def test_the_number_of_queries_does_not_grow_with_coins(page: Client, ada: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page.get("/market/")
        return len(asked)

    queries()
    few = queries()
    for number in range(30):
        watching.watch(ada, make_coin(f"coin-{number}", "c", f"Coin {number}", 10 + number, "5"))
    assert queries() == few
