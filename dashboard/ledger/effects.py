"""What each kind of entry does to the figures of the assets it touches: the table of effects, one function a kind. The
fee of what is no trade is paid besides, by `pay_fee`.

Q quantity, C cost, R realised, I income, E fees, N invested. Each effect keeps C = N + R + I - E, so that
R + U + I - E = V - N holds at any price. Callers run inside `localcontext(EXACT)`.
"""

from collections.abc import Callable
from decimal import Decimal

from dashboard.ledger.entry import LAST_PLACE, LIMIT, ZERO, Entry, InvalidEntry, Kind
from dashboard.ledger.lots import cost_of, recount
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Issue

Find = Callable[[str], Standing]
"""The standing of an asset; an empty one where there was none."""


TRADES = frozenset({Kind.BUY, Kind.SELL, Kind.SWAP})
UNPRICED = frozenset({Kind.SPLIT, Kind.DIVIDEND, Kind.ADJUST})
"""Kinds whose value is not that of `amount` coins."""


# Trades: their fee is part of a cost or of the proceeds


def buy(entry: Entry, main: Standing, find: Find) -> None:
    cost = entry.value if entry.value is not None else worth(entry, main)
    arriving, fee = entry.amount, entry.fee_amount
    if fee:
        if entry.fee_asset is None:
            main.fees_paid += fee
            cost += fee
        else:
            cost += settle_fee(entry, main, find)
            if entry.fee_asset == entry.asset:
                arriving -= fee
    main.receive(entry, entry.wallet, arriving, cost)
    main.invested += cost


def sell(entry: Entry, main: Standing, find: Find) -> None:
    proceeds = entry.value if entry.value is not None else worth(entry, main)
    leaving, fee = entry.amount, entry.fee_amount
    if fee:
        if entry.fee_asset is None:
            main.fees_paid += fee
            proceeds -= fee
        else:
            proceeds -= settle_fee(entry, main, find)
            if entry.fee_asset == entry.asset:
                leaving += fee
    main.dispose(entry, entry.wallet, leaving, proceeds)
    main.invested -= proceeds


def swap(entry: Entry, main: Standing, find: Find) -> None:
    got, arriving = second_leg(entry, find)
    value, leaving = known(entry.value, entry, main, got), entry.amount
    cost = value
    if entry.fee_amount:
        cost += settle_fee(entry, got, find)
        if entry.fee_asset == main.asset:
            leaving += entry.fee_amount
        elif entry.fee_asset == got.asset:
            arriving -= entry.fee_amount
    main.dispose(entry, entry.wallet, leaving, value)
    main.invested -= value
    got.receive(entry, entry.wallet, arriving, cost)
    got.invested += cost


def settle_fee(entry: Entry, bearer: Standing, find: Find) -> Decimal:
    """What the fee of a trade adds to the cost or takes off the proceeds. A third coin it is paid in is disposed of."""
    if entry.fee_asset is None:
        bearer.fees_paid += entry.fee_amount
        return entry.fee_amount
    if entry.fee_asset in (entry.asset, entry.counter_asset):
        bearer.fees_paid += fee_worth(entry) or ZERO
        return ZERO
    payer = find(entry.fee_asset)
    value = known(fee_worth(entry), entry, payer, bearer)
    payer.dispose(entry, entry.wallet, entry.fee_amount, value)
    payer.invested -= value
    bearer.fees_paid += value
    return value


# In and out


def deposit(entry: Entry, main: Standing, find: Find) -> None:
    cost = entry.basis
    if cost is None:
        cost = worth(entry, main)
        main.flag(Issue.ASSUMED_BASIS, entry, entry.wallet, entry.amount)
    main.receive(entry, entry.wallet, entry.amount, cost, assumed=entry.basis is None)
    main.invested += cost


def gift_in(entry: Entry, main: Standing, find: Find) -> None:
    cost = entry.basis if entry.basis is not None else worth(entry, main)
    main.receive(entry, entry.wallet, entry.amount, cost)
    main.invested += cost


def leave_at_cost(entry: Entry, main: Standing, find: Find) -> None:
    main.invested -= main.dispose(entry, entry.wallet, entry.amount, None)


def reward(entry: Entry, main: Standing, find: Find) -> None:
    value = worth(entry, main)
    main.receive(entry, entry.wallet, entry.amount, value)
    main.income += value


def fork(entry: Entry, main: Standing, find: Find) -> None:
    main.receive(entry, entry.wallet, entry.amount, ZERO)


def spend(entry: Entry, main: Standing, find: Find) -> None:
    value = worth(entry, main)
    main.dispose(entry, entry.wallet, entry.amount, value)
    main.invested -= value


def lose(entry: Entry, main: Standing, find: Find) -> None:
    main.dispose(entry, entry.wallet, entry.amount, ZERO)


def dividend(entry: Entry, main: Standing, find: Find) -> None:
    value = worth(entry, main)
    main.income += value
    main.invested -= value


# Fees that are part of no cost and no proceeds


def stand_alone_fee(entry: Entry, main: Standing, find: Find) -> None:
    expense(entry, main, entry.amount, worth(entry, main))


def pay_fee(entry: Entry, main: Standing, find: Find) -> None:
    if entry.fee_asset is None:
        main.fees += entry.fee_amount
        main.invested += entry.fee_amount
    else:
        payer = find(entry.fee_asset)
        expense(entry, payer, entry.fee_amount, known(fee_worth(entry), entry, payer))


def expense(entry: Entry, payer: Standing, amount: Decimal, value: Decimal) -> None:
    payer.dispose(entry, entry.wallet, amount, value)
    payer.fees += value


# Same owner, other place or other shape


def transfer(entry: Entry, main: Standing, find: Find) -> None:
    if entry.wallet == entry.to_wallet:
        return
    fee = entry.fee_amount if entry.fee_asset == entry.asset else ZERO
    leaving = main.without_dust(entry.wallet, entry.amount + fee)
    main.move(entry, entry.wallet, entry.to_wallet, max(leaving - fee, ZERO))


def lock(entry: Entry, main: Standing, find: Find) -> None:
    """Staked or not, the coins are where they were."""


def split(entry: Entry, main: Standing, find: Find) -> None:
    main.redenominate(entry.amount)


def migrate(entry: Entry, main: Standing, find: Find) -> None:
    new, arriving = second_leg(entry, find)
    lots = main.release(entry, entry.wallet, entry.amount)
    cost = cost_of(lots)
    main.invested -= cost
    new.receive_lots(recount(lots, arriving), entry.wallet)
    new.invested += cost


def adjust(entry: Entry, main: Standing, find: Find) -> None:
    """The count of a wallet, or with no wallet named of the whole, becomes `amount`.

    With a cost given the old count leaves at its cost and the new one enters at the given. Without, only the difference
    moves: more enters at no cost, less leaves at its cost.
    """
    main.flag(Issue.ADJUSTED, entry, entry.wallet, entry.amount)
    given = entry.basis if entry.basis is not None else entry.value
    before = main.cost
    counts = {entry.wallet: main.balances.get(entry.wallet, ZERO)} if entry.wallet else dict(main.balances)
    surplus = sum(counts.values(), ZERO) - (entry.amount if given is None else ZERO)
    if given is None and surplus < ZERO:
        main.receive(entry, entry.wallet, -surplus, ZERO, assumed=True)
    for wallet in sorted(counts):
        leaving = min(counts[wallet], surplus)
        if leaving > ZERO:
            main.release(entry, wallet, leaving)
            surplus -= leaving
    if given is not None and entry.amount:
        main.receive(entry, entry.wallet, entry.amount - min(surplus, ZERO), given, assumed=True)
    main.invested += main.cost - before


# Values


def worth(entry: Entry, main: Standing) -> Decimal:
    """What the main leg was worth at the time."""
    value = entry.value
    return known(None, entry, main) if value is None else value


def known(value: Decimal | None, entry: Entry, *standings: Standing) -> Decimal:
    """The value; an unknown one counts as zero and is flagged on all assets that it concerns."""
    if value is None:
        for standing in standings:
            standing.flag(Issue.NO_VALUE, entry)
        return ZERO
    return value


def fee_worth(entry: Entry) -> Decimal | None:
    """What a fee in coins was worth: as given, else by the price that the entry itself states for that coin."""
    if entry.fee_value is not None or entry.value is None:
        return entry.fee_value
    if entry.fee_asset == entry.asset and entry.kind not in UNPRICED:
        units: Decimal | None = entry.amount
    else:
        units = entry.counter_amount if entry.fee_asset == entry.counter_asset else None
    value = entry.value * entry.fee_amount / units if units else LIMIT
    return value.quantize(LAST_PLACE) if value < LIMIT else None


def second_leg(entry: Entry, find: Find) -> tuple[Standing, Decimal]:
    if entry.counter_asset is None or entry.counter_amount is None:
        raise InvalidEntry("counter_asset", f"{entry.kind} needs its second leg")
    return find(entry.counter_asset), entry.counter_amount


EFFECTS: dict[Kind, Callable[[Entry, Standing, Find], None]] = {
    Kind.BUY: buy,
    Kind.SELL: sell,
    Kind.SWAP: swap,
    Kind.TRANSFER: transfer,
    Kind.DEPOSIT: deposit,
    Kind.WITHDRAWAL: leave_at_cost,
    Kind.REWARD: reward,
    Kind.STAKE: lock,
    Kind.UNSTAKE: lock,
    Kind.GIFT_IN: gift_in,
    Kind.GIFT_OUT: leave_at_cost,
    Kind.SPEND: spend,
    Kind.LOST: lose,
    Kind.FEE: stand_alone_fee,
    Kind.FORK: fork,
    Kind.SPLIT: split,
    Kind.MIGRATE: migrate,
    Kind.DIVIDEND: dividend,
    Kind.ADJUST: adjust,
}
