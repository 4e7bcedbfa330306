"""The working behind a position: the spec's worked examples by their steps and lots, and the page that shows them."""

# ruff: noqa: F401, F811 - fixtures are imported

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard.books import fault_in, quick_fault, replayed, wallets_of
from dashboard.drafts import Draft
from dashboard.ledger.book import post, resume
from dashboard.ledger.methods import Method
from dashboard.models import Asset, Portfolio, Position
from dashboard.recording import change_portfolio, create_portfolio, record_transactions
from dashboard.working import NothingToShow, Working, working_of
from tests.dashboard.page_world import DAY, ada, bought, coins, make_user, page

pytestmark = pytest.mark.django_db
D = Decimal


def traded(user: User, *lines: tuple[str, str, str], method: str = "average", **more: Any) -> Working:
    """Bitcoin bought and sold, a line a day; what the working says of it."""
    portfolio = Portfolio.objects.get(user=user)
    drafts = [
        Draft(DAY + timedelta(days=number), kind, "bitcoin", D(amount), price=D(price), **more)
        for number, (kind, amount, price) in enumerate(lines)
    ]
    record_transactions(portfolio, drafts)
    change_portfolio(portfolio, method=method)
    return working_of(portfolio, Asset.objects.get(pk="bitcoin"))


def test_the_first_example_shows_two_cycles_that_do_not_touch(ada: User) -> None:
    shown = traded(ada, ("buy", "1", "1000"), ("sell", "1", "2000"), ("buy", "1", "5000"), ("buy", "1", "9000"))
    assert (shown.figures.realised, shown.figures.cost, shown.average_cost) == (1000, 14000, 7000)
    ((sale, lot),) = [(each.disposal, each.disposal.lots[0]) for each in shown.disposals]
    assert (sale.proceeds, sale.cost, sale.gain) == (2000, 1000, 1000)
    assert (lot.acquired_at, lot.quantity, lot.unit_cost) == (DAY, 1, 1000)
    assert [step.change.cost for step in shown.steps] == [1000, -1000, 5000, 9000]
    assert [step.after.cost for step in shown.steps] == [1000, 0, 5000, 14000]


def test_the_second_example_realises_a_third_of_the_cost(ada: User) -> None:
    shown = traded(ada, ("buy", "3", "100"), ("sell", "1", "200"))
    assert (shown.figures.realised, shown.figures.cost, shown.figures.invested) == (100, 200, 100)
    assert [step.change.realised for step in shown.steps] == [0, 100]


@pytest.mark.parametrize(
    ("method", "cost", "realised", "lots", "used"),
    [
        ("average", 1500, 1000, [(100, 1500)], [(100, 1500)]),
        ("fifo", 2000, 1500, [(100, 2000)], [(100, 1000)]),
        ("lifo", 1000, 500, [(100, 1000)], [(100, 2000)]),
        ("hifo", 1000, 500, [(100, 1000)], [(100, 2000)]),
    ],
)
def test_the_third_example_shows_which_lot_left(
    ada: User, method: str, cost: int, realised: int, lots: list[tuple[int, int]], used: list[tuple[int, int]]
) -> None:
    shown = traded(ada, ("buy", "100", "10"), ("buy", "100", "20"), ("sell", "100", "25"), method=method)
    assert (shown.figures.cost, shown.figures.realised) == (cost, realised)
    assert [(lot.quantity, lot.cost) for lot in shown.lots] == lots
    assert [(lot.quantity, lot.cost) for lot in shown.disposals[0].disposal.lots] == used


def test_the_fourth_example_keeps_the_average_exact(ada: User) -> None:
    shown = traded(ada, ("buy", "5", "1000"), ("buy", "10", "2000"))
    assert shown.average_cost is not None
    assert round(shown.average_cost * 15, 20) == 25000
    assert shown.figures.cost == 25000


def test_steps_sum_up_to_the_position_that_is_kept(ada: User) -> None:
    shown = traded(ada, ("buy", "3", "100"), ("sell", "1", "200"), ("buy", "0.1", "90"), fee_amount=D("0.3"))
    position = Position.objects.get()
    for name in ("quantity", "cost", "realised", "income", "fees", "invested"):
        assert sum(getattr(step.change, name) for step in shown.steps) == getattr(position, name), name
    assert sum(lot.cost for lot in shown.lots) == position.cost
    assert shown.fees_paid == position.fees_paid == D("0.9")
    assert len(shown.fee_steps) == 3
    assert shown.fault is None


def test_every_kind_that_moves_a_coin_has_its_formula(ada: User) -> None:
    portfolio = Portfolio.objects.get(user=ada)
    facts: list[dict[str, Any]] = [
        {"type": "buy", "amount": D(10), "price": D(100), "wallet": "Kraken"},
        {"type": "reward", "amount": D(1), "price": D(90), "wallet": "Kraken"},
        {"type": "transfer", "amount": D(2), "wallet": "Kraken", "to_wallet": "Ledger"},
        {"type": "spend", "amount": D("0.5"), "price": D(120), "wallet": "Ledger"},
        {"type": "withdrawal", "amount": D(1), "wallet": "Kraken"},
    ]
    drafts = [
        Draft(timestamp=DAY + timedelta(days=n), asset_id="bitcoin", **fact) for n, fact in enumerate(facts)
    ]  # fmt: skip
    record_transactions(portfolio, drafts)
    shown = working_of(portfolio, Asset.objects.get(pk="bitcoin"))
    assert shown.figures.income == 90
    assert [step.row.type for step in shown.income_steps] == ["reward"]
    assert all(step.formula for step in shown.steps)
    assert len(shown.formulas) == 5
    assert shown.fault is None
    found = {wallet.name: {b.asset: b.quantity for b in wallet.balances} for wallet in wallets_of(portfolio)}
    assert found == {"Kraken": {"bitcoin": D(8)}, "Ledger": {"bitcoin": D("1.5")}}


def test_a_rate_is_shown_with_its_source(ada: User) -> None:
    shown = traded(ada, ("buy", "1", "1000"), price_currency="eur")
    (rate,) = shown.rates
    assert (rate.from_code, rate.to_code, rate.day) == ("eur", "usd", DAY.date())
    assert rate.rate is not None
    assert round(rate.rate * 1000, 18) == shown.figures.cost
    assert "European Central Bank" in rate.source
    assert shown.steps[0].value_source == "price"


def test_a_coin_that_never_moved_has_no_working(ada: User) -> None:
    with pytest.raises(NothingToShow):
        working_of(Portfolio.objects.get(user=ada), Asset.objects.get(pk="ethereum"))


def test_a_kept_figure_that_has_strayed_is_found(ada: User) -> None:
    shown = traded(ada, ("buy", "1", "1000"), ("buy", "1", "3000"))
    portfolio = shown.portfolio
    assert fault_in(portfolio, replayed(portfolio)) is None
    Position.objects.update(cost=D("3999.5"))
    fault = fault_in(portfolio, replayed(portfolio))
    assert fault is not None
    assert (fault.asset, fault.gap, fault.transaction) == ("bitcoin", D("0.5"), None)
    assert working_of(portfolio, shown.asset).fault == quick_fault(portfolio) == fault


def test_a_book_that_does_not_add_up_names_its_first_bad_transaction(ada: User) -> None:
    shown = traded(ada, ("buy", "1", "1000"), ("buy", "1", "3000"), ("buy", "1", "4000"))
    first, second, third = (step.entry for step in shown.steps)
    book = post([first], method=Method.AVERAGE)
    book.standings["bitcoin"].cost += 7
    fault = fault_in(shown.portfolio, resume(book, [second, third]))
    assert fault is not None
    assert (fault.asset, fault.transaction, abs(fault.gap)) == ("bitcoin", second.id, 7)


# The page


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def test_every_figure_of_a_position_is_one_click_from_its_working(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2")
    bought(ada, "bitcoin", "1", "300", type="sell", fee_amount=D(2))
    coin, working = text_of(page, "/assets/bitcoin/"), text_of(page, "/assets/bitcoin/working/")
    anchors = set(re.findall(r'href="/assets/bitcoin/working/#(\w+)"', coin))
    assert anchors >= {"cost", "realised", "income", "fees", "invested", "lots"}
    ids = re.findall(r'\bid="([^"]+)"', working)
    assert len(ids) == len(set(ids))
    assert anchors <= set(ids)
    assert 'data-check="fine"' in working
    assert "198" in working
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", working)


def test_a_strayed_figure_shows_in_red(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2")
    Position.objects.update(invested=1)
    portfolio = Portfolio.objects.get(user=ada)
    for path in ("/assets/bitcoin/working/", f"/portfolios/{portfolio.pk}/"):
        assert 'data-check="broken"' in text_of(page, path)


def test_a_long_history_is_leafed_through_like_the_pages_of_a_statement(page: Client, ada: User) -> None:
    traded(ada, *[("buy", "1", "100")] * 120, method="fifo")
    newest = text_of(page, "/assets/bitcoin/working/")
    assert "Steps 71 to 120 of 120" in newest
    assert 'href="?offset=50#steps"' in newest
    assert 'href="?lot=50#lots"' in newest
    assert "1 to 50 of 120" in newest
    oldest = text_of(page, "/assets/bitcoin/working/?offset=100&lot=100")
    assert "Steps 1 to 20 of 120" in oldest
    assert 'href="?offset=50&amp;lot=100#steps"' in oldest
    assert "101 to 120 of 120" in oldest
    assert "Before these" in newest
    assert "Before these" not in oldest


def test_the_statement_of_a_day_ends_with_it(page: Client, ada: User) -> None:
    traded(ada, *[("buy", "1", "100")] * 120)
    day = (DAY + timedelta(days=59)).date()
    assert "Steps 11 to 60 of 120" in text_of(page, f"/assets/bitcoin/working/?on={day}")
    assert "Steps 0 to 0 of 120" in text_of(page, "/assets/bitcoin/working/?on=2001-01-01")
    for nonsense in ("?on=x", "?on=9999-12-31", "?offset=x", "?offset=-1", f"?lot={'9' * 30}"):
        assert "Steps 71 to 120" in text_of(page, f"/assets/bitcoin/working/{nonsense}")


def test_what_belongs_in_a_section_is_found_however_far_back(page: Client, ada: User) -> None:
    lines = [("buy", "1", "100"), ("reward", "1", "90"), ("sell", "0.5", "100"), *[("buy", "1", "100")] * 120]
    traded(ada, *lines, ("buy", "1", "5"))
    for section, end in (("income", 2), ("realised", 3)):
        found = page.get(f"/assets/bitcoin/working/?earlier={section}&portfolio=", follow=True)
        text = found.content.decode()
        assert f"Steps 1 to {end} of 124" in text
        assert found.redirect_chain[0][0].endswith(f"#{section}")
    assert "Nothing earlier" in page.get("/assets/bitcoin/working/?earlier=fees", follow=True).content.decode()


def test_the_working_belongs_to_its_owner(page: Client, ada: User) -> None:
    bob = make_user("bob")
    bought(bob, "bitcoin")
    theirs = bob.portfolios.get()
    for path in (
        "/assets/bitcoin/working/",
        f"/assets/bitcoin/working/?portfolio={theirs.pk}",
        f"/portfolios/{theirs.pk}/",
        f"/reports/gains/?portfolio={theirs.pk}",
        f"/reports/gains.csv?portfolio={theirs.pk}",
    ):
        text_of(page, path, 404)
    text_of(page, "/assets/no-such-coin/working/", 404)


def test_each_portfolio_has_a_working_of_its_own(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "1")
    other = create_portfolio(ada, "Savings", currency="eur")
    record_transactions(other, [Draft(DAY, "buy", "bitcoin", D(7), price=D(1))])
    text = text_of(page, f"/assets/bitcoin/working/?portfolio={other.pk}")
    assert "counted in EUR" in text
    assert 'data-value="7"' in text
    assert "adds up 2 portfolios" in text


def test_the_pages_ask_as_often_for_many_transactions_as_for_few(page: Client, ada: User) -> None:
    portfolio = Portfolio.objects.get(user=ada)
    paths = ["/assets/bitcoin/working/", f"/portfolios/{portfolio.pk}/", "/reports/gains/", "/reports/gains.csv"]

    def queries() -> list[int]:
        counts = []
        for path in paths:
            with CaptureQueriesContext(connection) as asked:
                text_of(page, path)
            counts.append(len(asked))
        return counts

    bought(ada, "bitcoin")
    bought(ada, "ethereum", type="sell")
    queries()  # what a process looks up once
    few = queries()
    for _ in range(10):
        bought(ada, "bitcoin", "1", "30", price_currency="eur")
        bought(ada, "bitcoin", "0.5", "40", type="sell", wallet="Kraken")
    assert queries() == few


def test_wallets_are_shown_with_what_lies_in_them_and_a_way_to_move_it(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2", wallet="Kraken & Co")
    bought(ada, "ethereum", "3")
    text = text_of(page, f"/portfolios/{Portfolio.objects.get(user=ada).pk}/")
    assert "Kraken &amp; Co" in text
    assert "No wallet named" in text
    assert "type=transfer&amp;portfolio=" in text
    (form,) = re.findall(r'href="([^"]*wallet=Kraken%20%26%20Co)"', text)
    filled = text_of(page, form.replace("&amp;", "&"))
    assert 'value="Kraken &amp; Co"' in filled
    assert re.search(r'value="transfer"[^>]*selected', filled)
    assert 'data-check="fine"' in text
