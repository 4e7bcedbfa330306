"""Kinds of transactions and of reminders in a real browser: only the fields that matter, and what comes of them."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, expect

from dashboard import clock
from dashboard.kinds import WORDINGS
from notifications.forms import OFFERED, ReminderForm, fields_of
from tests.browser.world import Person, World

PERCENT = ("change", "trailing", "drawdown", "depeg", "allocation_above", "allocation_below")


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


# Reminders ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scripted", [True, False])
def test_each_kind_of_reminder_shows_its_fields_and_no_others(
    the_world: World, somebody: Person, scripted: bool
) -> None:
    state = somebody.page.context.storage_state()
    browser = somebody.page.context.browser
    assert browser
    with browser.new_context(java_script_enabled=scripted, storage_state=state) as context:
        page = context.new_page()
        page.goto(f"{the_world.address}/reminders/add/")
        page.locator("details.more > summary").click()
        field = page.locator("[data-reminder-form]").locator
        field("[name=repeat]").select_option("always")
        for kind in sorted(OFFERED):
            field("[name=kind]").select_option(kind)
            for unit in ("money", "percent") if kind.startswith("profit") else ("money",):
                if kind.startswith("profit"):
                    field("[name=unit]").select_option(unit)
                shown = fields_of(kind, unit) - ({"rearm_band"} if kind == "stale" else set())
                for name in ReminderForm.base_fields.keys() - {"asset_choice", "transports"}:
                    expect(field(f"[name={name}]")).to_be_visible(visible=name in shown)
                if "limit" in shown:
                    in_percent = unit == "percent" or kind in PERCENT
                    expect(field(".says-percent")).to_be_visible(visible=in_percent)


def test_a_change_is_watched_for_from_the_form_to_the_toast(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000", within=30)
    somebody.go("/reminders/")
    somebody.page.get_by_role("link", name="Add reminder").first.click()
    form = somebody.page.locator("dialog [data-reminder-form]")
    form.locator("[name=kind]").select_option("change")
    box = form.locator("[name=asset]")
    box.press_sequentially("Bitc")
    expect(somebody.page.get_by_role("option", name=re.compile("Bitcoin")).first).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    form.locator("[name=direction]").select_option("up")
    form.locator("[name=window]").select_option("creation")
    form.locator("[name=limit]").press_sequentially("4")
    sentence = form.locator("#reminder-sentence")
    expect(sentence).to_contain_text(
        "when Bitcoin (BTC) rises by more than 4 % from its price when this was set (now 50,000.00 USD); once."
    )
    form.locator("[name=repeat]").select_option("daily")
    expect(sentence).to_contain_text("at most once a day, again only after it was within 3.5 %.")
    form.get_by_role("button", name="Add reminder").click()
    expect(somebody.page.get_by_text("Reminder saved.")).to_be_visible()
    row = somebody.page.locator("[data-reminder]")
    away = row.locator("[data-cell=away]")
    expect(away).to_have_text("▲ +4.00 points")
    the_world.coingecko.set_price("bitcoin", "51000")
    expect(away).to_have_text("▲ +2.00 points", timeout=15_000)  # without a reload
    the_world.coingecko.set_price("bitcoin", "52100")
    toast = somebody.page.locator(".toast[data-alert]")
    expect(toast).to_have_count(1, timeout=15_000)
    expect(toast).to_contain_text("Bitcoin (BTC) is up 4.20 % since the reminder was set")
    expect(row).to_have_attribute("data-state", "cooling", timeout=15_000)
    toast.get_by_role("link", name="Show").click()
    expect(somebody.page.locator(".life").first).to_contain_text("Judged")
    expect(somebody.page.locator("main")).to_contain_text("4.20 %")
    somebody.page.get_by_role("link", name="Its course").click()
    expect(somebody.page.get_by_text("and rests until")).to_be_visible()
    assert somebody.complaints == []


def test_a_suggestion_on_a_coins_page_is_one_click(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000", within=30)
    somebody.go("/assets/bitcoin/")
    somebody.page.get_by_role("button", name="At my break-even").click()
    expect(somebody.page.get_by_role("status").filter(has_text="Reminder set")).to_contain_text(
        "crosses your average cost in all portfolios"
    )
    somebody.page.get_by_role("link", name="Change: At my break-even").click()
    expect(somebody.page.locator("dialog [name=kind]")).to_have_value("break_even")
    assert somebody.complaints == []
