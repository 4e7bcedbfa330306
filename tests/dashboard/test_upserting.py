"""Rows that are new or known, exactly as they were given."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.models import Asset, PriceSample
from dashboard.upserting import upsert

pytestmark = pytest.mark.django_db
NAMES = ("asset", "at", "usd", "step", "low", "source")
AT = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def stored() -> list[tuple[object, ...]]:
    return list(PriceSample.objects.order_by("asset").values_list(*NAMES))


def test_new_rows_are_made_and_known_ones_take_the_new_values_by_one_statement() -> None:
    for name in ("a", "b"):
        Asset.objects.create(id=name, symbol=name, name=name)
    first = ("a", AT, Decimal("1.000000000000000001"), 0, None, "one")
    upsert(PriceSample, NAMES, [first], key=2)
    assert stored() == [first]
    again = ("a", AT, Decimal("1E+2"), 7, Decimal("-0.5"), "two")
    other = ("b", AT, Decimal("99999999999999999999.999999999999999999"), 0, None, "")
    with CaptureQueriesContext(connection) as captured:
        upsert(PriceSample, NAMES, [again, other], key=2)
    assert len(captured) == 1
    assert stored() == [again, other]
    assert [str(usd) for _, _, usd, *_ in stored()] == ["100", "99999999999999999999.999999999999999999"]


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        upsert(PriceSample, NAMES, [])
    assert not captured.captured_queries
