"""From sign-up to an alert, through the real processes, seen in a real browser."""

import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.world import Person, World
from tests.running import until


def prices(world: World, bitcoin: str = "50000", ethereum: str = "2000") -> None:
    """In steps that are no jumps: a jump of 30 % waits to be confirmed."""
    world.coingecko.set_price("bitcoin", bitcoin)
    world.coingecko.set_price("ethereum", ethereum)


def test_a_price_that_moves_moves_value_profit_and_total_exactly(the_world: World, somebody: Person) -> None:
    prices(the_world)
    somebody.add_transaction("Bitcoin", "0.123456789012345678", "40000.01", fee="1.5")
    somebody.add_transaction("Ethereum", "3.5", "1900")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000")
    somebody.page.evaluate("() => { window.stayed = true }")
    prices(the_world, "51234.56789", "2100.25")
    somebody.sees_price("bitcoin", "51234.56789")
    somebody.sees_price("ethereum", "2100.25")
    bitcoin = Decimal("0.123456789012345678"), Decimal("51234.56789")
    ethereum = Decimal("3.5"), Decimal("2100.25")
    values = [Decimal(str(Decimal(q) * Decimal(p))) for q, p in (bitcoin, ethereum)]
    assert somebody.holding("bitcoin", "value") == values[0]
    assert somebody.holding("ethereum", "value") == values[1]
    cost = Decimal("0.123456789012345678") * Decimal("40000.01") + Decimal("1.5")
    assert abs(somebody.holding("bitcoin", "profit") - (values[0] - cost)) < Decimal("1e-17")
    assert abs(somebody.total("value") - sum(values)) < Decimal("1e-17")
    gain = sum(values) - cost - Decimal("3.5") * 1900
    assert abs(somebody.total("profit") - gain) < Decimal("1e-17")
    assert somebody.page.evaluate("() => window.stayed") is True, "the page was loaded anew"
    for field in ("rank", "name", "holdings", "market_cap", "change_1h", "change_24h", "change_7d", "cost"):
        assert somebody.page.locator(f"[data-asset=bitcoin] [data-field={field}]").count() == 1
    assert somebody.holding("bitcoin", "change_1h") == Decimal("0.5")
    assert somebody.complaints == []


def test_a_crossing_brings_one_toast_one_mail_and_one_whatsapp_message(the_world: World, somebody: Person) -> None:
    prices(the_world)
    somebody.confirm_address()
    somebody.link_whatsapp()
    mails, messages = len(the_world.smtp.to(somebody.email)), len(the_world.twilio.to(somebody.number))
    somebody.add_reminder("52000")
    somebody.go("/")
    prices(the_world, "52500")
    toast = somebody.page.locator(".toast[data-alert]")
    expect(toast).to_have_count(1, timeout=15_000)
    until(lambda: len(the_world.smtp.to(somebody.email)) > mails, 15, lambda: the_world.site.output)
    until(lambda: len(the_world.twilio.to(somebody.number)) > messages, 15, lambda: the_world.site.output)
    watching = somebody.page.context.new_page()
    watching.goto(f"{the_world.address}/market/")
    for wobble in ("51900", "52100", "51000", "53000", "51500", "52600"):
        prices(the_world, wobble)
        cell = watching.locator("[data-asset=bitcoin] [data-field=price]")
        expect(cell).to_have_attribute("data-value", wobble, timeout=10_000)
    expect(toast).to_have_count(1)
    assert len(the_world.smtp.to(somebody.email)) == mails + 1
    assert len(the_world.twilio.to(somebody.number)) == messages + 1
    mail, message = the_world.smtp.to(somebody.email)[-1], the_world.twilio.to(somebody.number)[-1]
    for text in (mail.text, message.text, toast.inner_text()):
        assert "Bitcoin" in text
        assert "52,500" in text
        assert "52,000" in text
    assert "CoinGecko" in mail.text
    assert re.search(r"https?://\S+/alerts/\d+/", mail.text)
    somebody.go("/alerts/")
    expect(somebody.page.get_by_text("Bitcoin").first).to_be_visible()
    somebody.go(f"/alerts/{toast_id(somebody)}/")
    for transport in ("toast", "e-mail", "whatsapp"):
        expect(somebody.page.locator("main")).to_contain_text(re.compile(transport, re.IGNORECASE))
    assert somebody.complaints == []


def toast_id(person: Person) -> str:
    person.go("/alerts/")
    link = person.page.locator("main a[href^='/alerts/']").first.get_attribute("href") or ""
    return link.strip("/").split("/")[-1]


def test_a_balance_that_falls_below_its_limit_is_told(the_world: World, somebody: Person) -> None:
    prices(the_world)
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.add_reminder("49000", kind="balance_below")
    somebody.go("/")
    prices(the_world, "48500")
    expect(somebody.page.locator(".toast[data-alert]")).to_have_count(1, timeout=15_000)
    expect(somebody.page.locator(".toast[data-alert]")).to_contain_text("48,500")


def test_a_source_that_fails_leaves_the_last_good_prices_with_their_age(the_world: World, somebody: Person) -> None:
    prices(the_world)
    somebody.add_transaction("Bitcoin", "2", "40000")
    somebody.add_reminder("1000", kind="price_below")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000")
    for mode in ("429", "500", "html", "empty_list", "nan", "zero", "cut_json"):
        the_world.coingecko.fail(mode)
        asked = the_world.coingecko.requests["/coins/markets"]
        until(lambda: the_world.coingecko.requests["/coins/markets"] > asked, 30, lambda: the_world.site.output)  # noqa: B023
        for path in ("/", "/market/", "/assets/bitcoin/", "/transactions/", "/reminders/", "/alerts/", "/settings/"):
            answer = somebody.page.request.get(the_world.address + path)
            assert answer.status == 200, (mode, path)
        assert somebody.holding("bitcoin", "price") == 50000
        assert somebody.total("value") == 100000
        the_world.coingecko.heal()
    expect(somebody.page.locator(".toast[data-alert]")).to_have_count(0)
    expect(somebody.page.locator("#live-state")).to_contain_text(re.compile("ago|now|s", re.IGNORECASE))
    prices(the_world, "50500")
    somebody.sees_price("bitcoin", "50500", within=90)


def test_two_browsers_of_one_move_together_and_another_sees_only_their_own(
    the_world: World, new_person: NewPerson
) -> None:
    prices(the_world)
    first = new_person()
    first.sign_up()
    first.add_transaction("Bitcoin", "1", "40000")
    second = new_person(first.name)
    second.log_in()
    other = new_person()
    other.sign_up()
    other.add_transaction("Bitcoin", "7", "100")
    for one in (first, second, other):
        one.go("/")
        one.sees_price("bitcoin", "50000")
    prices(the_world, "51000")
    for one in (first, second):
        one.sees("[data-total=value]", "51000")
    other.sees("[data-total=value]", "357000")
    first.add_transaction("Ethereum", "2", "1900")
    second.sees("[data-total=value]", "55000")
    assert second.page.locator("[data-asset=ethereum]").count() == 1
    assert other.page.locator("[data-asset=ethereum]").count() == 0
    assert other.total("value") == 357000
    assert first.complaints + second.complaints + other.complaints == []


def test_bad_input_is_told_beside_its_field_and_nothing_typed_is_lost(the_world: World, somebody: Person) -> None:
    for field, value, sentence in [
        ("amount", "-1", "above zero"),
        ("amount", "0", "above zero"),
        ("amount", "NaN", "Enter a number"),
        ("amount", "1e400", "digits"),
        ("timestamp", "2099-01-01T00:00", "future"),
        ("asset_id", "no such coin at all", "No coin"),
    ]:
        somebody.go("/transactions/add/")
        somebody.fill(**{"asset_id": "bitcoin", "amount": "1.25", "price": "3", "note": "kept", field: value})
        somebody.submit()
        fault = somebody.page.locator(".invalid-feedback").filter(has_text=sentence)
        expect(fault.first).to_be_visible()
        box = somebody.page.locator(f"[name={field}]").first
        assert box.input_value().startswith(value)
        assert somebody.page.locator("[name=note]").first.input_value() == "kept"
    assert somebody.complaints == []


def test_selling_more_than_is_held_is_kept_and_flagged(the_world: World, somebody: Person) -> None:
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.add_transaction("Bitcoin", "1.5", "45000", kind="sell")
    somebody.go("/")
    expect(somebody.page.locator("#holdings")).to_contain_text("0.5 BTC more left than you had")
