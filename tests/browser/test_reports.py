"""Scheduled reports in a real browser: the form shows what the chosen times need, and tells when they are."""

from playwright.sync_api import expect

from tests.browser.world import Person, World


def test_a_report_is_set_moved_and_paused(the_world: World, somebody: Person) -> None:
    somebody.go("/reminders/")
    somebody.page.get_by_role("link", name="Reports").click()
    somebody.page.get_by_role("link", name="Add report").first.click()
    form = somebody.page.locator("[data-schedule-form]")
    times = form.locator("#schedule-times")
    expect(times).to_contain_text("Sent every day at 08:00.")
    expect(form.locator("[name=day]")).to_be_hidden()
    form.locator("[name=often]").select_option("monthly")
    form.locator("[name=day]").select_option("last")
    expect(times).to_contain_text("Sent on the last day of each month at 08:00.")
    expect(times.locator("li")).to_have_count(3)
    form.locator("[name=often]").select_option("custom")
    expect(form.locator("[name=at]")).to_be_hidden()
    form.locator("[name=hour]").fill("25")
    form.locator("[name=hour]").press("Enter")
    expect(somebody.page.get_by_text("'25' is not an hour from 0 to 23.")).to_be_visible()
    form.locator("[name=hour]").fill("9-11")
    form.locator("[name=day_of_week]").fill("mon-fri")
    expect(times).to_contain_text("Sent Monday to Friday at 09:00, 10:00 and 11:00.")
    form.get_by_role("button", name="Add report").click()
    expect(somebody.page.get_by_text("Report saved.")).to_be_visible()
    line = somebody.page.locator("[data-report]")
    expect(line).to_contain_text("Monday to Friday at 09:00, 10:00 and 11:00")
    expect(line.locator("time")).to_have_count(3)
    line.get_by_role("link", name="Change the report").click()
    expect(form.locator("[name=hour]")).to_have_value("9,10,11")
    form.locator("[name=often]").select_option("hours")
    form.locator("[name=hours]").fill("12")
    form.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("every 12 hours from 08:00")
    line.get_by_role("button", name="Pause the report").click()
    expect(line).to_contain_text("Paused")
    line.get_by_role("button", name="Go on with the report").click()
    expect(line.locator("time")).to_have_count(3)
    assert somebody.complaints == []
