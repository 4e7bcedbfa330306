"""The state of one asset: its figures, the balance of every wallet, the lots held, and the record of how each figure
came about. It knows how units come and go, not what kind of transaction makes them do so.

Callers run inside `localcontext(EXACT)`.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any

from dashboard.ledger.entry import EXACT, LAST_PLACE, ZERO, Entry, check_size
from dashboard.ledger.lots import CountedPool, Lot, Pool, copy_of, cost_of, new_lot, part, quantity_of
from dashboard.ledger.methods import Method, Scope, new_pool
from dashboard.ledger.working import Amounts, Disposal, Flag, Issue, Step

DUST = Decimal("1e-12")


class Standing:
    """One asset's state. Everything is a consequence of the entries so far; `copy` gives one that goes its own way.

    The record is kept flat, rows one after another in a list, and made readable when somebody reads it. A row of
    `recorded` is an entry and the figures after it; one of `disposed` is an entry, proceeds, cost, and how many of the
    lots in `used` belong to it.
    """

    __slots__ = (
        "asset",
        "balances",
        "cost",
        "disposed",
        "ever_invested",
        "exchanged",
        "fees",
        "fees_paid",
        "flags",
        "income",
        "invested",
        "method",
        "opening",
        "per_wallet",
        "pools",
        "quantity",
        "realised",
        "recorded",
        "used",
    )

    def __init__(self, asset: str, method: Method, scope: Scope) -> None:
        self.asset = asset
        self.method = method
        self.per_wallet = scope is Scope.WALLET
        self.quantity = self.cost = ZERO
        self.realised = self.income = self.fees = self.invested = ZERO
        self.ever_invested = ZERO
        """The sum of the positive changes of `invested`."""
        self.exchanged: dict[str, Decimal] = {}
        """How much of `ever_invested` came out of which other asset (swap, migration), so that totals count it once."""
        self.fees_paid = ZERO
        """Fees inside cost or proceeds; `fees` holds the others."""
        self.balances: dict[str, Decimal] = {}
        self.pools: dict[str, Pool] = {} if self.per_wallet else {"": new_pool(method, scope)}
        self.flags: list[Flag] = []
        self.opening: tuple[Decimal, ...] = (ZERO,) * 6
        """The figures before the first recorded entry, in the order of Amounts: those a kept standing goes on from."""
        self.recorded: list[Any] = []
        self.disposed: list[Any] = []
        self.used: list[Lot] = []

    @property
    def average_cost(self) -> Decimal | None:
        """Cost of one unit held; None when none is held."""
        return EXACT.divide(self.cost, self.quantity) if self.quantity else None

    @property
    def lots_held(self) -> int:
        """About how many lots there are."""
        return sum(len(pool) for pool in self.pools.values())

    def lots(self) -> tuple[Lot, ...]:
        """The lots held, oldest first; copies."""
        lots = [copy_of(lot) for pool in self.pools.values() for lot in pool.lots()]
        return tuple(sorted(lots, key=lambda lot: (lot.acquired_at, lot.entry)))

    def lots_counted(self) -> int:
        """Exactly how many lots there are."""
        return sum(pool.count() for pool in self.pools.values())

    def some_lots(self, start: int, stop: int) -> tuple[Lot, ...]:
        """The lots from place `start` to before `stop` in the order in which they leave, wallet by wallet; copies."""
        found: list[Lot] = []
        for pool in self.pools.values():
            size = pool.count()
            if start < size and stop > 0:
                found += [copy_of(lot) for lot in pool.some(max(start, 0), stop)]
            start, stop = start - size, stop - size
        return tuple(found)

    def disposals(self) -> tuple[Disposal, ...]:
        """What left for good, in order; what only went to another wallet or became another asset is not here."""
        disposals, used = [], map(copy_of, self.used)
        for entry, proceeds, cost, count in rows(self.disposed, 4):
            disposals.append(Disposal(entry, proceeds, cost, tuple(islice(used, count))))
        return tuple(disposals)

    def steps(self) -> tuple[Step, ...]:
        """The working: what each entry did, in order."""
        steps, before = [], list(self.opening)
        with localcontext(EXACT):
            for entry, *after in rows(self.recorded, 7):
                change = [now - then for now, then in zip(after, before, strict=True)]
                steps.append(Step(entry, Amounts(*change), Amounts(*after)))
                before = after
        return tuple(steps)

    def copy(self) -> "Standing":
        twin = Standing(self.asset, self.method, Scope.WALLET if self.per_wallet else Scope.PORTFOLIO)
        for name in self.__slots__:
            kept = getattr(self, name)
            setattr(twin, name, kept.copy() if isinstance(kept, list | dict) else kept)
        twin.pools = {wallet: pool.copy() for wallet, pool in self.pools.items()}
        return twin

    def forget_record(self) -> int:
        """Lets go of steps and disposals so far; figures, lots and issues stay. Returns how many steps they were."""
        steps = len(self.recorded) // 7
        self.opening = (self.quantity, self.cost, self.realised, self.income, self.fees, self.invested)
        for record in (self.recorded, self.disposed, self.used):
            record.clear()
        return steps

    # What effects are made of

    def flag(self, issue: Issue, entry: Entry, wallet: str = "", quantity: Decimal | None = None) -> None:
        self.flags.append(Flag(issue, entry.id, wallet, quantity))

    def receive(self, entry: Entry, wallet: str, quantity: Decimal, cost: Decimal, *, assumed: bool = False) -> None:
        """New units come in as a lot of their own."""
        self.quantity += quantity
        self.cost += cost
        lot = new_lot(entry.at, quantity, cost, entry.id, wallet, assumed)
        if self.per_wallet:
            self._stow(lot, wallet)
        else:
            balances = self.balances
            balances[wallet] = balances.get(wallet, ZERO) + quantity
            self.pools[""].put(lot)

    def receive_lots(self, lots: list[Lot], wallet: str) -> None:
        """Lots with a history come in, and keep it."""
        self.quantity += quantity_of(lots)
        self.cost += cost_of(lots)
        for lot in lots:
            lot.wallet = wallet
            self._stow(lot, wallet)

    def dispose(self, entry: Entry, wallet: str, quantity: Decimal, proceeds: Decimal | None) -> Decimal:
        """Units leave for `proceeds`, their gain is realised; None: at their cost, for no gain. Returns that cost."""
        held = self.cost
        lots = self.release(entry, wallet, quantity)
        cost = lots[0].cost if len(lots) == 1 else held - self.cost
        if proceeds is None:
            proceeds = cost
        else:
            self.realised += proceeds - cost
        self.disposed.extend((entry, proceeds, cost, len(lots)))
        self.used += lots
        return cost

    def release(self, entry: Entry, wallet: str, quantity: Decimal) -> list[Lot]:
        """Takes units out with their cost and returns their lots.

        Dust in excess of what is there is overlooked. Anything more enters first, at no cost, as an assumption.
        """
        balance = self.balances.get(wallet, ZERO)
        left = balance - quantity
        if left >= ZERO and quantity <= self.quantity:
            self.balances[wallet] = left
            self.quantity -= quantity
            lots = self._draw(wallet, quantity) if self.per_wallet else self.pools[""].take(quantity)
        else:
            lots = self._overdraw(entry, wallet, self.without_dust(wallet, quantity))
        if not self.quantity:
            for pool in self.pools.values():
                lots += pool.empty()
            self.cost = ZERO
        else:
            for lot in lots:
                self.cost -= lot.cost
        return lots

    def without_dust(self, wallet: str, quantity: Decimal) -> Decimal:
        """`quantity`, or the wallet's balance where that is exceeded by no more than dust."""
        balance = self.balances.get(wallet, ZERO)
        return balance if ZERO < quantity - balance <= quantity * DUST else quantity

    def move(self, entry: Entry, wallet: str, to_wallet: str, quantity: Decimal) -> None:
        """Units change wallets; with a pool for each wallet their lots travel along."""
        balance = self.balances.get(wallet, ZERO)
        left = balance - quantity
        if left < ZERO <= balance:
            self.flag(Issue.WALLET_SHORT, entry, wallet, -left)
        self.balances[wallet] = left
        moved = ZERO
        if self.per_wallet:
            for lot in self._draw(wallet, min(quantity, self.quantity)):
                moved += lot.quantity
                lot.wallet = to_wallet
                self._stow(lot, to_wallet)
        self.balances[to_wallet] = self.balances.get(to_wallet, ZERO) + quantity - moved

    def redenominate(self, ratio: Decimal) -> None:
        """Every unit becomes `ratio` units; costs and dates stay. The cost of what rounds away altogether is lost."""
        for balance in self.balances.values():
            check_size("amount", abs(balance * ratio))
        for wallet, balance in self.balances.items():
            self.balances[wallet] = (balance * ratio).quantize(LAST_PLACE)
        self.quantity = sum(self.balances.values(), ZERO)
        for pool in self.pools.values():
            pool.recount((self.held_in(pool) * ratio).quantize(LAST_PLACE) if self.per_wallet else self.quantity)
        if self.quantity < ZERO:
            self._fill(next(iter(self.balances)), -self.quantity)
            self.quantity = ZERO
        kept = sum((cost_of(pool.lots()) for pool in self.pools.values()), ZERO)
        self.realised -= self.cost - kept
        self.cost = kept

    def check(self) -> None:
        """InvalidEntry when a figure has grown beyond 20 integer digits, which nothing can keep."""
        for number in (self.quantity, self.cost, self.realised, self.income, self.fees, self.invested):
            check_size("amount", abs(number))
        check_size("amount", self.ever_invested)
        check_size("amount", self.fees_paid)

    def record(self, entry: Entry) -> Decimal:
        """Closes the entry for this asset and returns the change of `invested`."""
        recorded, invested = self.recorded, self.invested
        change = invested - (recorded[-1] if recorded else self.opening[-1])
        if change > ZERO:
            self.ever_invested += change
        recorded.extend((entry, self.quantity, self.cost, self.realised, self.income, self.fees, invested))
        return change

    # Pools and wallets

    def pool(self, wallet: str) -> Pool:
        if not self.per_wallet:
            return self.pools[""]
        pool = self.pools.get(wallet)
        if pool is None:
            pool = self.pools[wallet] = new_pool(self.method, Scope.WALLET)
        return pool

    def held_in(self, pool: Pool) -> Decimal:
        """How many units a pool holds; the only one holds them all."""
        return pool.quantity if isinstance(pool, CountedPool) else self.quantity

    def _draw(self, wallet: str, quantity: Decimal) -> list[Lot]:
        """Lots for `quantity`: the wallet's own, then, where a transfer seems to be missing, those of other wallets."""
        if not self.per_wallet:
            return self.pools[""].take(quantity)
        lots = self.pool(wallet).take(quantity)
        short = quantity - quantity_of(lots)
        if short > ZERO:
            for pool in self.pools.values():
                lent = pool.take(short)
                short -= quantity_of(lent)
                lots += lent
        return lots

    def _overdraw(self, entry: Entry, wallet: str, quantity: Decimal) -> list[Lot]:
        """Lots for more than the wallet, or than all wallets, may hold: what nobody recorded comes in at no cost."""
        balance = self.balances.get(wallet, ZERO)
        left = self.balances[wallet] = balance - quantity
        missing = quantity - self.quantity
        if missing <= ZERO:
            if left < ZERO <= balance:
                self.flag(Issue.WALLET_SHORT, entry, wallet, -left)
            lots = self._draw(wallet, quantity)
            self.quantity -= quantity
            return lots
        lots = self._draw(wallet, self.quantity)
        self.quantity = ZERO
        self._fill(wallet, missing)
        if missing > quantity * DUST:
            self.flag(Issue.OVERSOLD, entry, wallet, missing)
            lots.append(new_lot(entry.at, missing, ZERO, entry.id, wallet, True))
        return lots

    def _stow(self, lot: Lot, wallet: str) -> None:
        """Puts a lot where it belongs."""
        balance = self.balances.get(wallet, ZERO)
        self.balances[wallet] = balance + lot.quantity
        if not self.per_wallet:
            self.pools[""].put(lot)
        elif balance >= ZERO or self._give_back(lot, wallet, -balance):
            self.pool(wallet).put(lot)

    def _give_back(self, lot: Lot, wallet: str, owed: Decimal) -> bool:
        """What a wallet below zero receives goes first to those whose lots it drew. Is some of it left?"""
        for lender in self.balances:
            pool = self.pool(lender)
            claim = min(self.balances[lender] - self.held_in(pool), owed)
            if lender == wallet or claim <= ZERO:
                continue
            whole = claim >= lot.quantity
            given = lot if whole else part(lot, claim)
            given.wallet = lender
            pool.put(given)
            if whole:
                return False
            owed -= claim
        return True

    def _fill(self, wallet: str, missing: Decimal) -> None:
        """Adds units that nobody recorded to wallets below zero, beginning with this one."""
        for name in (wallet, *self.balances):
            filled = min(missing, -self.balances[name])
            if filled > ZERO:
                self.balances[name] += filled
                missing -= filled


def rows(flat: list[Any], width: int) -> Iterator[tuple[Any, ...]]:
    columns = [iter(flat)] * width
    return zip(*columns, strict=True)
