"""What came to Binance from outside and what went: its lists of deposits and withdrawals."""

from dataclasses import replace

from django.utils.translation import gettext

from dashboard.importing.cells import Row, Unreadable, each_row
from dashboard.importing.formats import Format, Outcome, Skipped
from dashboard.importing.movement import Movement, Sum, outcome_of

WALLET = "Binance"
DONE = frozenset({"completed", "success", "successful", "confirmed", "credited"})


def read_deposit(row: Row) -> Outcome:
    return not_done(row) or outcome_of(row.line, replace(movement(row), received=coins(row)))


def read_withdrawal(row: Row) -> Outcome:
    fee = row.optional_amount("Fee")
    if fee is not None and fee < 0:
        raise Unreadable(gettext("Fee: Enter zero or more."))
    charged = Sum(fee, row.text("Coin")) if fee else None
    return not_done(row) or outcome_of(row.line, replace(movement(row), sent=coins(row), fee=charged))


def not_done(row: Row) -> Skipped | None:
    status = row.text("Status")
    if status.lower() in DONE:
        return None
    return Skipped(
        row.line,
        gettext("Binance says that this did not take place (%(status)s).") % {"status": status[:40] or "no status"},
    )


def coins(row: Row) -> Sum:
    number, coin = row.amount("Amount"), row.text("Coin")
    if not coin:
        raise Unreadable(gettext("Coin: It is empty."))
    if number <= 0:
        raise Unreadable(gettext("Amount: Enter a number above zero."))
    return Sum(number, coin)


def movement(row: Row) -> Movement:
    return Movement(row.moment("Date(UTC)"), wallet=WALLET, external_id=row.text("TXID")[:200])


DEPOSITS = frozenset({"Date(UTC)", "Coin", "Network", "Amount", "Address", "TXID", "Status"})
FORMATS = (
    Format(
        key="binance_deposits",
        label="Binance deposits",
        required=DEPOSITS,
        optional=frozenset(),
        read=each_row(read_deposit),
    ),
    Format(
        key="binance_withdrawals",
        label="Binance withdrawals",
        required=DEPOSITS | {"Fee"},
        optional=frozenset(),
        read=each_row(read_withdrawal),
    ),
)
