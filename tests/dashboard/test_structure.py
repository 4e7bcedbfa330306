"""A mark tells sections that are built otherwise, whatever their figures."""

from dataclasses import replace
from decimal import Decimal

from dashboard.structure import mark_of
from dashboard.valuation import ZERO, Held, Issue

HELD = Held("bitcoin", "btc", "Bitcoin", Decimal(2), Decimal(10), ZERO, ZERO, ZERO, Decimal(10), Decimal(10))
OTHER = replace(HELD, asset="ethereum", symbol="eth", name="Ethereum")
MARK = mark_of("en-GB", "usd", [HELD, OTHER], (), stale=False)


def test_figures_and_their_order_make_no_other_mark() -> None:
    more = replace(HELD, quantity=Decimal(3), cost=Decimal(99))
    assert mark_of("en-GB", "usd", [OTHER, more], (), stale=False) == MARK


def test_rows_names_notes_prices_that_lack_age_and_reader_do() -> None:
    issue = Issue("negative", 7, "More was sold than held.")
    others = [replace(HELD, quantity=ZERO), replace(HELD, name="₿"), replace(HELD, issues=(issue,))]
    marks = [mark_of("en-GB", "usd", [one, OTHER], (), stale=False) for one in others]
    marks += [
        mark_of("en-GB", "usd", [HELD], (), stale=False),
        mark_of("en-GB", "usd", [HELD, OTHER], ("bitcoin",), stale=False),
        mark_of("en-GB", "usd", [HELD, OTHER], (), stale=True),
        mark_of("en-GB", "eur", [HELD, OTHER], (), stale=False),
        mark_of("de", "usd", [HELD, OTHER], (), stale=False),
    ]
    assert len({MARK, *marks}) == len(marks) + 1
