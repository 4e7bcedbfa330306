"""Numbers, dates and the language of pages as the reader's locale has them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from accounts import locales
from accounts.models import User
from dashboard.formats import format_gain, format_money, format_percent, format_price
from dashboard.forms import AmountField, with_point
from dashboard.money import AmountError
from tests.dashboard.page_world import FORM, coins, make_user  # noqa: F401

AT = datetime(2026, 5, 3, 14, 5, 9, tzinfo=UTC)
SIGN_UP = {"username": "ada", "email": "ada@example.org", "password1": "long-Enough-9", "password2": "long-Enough-9"}


@pytest.mark.parametrize(
    ("name", "number", "moment"),
    [
        ("en-GB", "1,234,567.89", "3 May 2026, 14:05"),
        ("en-US", "1,234,567.89", "May 3, 2026, 14:05"),
        ("en-IN", "12,34,567.89", "3 May 2026, 14:05"),
        ("de", "1.234.567,89", "3. Mai 2026, 14:05"),
        ("de-CH", "1’234’567.89", "3. Mai 2026, 14:05"),
        ("fr", "1\u202f234\u202f567,89", "3 mai 2026, 14:05"),
        ("ja", "1,234,567.89", "2026年5月3日, 14:05"),
    ],
)
def test_numbers_and_dates_are_those_of_the_locale(name: str, number: str, moment: str) -> None:
    with locales.in_locale(name):
        assert (locales.localised("1,234,567.89"), locales.moment(AT)) == (number, moment)


@pytest.mark.parametrize("name", locales.LOCALES)
def test_every_locale_that_can_be_chosen_writes_everything(name: str) -> None:
    with locales.in_locale(name):
        said = [locales.day(AT), locales.long_day(AT), locales.month(AT), locales.day_of_year(AT), locales.weekday(AT)]
        assert all(said)
        assert len(locales.month_names()) == 12
        assert [letter for letter in locales.localised("1,234.5") if letter.isascii() and letter.isdigit()] == [
            *"12345"
        ]


def test_figures_keep_their_signs_and_their_digits_in_another_locale() -> None:
    with locales.in_locale("de"):
        assert format_money(Decimal("67412.18"), "usd") == "67.412,18"
        assert format_gain(Decimal("-3.1"), "usd") == "▼ −3,10"
        assert format_percent(Decimal("1234.5")) == "▲ +1.234 %"
        assert format_price(Decimal("0.00001234")) == "0,0₄1234"
    assert format_money(Decimal("67412.18"), "usd") == "67,412.18"


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("de-DE", "de"),
        ("en", "en-GB"),
        ("en-us", "en-US"),
        ("pt_BR.UTF-8", "pt-BR"),
        ("zh-TW", "zh-Hant"),
        ("xx", None),
    ],
)
def test_a_browsers_tag_means_the_nearest_locale(tag: str, found: str | None) -> None:
    assert locales.nearest(tag) == found


@pytest.mark.django_db
def test_an_account_begins_with_the_locale_of_its_browser() -> None:
    Client(headers={"accept-language": "xx,de-AT;q=0.9,en;q=0.5"}).post("/accounts/signup/", SIGN_UP)
    assert User.objects.get().locale == "de-AT"


@pytest.mark.django_db
def test_a_page_is_written_as_its_reader_chose_and_holds_every_digit(coins: None) -> None:  # noqa: F811
    client = Client()
    client.force_login(make_user("ada"))
    client.post("/transactions/add/", FORM)
    client.post(
        "/settings/", {"currency": "usd", "locale": "de", "time_zone": "UTC", "theme": "dark", "colours": "green-red"}
    )
    text = client.get("/").content.decode()
    assert 'data-locale="de"' in text
    assert 'data-value="25000" title="25000" class="num">25.000,00</span>' in text
    assert "10. Jan. 2024, 12:00" in client.get("/transactions/").content.decode().replace(
        '<span class="only-wide">', ""
    )


@pytest.mark.parametrize(
    ("typed", "meant"), [("1,234", "1.234"), ("1.234,5", "1234.5"), ("0.5", "0.5"), ("1234,5", "1234.5")]
)
def test_what_is_typed_is_read_as_the_locale_writes_it(typed: str, meant: str) -> None:
    with locales.in_locale("de"):
        assert with_point(typed) == meant
        assert AmountField().prepare_value(Decimal("1.234")) == "1,234"


def test_what_can_be_read_in_two_ways_is_asked_in_the_locales_notation() -> None:
    with (
        locales.in_locale("de"),
        pytest.raises(AmountError, match=r"1\.234 can be read in two ways: write 1,234 or 1234\."),
    ):
        with_point("1.234")
    with pytest.raises(AmountError, match=r"1,234 can be read in two ways: write 1\.234 or 1234\."):
        with_point("1,234")
