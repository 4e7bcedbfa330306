"""The dashboard, the market and a coin's page: every figure that was promised, for its owner only."""

# ruff: noqa: F401, F811 - fixtures are imported

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard.models import AssetNote, Sparkline
from dashboard.recording import create_portfolio
from tests.dashboard.page_world import ada, bought, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db
FIELDS = ["rank", "name", "price", "holdings", "value", "market_cap", "change_1h", "change_24h", "change_7d"]
FIELDS += ["cost", "profit", "profit_pct", "share"]
TOTALS = ["value", "profit", "profit_pct", "realised", "unrealised", "change_24h"]


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def exact(text: str, kind: str, field: str) -> str:
    found = re.search(rf'data-{kind}="{field}" data-value="([^"]*)"', text)
    assert found, field
    return found[1]


def test_strangers_are_told_what_this_is() -> None:
    text = text_of(Client(), "/")
    assert "/accounts/signup/" in text
    assert "ws-connect" not in text


def test_an_empty_dashboard_says_what_to_do_next(page: Client) -> None:
    text = text_of(page, "/")
    assert "Add your first transaction" in text
    assert 'href="/imports/"' in text
    assert 'id="holdings"' in text
    assert 'id="totals"' in text


def test_a_holding_shows_every_figure_exactly(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "0.123456789012345678", "40000")
    text = text_of(page, "/")
    assert 'data-asset="bitcoin"' in text
    for field in FIELDS:
        exact(text, "field", field)
    for total in TOTALS:
        exact(text, "total", total)
    assert exact(text, "field", "holdings") == "0.123456789012345678"
    assert exact(text, "field", "value") == str(Decimal("0.123456789012345678") * 50000).rstrip("0").rstrip(".")
    assert exact(text, "total", "value") == exact(text, "field", "value")


def test_the_week_behind_a_price_is_drawn_beside_its_change(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    bought(ada, "ethereum")
    Sparkline.objects.create(asset_id="bitcoin", path="M0 2L84 20", rises=False)
    text = text_of(page, "/")
    assert text.count('<svg class="spark') == 2
    assert '<svg class="spark loss" viewBox="0 0 84 24"' in text
    assert 'd="M0 2L84 20"' in text


def test_the_foot_of_the_table_says_what_the_totals_say(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2")
    text = text_of(page, "/")
    assert re.search(r'data-copy-of="t-value" title="100000">100,000\.00<', text)
    assert re.search(r'data-copy-of="t-profit" title="99800">▲ \+99,800\.00<', text)


def test_the_spread_and_the_movers_are_told(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "3")
    bought(ada, "ethereum", "2")
    text = text_of(page, "/")
    assert "hangs on Bitcoin alone" in text
    assert re.search(r'stroke-dasharray="96\.77 3\.23"', text)
    assert "Best today" in text
    assert re.search(
        r'data-mover="worst">\s*<dt>Worst today</dt>\s*<dd><a class="name" ></a> <span class="num">–</span>', text
    )


def test_each_live_id_stands_once_on_a_page(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    bought(ada, "ethereum")
    for path in ("/", "/market/", "/assets/bitcoin/"):
        ids = re.findall(r'\bid="([^"]+)"', text_of(page, path))
        assert len(ids) == len(set(ids)), path


def test_a_portfolio_is_shown_by_itself_and_connects_to_itself(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    other = create_portfolio(ada, "Savings")
    assert 'ws-connect="/ws/live/"' in text_of(page, "/")
    text = text_of(page, f"/?portfolio={other.pk}")
    assert f'ws-connect="/ws/live/?portfolio={other.pk}"' in text
    assert 'data-asset="bitcoin"' not in text


@pytest.mark.parametrize("named", ["x", "0", "-1", "999999", "9" * 40, "1%00", "²"])
def test_a_portfolio_that_makes_no_sense_is_not_found(page: Client, named: str) -> None:
    text_of(page, f"/?portfolio={named}", 404)


def test_nobody_sees_the_portfolio_of_another(page: Client) -> None:
    bob = make_user("bob")
    bought(bob, "bitcoin")
    theirs = bob.portfolios.get()
    for path in (f"/?portfolio={theirs.pk}", f"/portfolios/{theirs.pk}/edit/", f"/portfolios/{theirs.pk}/delete/"):
        text_of(page, path, 404)
    assert page.post(f"/portfolios/{theirs.pk}/delete/").status_code == 404
    assert 'data-asset="bitcoin"' not in text_of(page, "/")


def test_a_sale_of_more_than_was_held_is_shown_with_a_sentence(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    bought(ada, "ethereum", "2", "1000", type="sell")
    text = text_of(page, "/")
    assert "add the missing purchase" in text
    assert "Closed positions (1)" in text


def test_a_coin_without_a_price_is_named_and_left_out_of_the_totals(page: Client, ada: User) -> None:
    bought(ada, "pulse-one", "3")
    bought(ada, "bitcoin", "1")
    text = text_of(page, "/")
    assert "has no price yet" in text
    assert exact(text, "total", "value") == "50000"


def test_names_from_outside_are_text_and_nothing_else(page: Client, ada: User) -> None:
    make_coin("evil/coin?x=1", "<i>", '<script>alert("x")</script>', 3, "1")
    bought(ada, "evil/coin?x=1", wallet="<b>w</b>", note="<img src=x>")
    for path in ("/", "/market/", "/transactions/", "/assets/evil/coin%3Fx=1/", "/coins/search/?q=%3Cscript"):
        text = text_of(page, path)
        assert "<script>alert" not in text, path
        assert "<b>w" not in text, path
        assert "<i>" not in text, path


def test_the_dashboard_asks_as_often_for_thirty_coins_as_for_three(page: Client, ada: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            text_of(page, "/")
        return len(asked)

    for number in range(30):
        make_coin(f"coin-{number}", f"c{number}", f"Coin {number}", 10 + number, "2")
    for number in range(3):
        bought(ada, f"coin-{number}")
    text_of(page, "/")  # what a process looks up once
    few = queries()
    for number in range(3, 30):
        bought(ada, f"coin-{number}")
    assert queries() == few


def test_the_market_shows_ranked_coins_with_their_cells(page: Client) -> None:
    text = text_of(page, "/market/")
    assert 'ws-connect="/ws/live/?view=market"' in text
    assert exact(text, "field", "price") == "50000"
    assert text.index("Ethereum") > text.index("Bitcoin")


def test_a_market_without_prices_says_so_and_asks_until_some_come(page: Client) -> None:
    from dashboard.models import MarketQuote

    def asked() -> tuple[int, bool]:
        answer = page.get("/market/?waiting=", headers={"HX-Request": "true", "HX-Target": "market"})
        return answer.status_code, b"data-coin" in answer.content

    assert asked() == (200, True)
    MarketQuote.objects.all().delete()
    assert 'hx-get="/market/?waiting=" hx-trigger="every' in text_of(page, "/market/")
    assert asked() == (204, False)


def test_a_coin_has_a_page_with_the_position_and_its_transactions(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2")
    text = text_of(page, "/assets/bitcoin/")
    assert "/ws/live/?view=asset&amp;asset=bitcoin" in text
    assert exact(text, "field", "value") == "100000"
    assert "/reminders/add/?asset=bitcoin" in text
    assert "/transactions/add/?asset=bitcoin" in text
    assert "None" not in re.sub(r"<[^>]+>", "", text)


def test_a_coin_without_a_quote_has_a_page_too(page: Client) -> None:
    assert "no price of this coin yet" in text_of(page, "/assets/pulse-one/")
    text_of(page, "/assets/no-such-coin/", 404)
    text_of(page, "/assets/usd/", 404)


def test_a_note_about_a_coin_is_kept_and_taken_away(page: Client, ada: User) -> None:
    made = page.post("/assets/bitcoin/note/", {"text": "  <b>Paper</b> key\nin the safe "}, follow=True)
    assert made.redirect_chain == [("/assets/bitcoin/#note", 302)]
    text = text_of(page, "/assets/bitcoin/")
    assert "&lt;b&gt;Paper&lt;/b&gt; key\nin the safe</textarea>" in text.replace("\r", "")
    fragment = page.post("/assets/bitcoin/note/", {"text": ""}, headers={"hx-request": "true"}).content.decode()
    assert fragment.lstrip().startswith("<section")
    assert not AssetNote.objects.exists()


def test_a_note_that_is_too_long_comes_back_as_it_was_typed(page: Client, ada: User) -> None:
    page.post("/assets/bitcoin/note/", {"text": "short"})
    typed = {"text": "x" * 4001}
    fragment = page.post("/assets/bitcoin/note/", typed, headers={"hx-request": "true"}).content.decode()
    assert "x" * 4001 in fragment
    assert "at most 4000 characters" in fragment
    assert "Not saved." in page.post("/assets/bitcoin/note/", typed, follow=True).content.decode()
    assert AssetNote.objects.get().text == "short"


def test_notes_are_their_writers_only(page: Client, ada: User) -> None:
    page.post("/assets/bitcoin/note/", {"text": "mine alone"})
    other = Client()
    other.force_login(make_user("bob"))
    assert "mine alone" not in text_of(other, "/assets/bitcoin/")
    other.post("/assets/bitcoin/note/", {"text": ""})
    assert AssetNote.objects.get().user == ada
    assert other.post("/assets/usd/note/", {"text": "x"}).status_code == 404


def test_pages_want_a_login(coins: None) -> None:
    for path in (
        "/transactions/",
        "/transactions/add/",
        "/market/",
        "/assets/bitcoin/",
        "/settings/",
        "/coins/search/",
    ):
        response = Client().get(path)
        assert response.status_code == 302, path
        assert response.headers["Location"].startswith("/accounts/login/")


def test_no_page_carries_inline_scripts_or_styles(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    for path in (
        "/",
        "/transactions/",
        "/transactions/add/",
        "/market/",
        "/assets/bitcoin/",
        "/settings/",
        "/imports/",
    ):
        text = text_of(page, path)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
