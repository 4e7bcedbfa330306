"""A portfolio's transactions as Tickfolio's own CSV, exact to the last digit; reading it back is importing's work."""

import csv
import io

from dashboard.drafts import draft_of
from dashboard.importing.tickfolio import COLUMNS, row_of
from dashboard.models import Asset, Portfolio


def export_csv(portfolio: Portfolio) -> str:
    """The whole file, oldest transaction first, so that reading it back keeps the order of entry."""
    symbols = dict(Asset.objects.filter(pk__in=assets_of(portfolio)).values_list("pk", "symbol"))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = portfolio.transactions.order_by("timestamp", "id").iterator(chunk_size=2000)
    writer.writerows(row_of(draft_of(row), symbols) for row in rows)
    return file.getvalue()


def assets_of(portfolio: Portfolio) -> set[str]:
    """Every asset that a transaction of the portfolio names: three short queries, whatever its length."""
    fields = ("asset_id", "counter_asset_id", "fee_asset_id")
    named = (portfolio.transactions.order_by().values_list(field, flat=True).distinct() for field in fields)
    return {asset for values in named for asset in values if asset}


def export_name(portfolio: Portfolio) -> str:
    """A file name of plain letters for the export."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in portfolio.name.lower()).strip("-")
    return f"tickfolio-{letters or portfolio.pk}.csv"
