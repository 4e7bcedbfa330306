"""Kinds of transactions at the form in a real browser: only the fields that matter, and values that are looked up."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, expect

from dashboard import clock
from dashboard.kinds import WORDINGS
from tests.browser.world import Person, World


def pick(somebody: Person, field: str, typed: str, name: str) -> None:
    """A coin by typing, by the keyboard alone."""
    box = somebody.page.locator(f"[data-transaction] [name={field}]")
    box.press_sequentially(typed)
    expect(somebody.page.get_by_role("option", name=re.compile(name)).first).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value(re.compile(name))


def field_of(somebody: Person, name: str) -> Locator:
    return somebody.page.locator(f"[data-transaction] [name={name}]")


def test_a_swap_is_stated_by_two_coins_from_the_keyboard(the_world: World, somebody: Person) -> None:
    somebody.add_transaction("Ethereum", "3", "1900")
    somebody.go("/transactions/")
    somebody.page.get_by_role("link", name="Add transaction").first.click()
    field_of(somebody, "type").select_option("swap")
    pick(somebody, "asset_id", "Ether", "Ethereum")
    expect(field_of(somebody, "amount")).to_be_focused()
    field_of(somebody, "amount").fill("1")
    pick(somebody, "counter_asset_id", "Bitc", "Bitcoin")
    expect(field_of(somebody, "counter_amount")).to_be_focused()
    field_of(somebody, "counter_amount").fill("0.05")
    field_of(somebody, "value_override").fill("2100")
    field_of(somebody, "fee_amount").fill("0.001")
    field_of(somebody, "fee_asset_id").select_option(label="BTC")
    field_of(somebody, "fee_amount").press("Enter")
    expect(somebody.page.get_by_text("Recorded: swapped 1 ETH for 0.05 BTC.")).to_be_visible()
    expect(somebody.page.locator("#transaction-list")).to_contain_text("1 ETH → 0.05 BTC")
    somebody.go("/")
    assert somebody.holding("bitcoin", "holdings") == Decimal("0.049")
    assert somebody.holding("bitcoin", "cost") == 2100
    assert somebody.complaints == []


@pytest.mark.parametrize("scripted", [True, False])
def test_each_kind_shows_its_fields_and_no_others(the_world: World, somebody: Person, scripted: bool) -> None:
    state = somebody.page.context.storage_state()
    browser = somebody.page.context.browser
    assert browser
    with browser.new_context(java_script_enabled=scripted, storage_state=state) as context:
        page = context.new_page()
        page.goto(f"{the_world.address}/transactions/add/")
        for kind, wording in WORDINGS.items():
            page.locator("[data-transaction] [name=type]").select_option(kind.value)
            for name in (
                "asset_id",
                "counter_asset_id",
                "price",
                "value_override",
                "fee_amount",
                "wallet",
                "to_wallet",
            ):
                field = page.locator(f"[data-transaction] [name={name}]")
                expect(field).to_be_visible(visible=wording.uses(name))
            if scripted:
                expect(page.locator("[data-hint]")).to_have_text(wording.hint)
                expect(page.locator("label[for=id_amount]")).to_contain_text(wording.name_of("amount"))


def test_a_reward_is_valued_by_the_prices_of_the_past_while_its_owner_watches(
    the_world: World, somebody: Person
) -> None:
    last_week = (clock.now() - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%S")
    somebody.go("/transactions/add/?type=reward&asset=ethereum")
    somebody.fill(amount="2", timestamp=last_week)
    somebody.submit()
    expect(somebody.page).to_have_url(re.compile(r"/transactions/$"))
    somebody.go("/")
    somebody.sees("[data-asset='ethereum'] [data-field=cost]", "4000", within=30)
    somebody.go("/assets/ethereum/")
    expect(somebody.page.get_by_text("is not known")).to_have_count(0)
    assert somebody.complaints == []
