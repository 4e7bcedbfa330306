"""What a row moves: coins that leave, coins that arrive, a fee, and the kind that the row's own words give it.

A format that lists the sides of a row states a Movement; which draft that makes, is decided here once. It reads no
cells, and it guesses nothing: what fits no kind is Unclear.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext, gettext_noop

from dashboard.drafts import Draft
from dashboard.importing.cells import Row, Unreadable, is_money
from dashboard.importing.formats import Outcome, Skipped, Stated, Unclear
from dashboard.importing.table import Line
from dashboard.ledger.entry import Kind
from dashboard.money import WIDE, quantize

MONEY_ONLY = gettext_noop("Only money moves here, and money is never a position.")
TRADES = frozenset({Kind.BUY, Kind.SELL, Kind.SWAP, Kind.MIGRATE})
ARRIVING = frozenset({Kind.DEPOSIT, Kind.REWARD, Kind.GIFT_IN, Kind.FORK, Kind.UNSTAKE})
LEAVING = frozenset({Kind.WITHDRAWAL, Kind.GIFT_OUT, Kind.SPEND, Kind.LOST, Kind.FEE, Kind.STAKE})
ADDED_TO_TICKER = re.compile(r"\s*(;.*|\(.*\))$")
"""Some exporters add their own number (`BTC;1`) or the coin's name (`SOL (Solana)`)."""
VALUED = frozenset({Kind.REWARD, Kind.SPEND, Kind.FEE})
PRICED = frozenset({Kind.DEPOSIT, Kind.GIFT_IN})


@dataclass(frozen=True, slots=True)
class Sum:
    """So much of a coin or of money, which is named by its ticker."""

    amount: Decimal
    ticker: str

    @property
    def is_money(self) -> bool:
        return is_money(self.ticker)


def side(row: Row, amount_name: str, ticker_name: str) -> Sum | None:
    """What two cells state together; None where there is no amount, or none but zero."""
    number = row.optional_amount(amount_name)
    if not number:
        return None
    if number < 0:
        raise Unreadable(gettext("%(amount_name)s: Enter zero or more.") % {"amount_name": amount_name})
    return Sum(number, ticker_of(ticker_name, row.text(ticker_name)))


def ticker_of(name: str, cell: str) -> str:
    ticker = ADDED_TO_TICKER.sub("", cell)
    if not ticker:
        raise Unreadable(gettext("%(name)s: It is empty. Name the coin or currency.") % {"name": name})
    return ticker


@dataclass(frozen=True, slots=True)
class Movement:
    """The sides of one row. The fee comes on top of them.

    `kind` is what the row's words say, where they say more than its sides do: a trade needs both sides, a reward one.
    `worth` is the money that the row says its coins were worth, `basis` what they cost their owner, `fee_worth` what a
    fee in coins was worth.
    `wallet` holds what leaves, or else what arrives; `to_wallet` is where a transfer ends.
    """

    at: datetime
    sent: Sum | None = None
    received: Sum | None = None
    fee: Sum | None = None
    kind: Kind | None = None
    worth: Sum | None = None
    basis: Sum | None = None
    fee_worth: Sum | None = None
    wallet: str = ""
    to_wallet: str = ""
    note: str = ""
    external_id: str = ""


def outcome_of(line: Line, moved: Movement) -> Outcome:
    """The transaction that the sides make together; Skipped where only money moves, Unclear where they make none."""
    try:
        return made_of(line, moved)
    except InvalidOperation:
        return Unclear(line, gettext("Its numbers are too far apart: no price can be worked out."))


def made_of(line: Line, moved: Movement) -> Outcome:
    sent, received = moved.sent, moved.received
    if sent and received:
        return both_sides(line, moved, sent, received)
    if moved.kind in TRADES or moved.kind is Kind.TRANSFER:
        what = "transfer" if moved.kind is Kind.TRANSFER else "trade"
        return Unclear(
            line, gettext("The row says that it is a %(what)s, but only one side is stated.") % {"what": what}
        )
    if received:
        return one_side(line, moved, received, moved.kind or Kind.DEPOSIT, ARRIVING, "arrive")
    if sent:
        return one_side(line, moved, sent, moved.kind or Kind.WITHDRAWAL, LEAVING, "leave")
    if moved.fee:
        bare = replace(moved, fee=None, worth=moved.worth or moved.fee_worth)
        return one_side(line, bare, moved.fee, Kind.FEE, LEAVING, "leave")
    return Unclear(line, gettext("No amount is stated."))


def both_sides(line: Line, moved: Movement, sent: Sum, received: Sum) -> Outcome:
    if sent.is_money and received.is_money:
        return Skipped(line, gettext(MONEY_ONLY))
    if moved.kind in ARRIVING | LEAVING:
        return Unclear(
            line,
            gettext("The row says that it is a %(words)s, but both of its sides are stated.")
            % {"words": words(moved.kind)},
        )
    if sent.ticker.upper() == received.ticker.upper():
        return between_wallets(line, moved, sent, received)
    if moved.kind is Kind.TRANSFER:
        return Unclear(line, gettext("The row says that it is a transfer, but its sides are different coins."))
    if sent.is_money:
        return stated(line, moved, Kind.BUY, received, sent)
    if received.is_money:
        return stated(line, moved, Kind.SELL, sent, received)
    return stated(line, moved, Kind.MIGRATE if moved.kind is Kind.MIGRATE else Kind.SWAP, sent, moved.worth, received)


def between_wallets(line: Line, moved: Movement, sent: Sum, received: Sum) -> Outcome:
    """A transfer: what is lost on the way is its fee, stated as such or not."""
    if moved.kind in TRADES:
        return Unclear(line, gettext("Both sides of the trade are the same coin."))
    lost = WIDE.subtract(sent.amount, received.amount)
    fee = moved.fee
    if lost:
        gone = Sum(lost, sent.ticker)
        if lost < 0 or (fee and (fee.ticker.upper(), fee.amount) != (sent.ticker.upper(), lost)):
            return Unclear(line, gettext("The amounts that left and arrived differ by something else than the fee."))
        fee = gone
    return stated(line, replace(moved, fee=fee), Kind.TRANSFER, received, None)


def one_side(line: Line, moved: Movement, side: Sum, kind: Kind, allowed: frozenset[Kind], way: str) -> Outcome:
    if side.is_money:
        return Skipped(line, gettext(MONEY_ONLY))
    if kind not in allowed:
        return Unclear(
            line,
            gettext("The row says that it is a %(words)s, but its coins %(way)s.") % {"words": words(kind), "way": way},
        )
    return stated(line, moved, kind, side, moved.worth)


def stated(
    line: Line, moved: Movement, kind: Kind, main: Sum, worth: Sum | None, counter: Sum | None = None
) -> Outcome:
    if not main.amount or (counter and not counter.amount):
        return Unclear(line, gettext("An amount is zero."))
    fee = moved.fee
    draft = Draft(
        timestamp=moved.at,
        type=kind.value,
        asset_id="",
        amount=main.amount,
        wallet=moved.wallet,
        counter_amount=counter.amount if counter else None,
        fee_amount=fee.amount if fee else None,
        fee_asset_id=fee.ticker.lower() if fee and fee.is_money else None,
        to_wallet=moved.to_wallet if kind is Kind.TRANSFER else "",
        note=moved.note,
        external_id=moved.external_id,
    )
    if kind in PRICED:
        draft = with_cost(draft, known(moved.basis), known(worth))
    elif kind in VALUED | TRADES and (worth := known(worth)):
        draft = with_worth(draft, worth)
    if fee and not fee.is_money and (fee_worth := known(moved.fee_worth)):
        draft = with_fee_worth(draft, fee_worth)
    return Stated(line, draft, tickers_of(main, counter, fee))


def known(worth: Sum | None) -> Sum | None:
    """A worth in money. 0.00 is how exporters write one that they don't know."""
    return worth if worth and worth.amount and worth.is_money else None


def with_worth(draft: Draft, worth: Sum) -> Draft:
    """The draft with its price where that states the worth to the last digit, else with the worth of the whole."""
    price = quantize(WIDE.divide(worth.amount, draft.amount))
    if WIDE.multiply(price, draft.amount) == worth.amount:
        return replace(draft, price=price, price_currency=worth.ticker.lower())
    return replace(draft, value_override=quantize(worth.amount), price_currency=worth.ticker.lower())


def with_fee_worth(draft: Draft, worth: Sum) -> Draft:
    """What the fee was worth, unless that is in another currency than what the draft states already."""
    currency = worth.ticker.lower()
    if currency != draft.price_currency and (draft.price is not None or draft.value_override is not None):
        return draft
    return replace(draft, fee_value=quantize(worth.amount), price_currency=currency)


def with_cost(draft: Draft, basis: Sum | None, worth: Sum | None) -> Draft:
    """What came from outside: the whole is what it cost its owner, the price is the market's at the time."""
    money = basis or worth
    if not money:
        return draft
    if worth and worth.ticker.upper() != money.ticker.upper():
        worth = None
    return replace(
        draft,
        price=quantize(WIDE.divide(worth.amount, draft.amount)) if worth else None,
        value_override=basis.amount if basis else None,
        price_currency=money.ticker.lower(),
    )


def tickers_of(main: Sum, counter: Sum | None, fee: Sum | None) -> Mapping[str, str]:
    named = {"asset_id": main.ticker}
    if counter:
        named["counter_asset_id"] = counter.ticker
    if fee and not fee.is_money:
        named["fee_asset_id"] = fee.ticker
    return named


def words(kind: Kind) -> str:
    return kind.value.replace("_", " ")
