"""A transaction as somebody states it, and the one check that form, API and import put it through.

Nothing is stored here; `dashboard.recording` does that with what has passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from accounts import locales
from accounts.currencies import CURRENCIES, MONEY
from dashboard.ledger.entry import TWO_LEGGED, Kind
from dashboard.market.currencies import ONE, Exchange
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.money import LIMIT, WIDE, AmountError, check_amount

EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)
"""Bitcoin's first block: no coin was bought before it."""
LEEWAY = timedelta(minutes=5)
"""How far ahead of ours somebody's clock may be."""
SUPPORTED_KINDS = tuple(Kind)
PRICED = frozenset({Kind.BUY, Kind.SELL})
"""Kinds that say what was paid. Any other may leave its value unknown, which the ledger then flags."""
COUNTS = ("amount", "counter_amount")
NUMBERS = (*COUNTS, "price", "value_override", "fee_amount", "fee_value")
TEXT_LIMITS = {"wallet": 60, "to_wallet": 60, "note": 500, "external_id": 200}


@dataclass(frozen=True, slots=True)
class Draft:
    """One transaction's facts. `price` is per unit of `asset_id` in `price_currency` ("" means the portfolio's).

    A fee without `fee_asset_id` is in `price_currency`. `fee_value` is what a fee in coins was worth, in that currency;
    it wins over stored prices. `value_override` is the value of the whole in that currency,
    and wins; of what came in from outside (deposit, gift_in) and of a corrected count it is the cost to its owner.
    A swap or a migration gives `amount` of `asset_id` for `counter_amount` of `counter_asset_id`; `amount` is the
    ratio of a split, the corrected count of an adjustment, and the money of a dividend.
    """

    timestamp: datetime
    type: str
    asset_id: str
    amount: Decimal
    wallet: str = ""
    price: Decimal | None = None
    price_currency: str = ""
    counter_asset_id: str | None = None
    counter_amount: Decimal | None = None
    fee_asset_id: str | None = None
    fee_amount: Decimal | None = None
    to_wallet: str = ""
    value_override: Decimal | None = None
    note: str = ""
    external_id: str = ""
    fee_value: Decimal | None = None


class DraftErrors(Exception):
    """What is wrong, by field, in sentences; `index` is the draft's place where several were given."""

    def __init__(self, errors: Mapping[str, list[str]], index: int = 0) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()))
        self.errors = dict(errors)
        self.index = index

    @property
    def sentences(self) -> str:
        """All of it, for people."""
        return " ".join(text for texts in self.errors.values() for text in texts)


def draft_of(transaction: Transaction) -> Draft:
    """The facts of a stored transaction, to change some of them."""
    return Draft(**{name: getattr(transaction, name) for name in Draft.__slots__})


def assets_named(drafts: list[Draft]) -> dict[str, Asset]:
    """The stored assets that the drafts mention, by id: one query for any number of drafts."""
    ids = {i for d in drafts for i in (d.asset_id, d.counter_asset_id, d.fee_asset_id) if i}
    return Asset.objects.in_bulk(ids)


def check_draft(
    draft: Draft,
    portfolio: Portfolio,
    now: datetime,
    assets: Mapping[str, Asset] | None = None,
    exchange: Exchange | None = None,
) -> Draft:
    """`draft` in its normal form. Raises DraftErrors with every fault that was found.

    `assets` are those that the caller has looked up already; with an `exchange` rates are looked up once for many.
    """
    check = Check(tidied(draft, portfolio), assets_named([draft]) if assets is None else assets)
    check.moment(now)
    check.kind()
    check.texts()
    check.numbers()
    check.parties()
    if not check.errors:
        check.rates(exchange or Exchange(portfolio.currency))
    if check.errors:
        raise DraftErrors(check.errors)
    return check.draft


def tidied(draft: Draft, portfolio: Portfolio) -> Draft:
    price_currency = (draft.price_currency or portfolio.currency).strip().lower()
    charged = draft.fee_amount is not None and draft.fee_amount != 0
    fee_asset = (draft.fee_asset_id or "").strip()
    kind = draft.type.strip().lower()
    bare_dividend = kind == Kind.DIVIDEND and draft.price is None and draft.value_override is None
    return replace(
        draft,
        type=kind,
        asset_id=draft.asset_id.strip(),
        price_currency=price_currency,
        fee_amount=draft.fee_amount if charged else None,
        # What one only counts in is no asset: a fee in it says nothing but that it is in the price's currency.
        fee_asset_id=(as_code(fee_asset) or (price_currency if price_currency in MONEY else None)) if charged else None,
        fee_value=draft.fee_value if charged else None,
        price=ONE if bare_dividend else draft.price,
        counter_asset_id=(draft.counter_asset_id or "").strip() or None,
        wallet=printable(draft.wallet),
        to_wallet=printable(draft.to_wallet),
        note=printable(draft.note),
        external_id=printable(draft.external_id),
    )


def as_code(asset_id: str) -> str:
    """Currency codes may come in either case; a coin's id is left alone."""
    return asset_id.lower() if asset_id.lower() in MONEY else asset_id


def printable(text: str) -> str:
    """`text` without what can't be seen, and without white space around it."""
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable() or c == "\n")
    return text.strip()


class Check:
    """Gathers the faults of one draft, so that a person sees all of them at once."""

    def __init__(self, draft: Draft, assets: Mapping[str, Asset]) -> None:
        self.draft = draft
        self.assets = assets
        self.errors: dict[str, list[str]] = {}

    def fault(self, field: str, text: str) -> None:
        self.errors.setdefault(field, []).append(text)

    def moment(self, now: datetime) -> None:
        at = self.draft.timestamp
        if at.tzinfo is None:
            self.fault("timestamp", gettext("State the time zone of the date."))
        elif at > now + LEEWAY:
            self.fault("timestamp", gettext("The date is in the future. Enter when it happened."))
        elif at < EARLIEST:
            self.fault("timestamp", gettext("Enter a date after 2 January 2009; there were no coins before."))

    def kind(self) -> None:
        if self.draft.type not in SUPPORTED_KINDS:
            self.fault(
                "type",
                gettext("No such kind of transaction is known. Choose one of: %(supported_kinds)s.")
                % {"supported_kinds": ", ".join(SUPPORTED_KINDS)},
            )

    def texts(self) -> None:
        for field, limit in TEXT_LIMITS.items():
            if len(getattr(self.draft, field)) > limit:
                self.fault(field, gettext("Use at most %(limit)s characters.") % {"limit": limit})

    def numbers(self) -> None:
        kind = self.draft.type
        stated = {field: getattr(self.draft, field) for field in NUMBERS}
        checked: dict[str, Any] = {
            field: self.number(field, number, zero=field not in COUNTS or (field == "amount" and kind == Kind.ADJUST))
            for field, number in stated.items()
            if number is not None
        }
        self.draft = replace(self.draft, **checked)
        amount, price, value = self.draft.amount, self.draft.price, self.draft.value_override
        if kind in PRICED and price is None and value is None and "price" not in self.errors:
            self.fault("price", gettext("Enter the price per unit."))
        if price and amount and WIDE.multiply(amount, price) >= LIMIT:
            self.fault("price", gettext("Amount times price is more than can be kept."))
        self.fee()

    def number(self, field: str, number: Decimal, *, zero: bool) -> Decimal | None:
        try:
            number = check_amount(number)
        except AmountError as error:
            self.fault(field, str(error))
            return None
        if number < 0 or not (number or zero):
            self.fault(field, gettext("Enter zero or more.") if zero else gettext("Enter a number above zero."))
        return number

    def fee(self) -> None:
        """A fee in the coin that is bought can't take all of it; elsewhere it comes on top of what moves."""
        draft = self.draft
        fee, kind = draft.fee_amount, draft.type
        if not fee:
            return
        if draft.fee_value is not None and (draft.fee_asset_id is None or draft.fee_asset_id in MONEY):
            self.fault("fee_value", gettext("A fee in money is its own value. Leave this empty."))
        bought = draft.amount if kind == Kind.BUY else draft.counter_amount if kind == Kind.SWAP else None
        coin = draft.asset_id if kind == Kind.BUY else draft.counter_asset_id
        if bought and draft.fee_asset_id == coin and fee >= bought:
            self.fault("fee_amount", gettext("The fee takes all that was bought."))
        elif kind == Kind.SELL and draft.fee_asset_id == draft.asset_id and draft.amount and fee > draft.amount:
            self.fault("fee_amount", gettext("The fee is larger than the amount."))

    def parties(self) -> None:
        draft = self.draft
        if draft.price_currency not in CURRENCIES:
            self.fault("price_currency", gettext("Choose a currency such as usd or eur."))
        if not self.is_coin(draft.asset_id):
            self.fault("asset_id", gettext("No such coin is known. Choose one from the list."))
        if draft.fee_asset_id and draft.fee_asset_id not in self.assets and draft.fee_asset_id not in MONEY:
            self.fault("fee_asset_id", gettext("No such coin or currency is known."))
        if draft.type in TWO_LEGGED:
            self.second_leg()
        elif draft.counter_asset_id or draft.counter_amount is not None:
            field = "counter_asset_id" if draft.counter_asset_id else "counter_amount"
            self.fault(field, gettext("Only a swap or a migration has a second coin."))
        if draft.type == Kind.TRANSFER:
            self.way()

    def second_leg(self) -> None:
        draft = self.draft
        if not draft.counter_asset_id:
            self.fault("counter_asset_id", gettext("Enter the coin that you got."))
        elif draft.counter_asset_id == draft.asset_id:
            self.fault("counter_asset_id", gettext("Both coins are the same. Enter the coin that you got."))
        elif draft.counter_asset_id.lower() in MONEY:
            self.fault("counter_asset_id", gettext("Money is no coin: record a purchase or a sale."))
        elif not self.is_coin(draft.counter_asset_id):
            self.fault("counter_asset_id", gettext("No such coin is known."))
        if draft.counter_amount is None and "counter_amount" not in self.errors:
            self.fault("counter_amount", gettext("Enter how much you got."))

    def way(self) -> None:
        if not self.draft.to_wallet:
            self.fault("to_wallet", gettext("Enter the wallet that it went to."))
        elif self.draft.to_wallet == self.draft.wallet:
            self.fault("to_wallet", gettext("Both wallets are the same. Enter the one that it went to."))

    def is_coin(self, asset_id: str) -> bool:
        asset = self.assets.get(asset_id)
        return asset is not None and asset.kind != Asset.Kind.FIAT

    def rates(self, exchange: Exchange) -> None:
        """Money in a currency whose rate of that day nobody knows can't become part of any figure.

        One that the stored prices of a coin may still bring is waited for: the ledger flags what lacks it.
        """
        draft = self.draft
        valued = any(money is not None for money in (draft.price, draft.value_override, draft.fee_value))
        for field, code in (
            ("price_currency", draft.price_currency if valued else None),
            ("fee_asset_id", draft.fee_asset_id),
        ):
            if code not in CURRENCIES or exchange.may_come(code, draft.timestamp):
                continue
            if exchange.rate(code, draft.timestamp) is None:
                day = locales.long_day(draft.timestamp)
                pair = gettext("from %(code)s to %(code_2)s") % {"code": code.upper(), "code_2": exchange.code.upper()}
                self.fault(
                    field,
                    gettext("No exchange rate %(pair)s is known for %(day)s. Use %(code)s.")
                    % {"pair": pair, "day": day, "code": exchange.code.upper()},
                )
