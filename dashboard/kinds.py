"""Every kind of transaction in plain words: what it is called, what it means, and which facts it is stated by.

Words for people only; what a kind does to the figures is the ledger's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.ledger.entry import Kind

FIELDS: Mapping[str, str] = {
    "asset_id": "Coin",
    "amount": "Quantity",
    "counter_asset_id": "Coin that you got",
    "counter_amount": "Quantity that you got",
    "price": "Price per coin",
    "value_override": "Worth (optional)",
    "price_currency": "Currency",
    "fee_amount": "Fee (optional)",
    "fee_asset_id": "Fee paid in",
    "fee_coin": "Coin of the fee",
    "fee_value": "Worth of the fee (optional)",
    "wallet": "Exchange or wallet (optional)",
    "to_wallet": "To wallet",
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
            return "Worth of the fee in the portfolio's currency (optional)"
        return self.names.get(name, FIELDS[name])


WORDINGS: Mapping[Kind, Wording] = {
    Kind.BUY: Wording(
        "Buy",
        "bought {main}",
        "Bought for money. The fee is part of the cost.",
        ("price", "price_currency", *FEE, "wallet"),
        sign="+",
    ),
    Kind.SELL: Wording(
        "Sell",
        "sold {main}",
        "Sold for money. The fee comes off the proceeds.",
        ("price", "price_currency", *FEE, "wallet"),
        sign="−",
    ),
    Kind.SWAP: Wording(
        "Swap",
        "swapped {main} for {other}",
        "One coin given for another: the first is sold, the second bought, at what they were worth.",
        ("counter_asset_id", "counter_amount", *WORTH, *FEE, "wallet"),
        {"asset_id": "Coin that you gave", "amount": "Quantity that you gave"},
    ),
    Kind.TRANSFER: Wording(
        "Transfer",
        "moved {main} to {to_wallet}",
        "Moved between wallets of your own. Only the network fee changes your figures.",
        (*FEE, "wallet", "to_wallet"),
        {"amount": "Quantity that arrived", "fee_amount": "Network fee (optional)", "wallet": "From wallet"},
    ),
    Kind.DEPOSIT: Wording(
        "Deposit",
        "deposited {main}",
        "Came from outside. Without a cost its value of that day is assumed, and marked.",
        (*WORTH, *FEE, "wallet"),
        {"value_override": "Your cost (optional)"},
        "+",
    ),
    Kind.WITHDRAWAL: Wording(
        "Withdrawal",
        "withdrew {main}",
        "Left for outside without being sold: it goes at its cost, for no gain.",
        (*FEE, "wallet"),
        {},
        "−",
    ),
    Kind.REWARD: Wording(
        "Reward",
        "got {main} as a reward",
        "Staking, interest, airdrop, referral, cashback: income at its value of the day.",
        (*WORTH, *FEE, "wallet"),
        {},
        "+",
    ),
    Kind.STAKE: Wording("Stake", "staked {main}", "Locked, and still yours: no figure changes.", (*FEE, "wallet")),
    Kind.UNSTAKE: Wording("Unstake", "unstaked {main}", "No longer locked: no figure changes.", (*FEE, "wallet")),
    Kind.GIFT_IN: Wording(
        "Gift received",
        "got {main} as a gift",
        "Given to you. Without a cost its value of that day is taken.",
        (*WORTH, *FEE, "wallet"),
        {"value_override": "Its cost (optional)"},
        "+",
    ),
    Kind.GIFT_OUT: Wording(
        "Gift given", "gave {main} away", "Given away: it goes at its cost, for no gain.", (*FEE, "wallet"), {}, "−"
    ),
    Kind.SPEND: Wording(
        "Spend", "spent {main}", "Paid with: sold at what it was worth.", (*WORTH, *FEE, "wallet"), {}, "−"
    ),
    Kind.LOST: Wording("Lost", "lost {main}", "Lost or stolen: its cost becomes a loss.", ("wallet",), {}, "−"),
    Kind.FEE: Wording(
        "Fee",
        "paid {main} as a fee",
        "A fee in coins that belongs to no other transaction.",
        (*WORTH, "wallet"),
        {},
        "−",
    ),
    Kind.FORK: Wording(
        "Fork",
        "got {main} from a fork",
        "A new coin that came out of another, at no cost.",
        ("wallet",),
        {"asset_id": "New coin"},
        "+",
    ),
    Kind.SPLIT: Wording(
        "Split",
        "split {coin}, {amount} for 1",
        "Each coin became so many, in all wallets: 10 where one became ten, 0.1 where ten became one.",
        (),
        {"amount": "New coins for one old"},
        "×",
    ),
    Kind.MIGRATE: Wording(
        "Migration",
        "migrated {main} to {other}",
        "Renamed, wrapped or bridged: cost and dates go along, nothing is sold.",
        ("counter_asset_id", "counter_amount", *FEE, "wallet"),
        {
            "asset_id": "Old coin",
            "amount": "Quantity of the old",
            "counter_asset_id": "New coin",
            "counter_amount": "Quantity of the new",
        },
    ),
    Kind.DIVIDEND: Wording(
        "Dividend",
        "got {amount} {currency} from {coin}",
        "Money that a holding paid: income.",
        ("price_currency", *FEE, "wallet"),
        {"asset_id": "Coin that paid", "amount": "Money that you got"},
    ),
    Kind.ADJUST: Wording(
        "Correction",
        "corrected the count of {coin} to {amount}",
        "Sets the count of a wallet, or without a wallet of all, to what is really there. It stays marked.",
        (*WORTH, "wallet"),
        {"amount": "Correct quantity", "value_override": "Cost of all (optional)"},
        "=",
    ),
}
GROUPS: Mapping[str, tuple[Kind, ...]] = {
    "Trades": (Kind.BUY, Kind.SELL, Kind.SWAP),
    "Between wallets": (Kind.TRANSFER, Kind.STAKE, Kind.UNSTAKE),
    "In": (Kind.DEPOSIT, Kind.REWARD, Kind.GIFT_IN, Kind.FORK, Kind.DIVIDEND),
    "Out": (Kind.WITHDRAWAL, Kind.SPEND, Kind.GIFT_OUT, Kind.FEE, Kind.LOST),
    "Changes": (Kind.MIGRATE, Kind.SPLIT, Kind.ADJUST),
}
CHOICES = [(name, [(kind.value, WORDINGS[kind].label) for kind in kinds]) for name, kinds in GROUPS.items()]
"""All kinds for a list to choose from, those alike together."""


def wording_of(kind: str) -> Wording:
    """The words for a kind; those for a purchase where there is no such kind."""
    return WORDINGS[Kind(kind) if kind in set(Kind) else Kind.BUY]
