"""The commands for a shell: import, export, tick, with the exit status that scripts rely on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from dashboard.models import Asset, Import, Portfolio, Transaction
from dashboard.recording import create_portfolio
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
HEADER = "timestamp,type,asset_id,amount,price\n"
ROW = "2024-01-10T12:00:00Z,buy,bitcoin,0.5,40000\n"
MINE = ("--user", "ada", "--portfolio", "Main")


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        settings.PRICE_REFRESH_SECONDS = 1.0
        yield server


@pytest.fixture
def portfolio() -> Portfolio:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


def run(file: Path, text: str, *options: str) -> int:
    """The exit status of importing the text."""
    file.write_text(text)
    try:
        call_command("import_transactions", *MINE, *options, str(file))
    except SystemExit as error:
        return int(error.code or 0)
    except CommandError as error:
        return error.returncode
    return 0


def test_an_import_says_what_was_added_and_the_next_one_that_nothing_was(
    portfolio: Portfolio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a.csv", HEADER + ROW * 2) == 0
    assert capsys.readouterr().out == "Tickfolio's own CSV: 2 added, 0 duplicates, 0 skipped, 0 for review\n"
    assert run(tmp_path / "a.csv", HEADER + ROW * 2) == 0
    assert "0 added, 2 duplicates" in capsys.readouterr().out
    assert Transaction.objects.count() == 2


def test_a_row_for_review_is_shown_and_gives_status_one(
    portfolio: Portfolio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a.csv", HEADER + ROW + ROW.replace("0.5", "half")) == 1
    printed = capsys.readouterr()
    assert "1 added, 0 duplicates, 0 skipped, 1 for review" in printed.out
    assert "line 3: amount: Enter a number.\n    2024-01-10T12:00:00Z,buy,bitcoin,half,40000" in printed.err


def test_a_dry_run_writes_nothing(portfolio: Portfolio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "a.csv", HEADER + ROW, "--dry-run") == 0
    assert "1 would be added" in capsys.readouterr().out
    assert run(tmp_path / "a.csv", HEADER + ROW + ROW.replace("0.5", "half"), "--dry-run") == 1
    assert not Transaction.objects.exists()
    assert not Import.objects.exists()


def test_times_without_a_zone_are_in_the_given_one(portfolio: Portfolio, tmp_path: Path) -> None:
    assert run(tmp_path / "a.csv", HEADER + ROW.replace("Z", "")) == 1
    assert run(tmp_path / "a.csv", HEADER + ROW.replace("Z", ""), "--timezone", "Mars") == 2
    assert run(tmp_path / "a.csv", HEADER + ROW.replace("Z", ""), "--timezone", "Asia/Tokyo") == 0
    assert Transaction.objects.get().timestamp.isoformat() == "2024-01-10T03:00:00+00:00"


@pytest.mark.parametrize("text", ["", "a,b\n", HEADER + ROW + '2024,"'])
def test_an_unreadable_file_gives_status_two_and_leaves_nothing(
    portfolio: Portfolio, tmp_path: Path, text: str
) -> None:
    assert run(tmp_path / "a.csv", text) == 2
    assert not Import.objects.exists()


def test_a_file_a_user_or_a_portfolio_that_is_not_there_is_named(portfolio: Portfolio, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.csv can't be read: No such file"):
        call_command("import_transactions", *MINE, str(tmp_path / "gone.csv"))
    with pytest.raises(CommandError, match=r"no portfolio 'Second'. There is: Main\."):
        call_command("export_transactions", "--user", "ada", "--portfolio", "Second")
    with pytest.raises(CommandError, match=r"'eve' has no portfolio 'Main'"):
        call_command("export_transactions", "--user", "eve", "--portfolio", "Main")


def test_the_export_of_one_portfolio_imports_into_another(
    portfolio: Portfolio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a.csv", HEADER + ROW) == 0
    capsys.readouterr()
    call_command("export_transactions", "--user", "ada", "--portfolio", "main")
    exported = capsys.readouterr().out
    other = create_portfolio(portfolio.user, "Other")
    (tmp_path / "b.csv").write_text(exported)
    call_command("import_transactions", "--user", "ada", "--portfolio", str(other.pk), str(tmp_path / "b.csv"))
    capsys.readouterr()
    call_command("export_transactions", "--user", "ada", "--portfolio", "Other")
    assert capsys.readouterr().out == exported


def test_a_tick_says_in_one_line_what_came(source: FakeCoinGecko, capsys: pytest.CaptureFixture[str]) -> None:
    source.set_price("bitcoin", 50_000)
    call_command("tick")
    assert capsys.readouterr().out.startswith("tick 1: 1 quotes changed, newest price of ")
    call_command("tick")
    assert capsys.readouterr().out.startswith("tick 1: nothing new, next poll at ")


def test_a_tick_fails_when_the_source_does(source: FakeCoinGecko) -> None:
    source.fail("500")
    with pytest.raises(CommandError, match="fails since"):
        call_command("tick")
