"""Every kind of transaction in plain words: what it is called, what it means, and which facts it is stated by.

Words for people only; what a kind does to the figures is the ledger's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext, gettext_lazy, gettext_noop

from dashboard.ledger.entry import Kind

FIELDS: Mapping[str, str] = {
    "asset_id": gettext_noop("Coin"),
    "amount": gettext_noop("Quantity"),
    "counter_asset_id": gettext_noop("Coin that you got"),
    "counter_amount": gettext_noop("Quantity that you got"),
    "price": gettext_noop("Price per coin"),
    "value_override": gettext_noop("Worth (optional)"),
    "price_currency": gettext_noop("Currency"),
    "fee_amount": gettext_noop("Fee (optional)"),
    "fee_asset_id": gettext_noop("Fee paid in"),
    "fee_coin": gettext_noop("Coin of the fee"),
    "fee_value": gettext_noop("Worth of the fee (optional)"),
    "wallet": gettext_noop("Exchange or wallet (optional)"),
    "to_wallet": gettext_noop("To wallet"),
}
"""The fields that a kind may have, and what they are called where it has no other name for them."""

FEE = ("fee_amount", "fee_asset_id", "fee_coin", "fee_value")
WORTH = ("value_override", "price_currency")


@dataclass(frozen=True, slots=True)
class Wording:
    """One kind: its name, what somebody did, what it means, the fields beside coin and quantity, and its own names for
    some of them. `sign` stands before the quantity.
    """

    label: str
    past: str
    hint: str
    optional: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    sign: str = ""

    def uses(self, name: str) -> bool:
        return name in {"asset_id", "amount", *self.optional}

    def name_of(self, name: str) -> str:
        if name == "fee_value" and not self.uses("price_currency"):
            return gettext("Worth of the fee in the portfolio's currency (optional)")
        return gettext(self.names.get(name, FIELDS[name]))


WORDINGS: Mapping[Kind, Wording] = {
    Kind.BUY: Wording(
        gettext_noop("Buy"),
        gettext_noop("bought {main}"),
        gettext_noop("Bought for money. The fee is part of the cost."),
        ("price", "price_currency", *FEE, "wallet"),
        sign="+",
    ),
    Kind.SELL: Wording(
        gettext_noop("Sell"),
        gettext_noop("sold {main}"),
        gettext_noop("Sold for money. The fee comes off the proceeds."),
        ("price", "price_currency", *FEE, "wallet"),
        sign="−",
    ),
    Kind.SWAP: Wording(
        gettext_noop("Swap"),
        gettext_noop("swapped {main} for {other}"),
        gettext_noop("One coin given for another: the first is sold, the second bought, at what they were worth."),
        ("counter_asset_id", "counter_amount", *WORTH, *FEE, "wallet"),
        {"asset_id": gettext_noop("Coin that you gave"), "amount": gettext_noop("Quantity that you gave")},
    ),
    Kind.TRANSFER: Wording(
        gettext_noop("Transfer"),
        gettext_noop("moved {main} to {to_wallet}"),
        gettext_noop("Moved between wallets of your own. Only the network fee changes your figures."),
        (*FEE, "wallet", "to_wallet"),
        {
            "amount": gettext_noop("Quantity that arrived"),
            "fee_amount": gettext_noop("Network fee (optional)"),
            "wallet": gettext_noop("From wallet"),
        },
    ),
    Kind.DEPOSIT: Wording(
        gettext_noop("Deposit"),
        gettext_noop("deposited {main}"),
        gettext_noop("Came from outside. Without a cost its value of that day is assumed, and marked."),
        (*WORTH, *FEE, "wallet"),
        {"value_override": gettext_noop("Your cost (optional)")},
        "+",
    ),
    Kind.WITHDRAWAL: Wording(
        gettext_noop("Withdrawal"),
        gettext_noop("withdrew {main}"),
        gettext_noop("Left for outside without being sold: it goes at its cost, for no gain."),
        (*FEE, "wallet"),
        {},
        "−",
    ),
    Kind.REWARD: Wording(
        gettext_noop("Reward"),
        gettext_noop("got {main} as a reward"),
        gettext_noop("Staking, interest, airdrop, referral, cashback: income at its value of the day."),
        (*WORTH, *FEE, "wallet"),
        {},
        "+",
    ),
    Kind.STAKE: Wording(
        gettext_noop("Stake"),
        gettext_noop("staked {main}"),
        gettext_noop("Locked, and still yours: no figure changes."),
        (*FEE, "wallet"),
    ),
    Kind.UNSTAKE: Wording(
        gettext_noop("Unstake"),
        gettext_noop("unstaked {main}"),
        gettext_noop("No longer locked: no figure changes."),
        (*FEE, "wallet"),
    ),
    Kind.GIFT_IN: Wording(
        gettext_noop("Gift received"),
        gettext_noop("got {main} as a gift"),
        gettext_noop("Given to you. Without a cost its value of that day is taken."),
        (*WORTH, *FEE, "wallet"),
        {"value_override": gettext_noop("Its cost (optional)")},
        "+",
    ),
    Kind.GIFT_OUT: Wording(
        gettext_noop("Gift given"),
        gettext_noop("gave {main} away"),
        gettext_noop("Given away: it goes at its cost, for no gain."),
        (*FEE, "wallet"),
        {},
        "−",
    ),
    Kind.SPEND: Wording(
        gettext_noop("Spend"),
        gettext_noop("spent {main}"),
        gettext_noop("Paid with: sold at what it was worth."),
        (*WORTH, *FEE, "wallet"),
        {},
        "−",
    ),
    Kind.LOST: Wording(
        gettext_noop("Lost"),
        gettext_noop("lost {main}"),
        gettext_noop("Lost or stolen: its cost becomes a loss."),
        ("wallet",),
        {},
        "−",
    ),
    Kind.FEE: Wording(
        gettext_noop("Fee"),
        gettext_noop("paid {main} as a fee"),
        gettext_noop("A fee in coins that belongs to no other transaction."),
        (*WORTH, "wallet"),
        {},
        "−",
    ),
    Kind.FORK: Wording(
        gettext_noop("Fork"),
        gettext_noop("got {main} from a fork"),
        gettext_noop("A new coin that came out of another, at no cost."),
        ("wallet",),
        {"asset_id": gettext_noop("New coin")},
        "+",
    ),
    Kind.SPLIT: Wording(
        gettext_noop("Split"),
        gettext_noop("split {coin}, {amount} for 1"),
        gettext_noop("Each coin became so many, in all wallets: 10 where one became ten, 0.1 where ten became one."),
        (),
        {"amount": gettext_noop("New coins for one old")},
        "×",
    ),
    Kind.MIGRATE: Wording(
        gettext_noop("Migration"),
        gettext_noop("migrated {main} to {other}"),
        gettext_noop("Renamed, wrapped or bridged: cost and dates go along, nothing is sold."),
        ("counter_asset_id", "counter_amount", *FEE, "wallet"),
        {
            "asset_id": gettext_noop("Old coin"),
            "amount": gettext_noop("Quantity of the old"),
            "counter_asset_id": gettext_noop("New coin"),
            "counter_amount": gettext_noop("Quantity of the new"),
        },
    ),
    Kind.DIVIDEND: Wording(
        gettext_noop("Dividend"),
        gettext_noop("got {amount} {currency} from {coin}"),
        gettext_noop("Money that a holding paid: income."),
        ("price_currency", *FEE, "wallet"),
        {"asset_id": gettext_noop("Coin that paid"), "amount": gettext_noop("Money that you got")},
    ),
    Kind.ADJUST: Wording(
        gettext_noop("Correction"),
        gettext_noop("corrected the count of {coin} to {amount}"),
        gettext_noop(
            "Sets the count of a wallet, or without a wallet of all, to what is really there. It stays marked."
        ),
        (*WORTH, "wallet"),
        {"amount": gettext_noop("Correct quantity"), "value_override": gettext_noop("Cost of all (optional)")},
        "=",
    ),
}
GROUPS: Mapping[str, tuple[Kind, ...]] = {
    gettext_noop("Trades"): (Kind.BUY, Kind.SELL, Kind.SWAP),
    gettext_noop("Between wallets"): (Kind.TRANSFER, Kind.STAKE, Kind.UNSTAKE),
    gettext_noop("In"): (Kind.DEPOSIT, Kind.REWARD, Kind.GIFT_IN, Kind.FORK, Kind.DIVIDEND),
    gettext_noop("Out"): (Kind.WITHDRAWAL, Kind.SPEND, Kind.GIFT_OUT, Kind.FEE, Kind.LOST),
    gettext_noop("Changes"): (Kind.MIGRATE, Kind.SPLIT, Kind.ADJUST),
}
CHOICES = [
    (gettext_lazy(name), [(kind.value, gettext_lazy(WORDINGS[kind].label)) for kind in kinds])
    for name, kinds in GROUPS.items()
]
"""All kinds for a list to choose from, those alike together."""


def wording_of(kind: str) -> Wording:
    """The words for a kind; those for a purchase where there is no such kind."""
    return WORDINGS[Kind(kind) if kind in set(Kind) else Kind.BUY]
