"""A long file at a real browser: its progress is shown, it is confirmed, and it can be taken back."""

import re

from playwright.sync_api import FilePayload, expect

from tests.benchmarks.import_rows import csv_text
from tests.browser.world import Person

ROWS = 6_000


def test_a_long_file_is_read_confirmed_and_taken_back(somebody: Person) -> None:
    page = somebody.page
    somebody.go("/imports/")
    file: FilePayload = {
        "name": "long.csv",
        "mimeType": "text/csv",
        "buffer": csv_text(ROWS, ["bitcoin"]).encode(),
    }
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.locator("#import-progress")).to_be_visible()
    confirm = page.get_by_role("button", name="Import 6,000 transactions")
    expect(confirm).to_be_visible(timeout=60_000)  # nobody has reloaded the page
    confirm.click()
    expect(page.get_by_text("Take this import back")).to_be_visible(timeout=60_000)
    expect(page.locator("dl.figures")).to_contain_text(re.compile(r"Added\s*6,000"))
    page.get_by_text("Take this import back").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Took back 6,000 transactions of long.csv.")).to_be_visible(timeout=60_000)
    assert not somebody.complaints
