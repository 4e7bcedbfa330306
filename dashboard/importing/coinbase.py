"""Coinbase's transaction history, in the three layouts that it has had. One row is one transaction, but for those that
exchange one coin for its successor: they are written as two rows of the same second.

Amounts may carry currency signs and a minus; which way coins go is told by the type. What a conversion or an advanced
trade brought stands only in the notes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from dashboard.importing.cells import Row, Unreadable, amount, rows
from dashboard.importing.fills import in_order
from dashboard.importing.formats import Format, Outcome, Skipped, Unclear
from dashboard.importing.movement import Movement, Sum, outcome_of
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind
from dashboard.money import WIDE

WALLET = "Coinbase"
BUYS = frozenset({"buy", "advanced trade buy", "advance trade buy"})
SELLS = frozenset({"sell", "advanced trade sell", "advance trade sell"})
ARRIVING = {
    "receive": Kind.DEPOSIT,
    "deposit": Kind.DEPOSIT,
    "credit": Kind.DEPOSIT,
    "exchange withdrawal": Kind.DEPOSIT,
    "pro withdrawal": Kind.DEPOSIT,
    "prime withdrawal": Kind.DEPOSIT,
    "learning reward": Kind.REWARD,
    "coinbase earn": Kind.REWARD,
    "rewards income": Kind.REWARD,
    "reward income": Kind.REWARD,
    "staking income": Kind.REWARD,
    "inflation reward": Kind.REWARD,
    "interest payout": Kind.REWARD,
    "credit card reward": Kind.REWARD,
    "incentives rewards payout": Kind.REWARD,
    "subscription rebate": Kind.REWARD,
    "subscription rebates (24 hours)": Kind.REWARD,
    "retail simple price improvement": Kind.REWARD,
}
LEAVING = {
    "send": Kind.WITHDRAWAL,
    "withdrawal": Kind.WITHDRAWAL,
    "admin debit": Kind.WITHDRAWAL,
    "exchange deposit": Kind.WITHDRAWAL,
    "pro deposit": Kind.WITHDRAWAL,
    "prime deposit": Kind.WITHDRAWAL,
    "card spend": Kind.SPEND,
    "subscription": Kind.SPEND,
    "donation": Kind.GIFT_OUT,
}
STAKING = {"retail staking transfer": Kind.STAKE, "retail unstaking transfer": Kind.UNSTAKE}
SUCCESSION = frozenset({"asset migration", "retail eth2 deprecation", "wrap asset", "unwrap asset"})
DUST = "retail simple dust"
IN_PAIRS = frozenset({*STAKING, *SUCCESSION, DUST, "convert"})
REWARD_NOTES = ("coinbase earn", "coinbase referral", "coinbase rewards")
NUMBER = r"[^\d\s.,-]?([\d.,]+)"
CONVERTED = re.compile(rf"Converted {NUMBER} (\S+) to {NUMBER} (\S+)")
TRADED = re.compile(rf"(?:Bought|Sold) {NUMBER} (\S+) for {NUMBER} ([^\s.]+)")
OTHER_HALF = gettext_noop("The other half of this is written in a row of its own, which counts.")


@dataclass(frozen=True, slots=True)
class Fact:
    """A row as Coinbase means it: its type in lower case, its quantity with its sign."""

    row: Row
    type: str
    asset: str
    quantity: Decimal

    @property
    def size(self) -> Decimal:
        return abs(self.quantity)

    @property
    def currency(self) -> str:
        return self.row.text("Price Currency") or self.row.text("Spot Price Currency")

    @property
    def notes(self) -> str:
        return self.row.text("Notes")

    def money(self, *columns: str) -> Sum | None:
        """The first of the columns that states more than zero, without its sign."""
        for column in columns:
            number = self.row.optional_price(column)
            if number:
                return Sum(abs(number), self.currency)
        return None

    @property
    def fee(self) -> Sum | None:
        return self.money("Fees and/or Spread", "Fees")

    @property
    def total(self) -> Sum | None:
        return self.money("Total (inclusive of fees and/or spread)", "Total (inclusive of fees)")

    @property
    def worth(self) -> Sum | None:
        """What the coins were worth at the row's price, else as the row adds it up."""
        price = self.money("Price at Transaction", "Spot Price at Transaction")
        if price:
            return Sum(WIDE.multiply(price.amount, self.size), price.ticker)
        return self.money("Subtotal") or self.total

    def movement(
        self,
        *,
        sent: Sum | None = None,
        received: Sum | None = None,
        fee: Sum | None = None,
        kind: Kind | None = None,
        worth: Sum | None = None,
    ) -> Movement:
        return Movement(
            at=self.row.moment("Timestamp"),
            sent=sent,
            received=received,
            fee=fee,
            kind=kind,
            worth=worth,
            wallet=WALLET,
            note=self.notes[:500],
            external_id=self.row.text("ID"),
        )

    @property
    def coins(self) -> Sum:
        return Sum(self.size, self.asset)


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    outcomes: list[Outcome] = []
    pairs: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for row in rows(table, zone):
        try:
            fact = fact_of(row)
            if fact.type in IN_PAIRS:
                pairs[row.text("Timestamp"), fact.type].append(fact)
            else:
                outcomes.append(outcome_of(row.line, alone(fact)))
        except Unreadable as error:
            outcomes.append(Unclear(row.line, str(error)))
    for facts in pairs.values():
        outcomes.extend(together(facts))
    yield from in_order(outcomes)


def fact_of(row: Row) -> Fact:
    quantity = row.amount("Quantity Transacted")
    if not quantity:
        raise Unreadable(gettext("Quantity Transacted: Nothing moves here."))
    asset = row.text("Asset")
    if not asset:
        raise Unreadable(gettext("Asset: It is empty."))
    return Fact(row, row.text("Transaction Type").lower(), asset, quantity)


def alone(fact: Fact) -> Movement:
    if fact.type in BUYS | SELLS:
        return trade(fact)
    if fact.type in ARRIVING:
        if fact.quantity < 0:
            raise Unreadable(
                gettext("%(fact)s brings coins, but its quantity is below zero.")
                % {"fact": fact.row.text("Transaction Type")}
            )
        kind = ARRIVING[fact.type]
        if fact.type == "receive" and any(words in fact.notes.lower() for words in REWARD_NOTES):
            kind = Kind.REWARD
        return fact.movement(received=fact.coins, kind=kind, worth=fact.worth)
    if fact.type in LEAVING:
        return fact.movement(sent=fact.coins, kind=LEAVING[fact.type], worth=fact.worth)
    if fact.type == "transfer":
        if fact.quantity < 0:
            return fact.movement(sent=fact.coins, kind=Kind.WITHDRAWAL)
        if fact.row.text("Price Currency"):
            return fact.movement(received=fact.coins, kind=Kind.DEPOSIT, worth=fact.worth)
        raise Unreadable(gettext("The row doesn't say whether the coins came or went."))
    raise Unreadable(
        gettext("Coinbase's type %(fact)s is not known here.")
        % {"fact": fact.row.text("Transaction Type")[:40] or "(none)"}
    )


def trade(fact: Fact) -> Movement:
    """A purchase or sale: for a coin where the notes name one, else for what the row adds up to, fee on top."""
    noted = TRADED.match(fact.notes)
    fee = fact.fee
    if noted and noted[2] == fact.asset and is_other_coin(noted[4], fact):
        other, fee = Sum(amount("Notes", noted[3]), noted[4]), None
    else:
        subtotal = fact.money("Subtotal") or fact.worth
        if not subtotal:
            raise Unreadable(gettext("Subtotal: The row doesn't say what was paid."))
        other = subtotal
    if fact.type in BUYS:
        return fact.movement(sent=other, received=fact.coins, fee=fee, worth=fact.money("Subtotal"))
    return fact.movement(sent=fact.coins, received=other, fee=fee, worth=fact.money("Subtotal"))


def is_other_coin(ticker: str, fact: Fact) -> bool:
    return ticker.upper() != fact.currency.upper() and not Sum(Decimal(1), ticker).is_money


def together(facts: list[Fact]) -> list[Outcome]:
    """Outcomes of the rows of one second and type that may be halves of one thing."""
    outcomes: list[Outcome] = []
    kind = facts[0].type
    if kind != "convert" and (pair := successor(facts)):
        old, new = pair
        try:
            made = Kind.SWAP if kind == DUST else Kind.MIGRATE
            moved = old.movement(sent=old.coins, received=new.coins, kind=made, worth=old.worth)
            return [outcome_of(old.row.line, moved), Skipped(new.row.line, gettext(OTHER_HALF))]
        except Unreadable as error:
            return [Unclear(fact.row.line, str(error)) for fact in facts]
    for fact in facts:
        try:
            outcomes.append(half(fact, facts))
        except Unreadable as error:
            outcomes.append(Unclear(fact.row.line, str(error)))
    return outcomes


def successor(facts: list[Fact]) -> tuple[Fact, Fact] | None:
    """The coin that left and the one that came in its place, where the rows are just these two."""
    if len(facts) != 2 or facts[0].asset == facts[1].asset:
        return None
    old, new = sorted(facts, key=lambda fact: fact.quantity)
    return (old, new) if old.quantity < 0 < new.quantity else None


def half(fact: Fact, facts: list[Fact]) -> Outcome:
    if fact.type == "convert":
        return conversion(fact, facts)
    if fact.type in STAKING:
        if fact.quantity > 0 and any((f.asset, f.quantity) == (fact.asset, -fact.quantity) for f in facts):
            return Skipped(fact.row.line, gettext(OTHER_HALF))
        kind = STAKING[fact.type]
        side = {"sent": fact.coins} if kind is Kind.STAKE else {"received": fact.coins}
        return outcome_of(fact.row.line, fact.movement(kind=kind, **side))
    if fact.type == DUST and fact.quantity < 0:
        worth = fact.money("Subtotal")
        return outcome_of(fact.row.line, fact.movement(sent=fact.coins, kind=Kind.SPEND, worth=worth))
    raise Unreadable("The row that belongs with this one isn't in the file, or not clearly: what came for what?")


def conversion(fact: Fact, facts: list[Fact]) -> Outcome:
    """Both legs as the notes say them; a row of its own for what was received is skipped beside that of what left."""
    noted = CONVERTED.match(fact.notes)
    if not noted:
        raise Unreadable(gettext("Notes: They don't say what the coins were converted to."))
    sent = Sum(amount("Notes", noted[1]), noted[2])
    received = Sum(amount("Notes", noted[3]), noted[4])
    if fact.coins == received and any(other.coins == sent and other.notes == fact.notes for other in facts):
        return Skipped(fact.row.line, gettext(OTHER_HALF))
    if fact.coins not in (sent, received):
        raise Unreadable(gettext("Notes: They name other amounts than the row does."))
    moved = fact.movement(sent=sent, received=received, worth=fact.total or fact.worth)
    return outcome_of(fact.row.line, moved)


COMMON = frozenset({"Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Subtotal", "Notes"})
SPREAD = frozenset({"Total (inclusive of fees and/or spread)", "Fees and/or Spread"})
SPOT = frozenset({"Spot Price Currency", "Spot Price at Transaction"})
LAYOUTS = (
    COMMON | SPREAD | {"Price Currency", "Price at Transaction"},
    COMMON | SPREAD | SPOT,
    COMMON | SPOT | {"Total (inclusive of fees)", "Fees"},
)
FORMATS = tuple(
    Format(key="coinbase", label="Coinbase", required=layout, optional=frozenset({"ID"}), read=read)
    for layout in LAYOUTS
)
