"""A file that can't be read gets a message that names its line, by page, API and command, and nothing is written."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from dashboard.models import Asset, Import, ImportFile, Portfolio, Transaction
from dashboard.recording import create_portfolio
from tests.dashboard.api.client import ApiClient, faults
from tests.dashboard.importing.damaged import DAMAGED, HEADER, ROW

pytestmark = pytest.mark.django_db
each = pytest.mark.parametrize(("content", "line", "words"), DAMAGED)


@pytest.fixture
def portfolio() -> Portfolio:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


def file_of(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("mine.csv", content)


def nothing_is_written() -> bool:
    return not any(model._default_manager.exists() for model in (Import, ImportFile, Transaction))


@each
def test_the_page_says_it_beside_the_field(portfolio: Portfolio, content: bytes, line: int, words: str) -> None:
    client = Client()
    client.force_login(portfolio.user)
    form = {"portfolio": portfolio.pk, "time_zone": "UTC", "file": file_of(content)}
    answer: Any = client.post("/imports/", form)
    (said,) = answer.context["form"].errors["file"]
    assert said.startswith(f"Line {line}: ")
    unknown = "no known format has this header"  # and its columns can't be named either
    assert words in said or ("no header" in words and unknown in said)
    assert said.endswith("Nothing was imported.")
    assert nothing_is_written()


@each
@pytest.mark.parametrize("commit", ["true", "false"])
def test_the_api_names_the_field(portfolio: Portfolio, content: bytes, line: int, words: str, commit: str) -> None:
    api = ApiClient(portfolio.user)
    said = faults(api.upload(f"portfolios/{portfolio.pk}/imports", {"file": file_of(content), "commit": commit}))
    assert said["file"].startswith(f"Line {line}: ")
    assert words in said["file"]
    assert nothing_is_written()


@each
def test_the_command_ends_with_status_two(
    portfolio: Portfolio, tmp_path: Path, content: bytes, line: int, words: str
) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(CommandError) as caught:
        call_command("import_transactions", "--user", "ada", "--portfolio", "Main", str(tmp_path / "mine.csv"))
    assert caught.value.returncode == 2
    assert f"Line {line}: " in str(caught.value)
    assert words in str(caught.value)
    assert nothing_is_written()


def test_the_line_of_a_damage_far_down_a_long_file_is_named(portfolio: Portfolio) -> None:
    """Long files are read by a worker, but that they are whole is seen before they are kept."""
    content = (HEADER + "\n" + f"{ROW}\n" * 5000 + "2024-05-03T12:00:00Z,buy,bit").encode()
    said = faults(ApiClient(portfolio.user).upload(f"portfolios/{portfolio.pk}/imports", {"file": file_of(content)}))
    assert said["file"].startswith("Line 5002: ")
    assert nothing_is_written()
