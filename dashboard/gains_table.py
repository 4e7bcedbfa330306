"""A yearly report as CSV: one line for each lot that was sold, each income and each fee, and the totals.

Numbers are exact, dates are those of the owner's zone; text is guarded against being run as a formula.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext, gettext_noop

from dashboard.gains import GainsReport, Receipt, Sale
from dashboard.importing.tickfolio import guard
from dashboard.money import plain

COLUMNS = (
    "row",
    "kind",
    "asset_id",
    "asset",
    "wallet",
    "quantity",
    "acquired",
    "disposed",
    "proceeds",
    "cost",
    "gain",
    "income",
    "fees",
    "currency",
    "method",
    "lot_scope",
    "time_zone",
    "transaction",
    "remark",
)
UNKNOWN_COST = gettext_noop("cost unknown, taken to be what is stated")
UNKNOWN_VALUE = gettext_noop("value unknown, counts as zero")


def gains_csv(report: GainsReport) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    common = {
        "currency": report.portfolio.currency,
        "method": report.portfolio.method,
        "lot_scope": report.portfolio.lot_scope,
        "time_zone": report.zone.key,
    }
    writer.writerows({**cells, **common} for cells in lines(report))
    return file.getvalue()


def lines(report: GainsReport) -> Iterator[dict[str, str]]:
    def day(moment: datetime) -> str:
        return moment.astimezone(report.zone).date().isoformat()

    for sale in report.sales:
        for lot in sale.lots:
            yield facts(sale, lot.quantity) | {
                "row": "disposal",
                "kind": sale.what.lower(),
                "acquired": day(lot.acquired_at),
                "disposed": day(sale.entry.at),
                "proceeds": plain(lot.proceeds),
                "cost": plain(lot.cost),
                "gain": plain(lot.gain),
                "remark": gettext(UNKNOWN_COST) if lot.assumed else "",
            }
    for name, receipts in (("income", report.income), ("fees", report.fees)):
        for receipt in receipts:
            yield facts(receipt, receipt.quantity) | {
                "row": name.removesuffix("s"),
                "kind": receipt.kind.lower(),
                "acquired" if name == "income" else "disposed": day(receipt.entry.at),
                name: plain(receipt.amount),
                "remark": "" if receipt.known else gettext(UNKNOWN_VALUE),
            }
    yield {
        "row": "total",
        "kind": str(report.year),
        "proceeds": plain(report.proceeds),
        "cost": plain(report.cost),
        "gain": plain(report.gain),
        "income": plain(report.income_total),
        "fees": plain(report.fees_total),
    }


def facts(of: Sale | Receipt, quantity: Decimal | None) -> dict[str, str]:
    return {
        "asset_id": guard(of.coin.asset),
        "asset": guard(of.coin.symbol.upper()),
        "wallet": guard(of.entry.wallet),
        "quantity": "" if quantity is None else plain(quantity),
        "transaction": str(of.entry.id),
    }


def gains_name(report: GainsReport) -> str:
    return f"tickfolio-gains-{report.year}-{report.portfolio.pk}.csv"
