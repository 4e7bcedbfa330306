"""The state of one asset: its figures, the balance of every wallet, the lots held, and the record of how each figure
came about. It knows how units come and go, not what kind of transaction makes them do so.

Callers run inside `localcontext(EXACT)`.
"""

from dataclasses import replace
from decimal import Decimal, localcontext

from dashboard.ledger.entry import EXACT, LAST_PLACE, ZERO, Entry
from dashboard.ledger.lots import Lot, Pool, cost_of, part, quantity_of
from dashboard.ledger.methods import Method, Scope, new_pool
from dashboard.ledger.working import Amounts, Disposal, Flag, Issue, Step

DUST = Decimal("1e-12")

Figures = tuple[Decimal, Decimal, Decimal, Decimal, Decimal, Decimal]
"""The fields of Amounts in their order: the record is kept lean, and made readable when somebody reads it."""

START: Figures = (ZERO,) * 6


class Standing:
    """One asset's state. Everything is a consequence of the entries so far; `copy` gives one that goes its own way."""

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
        "pools",
        "quantity",
        "realised",
        "recorded",
        "scope",
    )

    def __init__(self, asset: str, method: Method, scope: Scope) -> None:
        self.asset = asset
        self.method = method
        self.scope = scope
        self.quantity = self.cost = ZERO
        self.realised = self.income = self.fees = self.invested = ZERO
        self.ever_invested = ZERO
        """The sum of the positive changes of `invested`."""
        self.exchanged: dict[str, Decimal] = {}
        """How much of `ever_invested` came out of which other asset (swap, migration), so that totals count it once."""
        self.fees_paid = ZERO
        """Fees inside cost or proceeds; `fees` holds the others."""
        self.balances: dict[str, Decimal] = {}
        self.pools: dict[str, Pool] = {}
        self.flags: list[Flag] = []
        self.recorded: list[tuple[Entry, Figures]] = []
        self.disposed: list[tuple[Entry, Decimal, Decimal, list[Lot]]] = []

    @property
    def average_cost(self) -> Decimal | None:
        """Cost of one unit held; None when none is held."""
        return EXACT.divide(self.cost, self.quantity) if self.quantity else None

    def lots(self) -> tuple[Lot, ...]:
        """The lots held, oldest first; copies."""
        lots = [replace(lot) for pool in self.pools.values() for lot in pool.lots()]
        return tuple(sorted(lots, key=lambda lot: (lot.acquired_at, lot.entry)))

    def disposals(self) -> tuple[Disposal, ...]:
        """What left for good, in order; what only went to another wallet or became another asset is not here."""
        return tuple(Disposal(entry, proceeds, cost, tuple(lots)) for entry, proceeds, cost, lots in self.disposed)

    def steps(self) -> tuple[Step, ...]:
        """The working: what each entry did, in order."""
        steps, before = [], START
        with localcontext(EXACT):
            for entry, after in self.recorded:
                change = [now - then for now, then in zip(after, before, strict=True)]
                steps.append(Step(entry, Amounts(*change), Amounts(*after)))
                before = after
        return tuple(steps)

    def copy(self) -> "Standing":
        twin = Standing(self.asset, self.method, self.scope)
        for name in self.__slots__:
            kept = getattr(self, name)
            setattr(twin, name, kept.copy() if isinstance(kept, list | dict) else kept)
        twin.pools = {wallet: pool.copy() for wallet, pool in self.pools.items()}
        return twin

    # What effects are made of

    def flag(self, issue: Issue, entry: Entry, wallet: str = "", quantity: Decimal | None = None) -> None:
        self.flags.append(Flag(issue, entry.id, wallet, quantity))

    def receive(self, entry: Entry, wallet: str, quantity: Decimal, cost: Decimal, *, assumed: bool = False) -> None:
        """New units come in as a lot of their own."""
        self.quantity += quantity
        self.cost += cost
        self._stow(Lot(entry.at, quantity, cost, entry.id, wallet, assumed), wallet)

    def receive_lots(self, lots: list[Lot], wallet: str) -> None:
        """Lots with a history come in, and keep it."""
        self.quantity += quantity_of(lots)
        self.cost += cost_of(lots)
        for lot in lots:
            self._stow(lot, wallet)

    def dispose(self, entry: Entry, wallet: str, quantity: Decimal, proceeds: Decimal | None) -> Decimal:
        """Units leave for `proceeds`, their gain is realised; None: at their cost, for no gain. Returns that cost."""
        held = self.cost
        lots = self.release(entry, wallet, quantity)
        cost = held - self.cost
        if proceeds is None:
            proceeds = cost
        self.realised += proceeds - cost
        self.disposed.append((entry, proceeds, cost, lots))
        return cost

    def release(self, entry: Entry, wallet: str, quantity: Decimal) -> list[Lot]:
        """Takes units out with their cost and returns their lots.

        Dust in excess of what is there is overlooked. Anything more enters first, at no cost, as an assumption.
        """
        balance = self.balances.get(wallet, ZERO)
        left = balance - quantity
        if left < ZERO:
            quantity = self.without_dust(wallet, quantity)
            left = balance - quantity
        self.balances[wallet] = left
        missing = quantity - self.quantity
        if missing <= ZERO:
            lots = self._draw(wallet, quantity)
            self.quantity -= quantity
            if left < ZERO <= balance:
                self.flag(Issue.WALLET_SHORT, entry, wallet, -left)
        else:
            lots = self._draw(wallet, self.quantity)
            self.quantity = ZERO
            self._fill(wallet, missing)
            if missing > quantity * DUST:
                self.flag(Issue.OVERSOLD, entry, wallet, missing)
                lots.append(Lot(entry.at, missing, ZERO, entry.id, wallet, assumed=True))
        if self.quantity:
            self.cost -= cost_of(lots)
        else:
            for pool in self.pools.values():
                lots += pool.take(pool.quantity)
            self.cost = ZERO
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
        if self.scope is Scope.WALLET:
            for lot in self._draw(wallet, min(quantity, self.quantity)):
                moved += lot.quantity
                self._stow(lot, to_wallet)
        self.balances[to_wallet] = self.balances.get(to_wallet, ZERO) + quantity - moved

    def redenominate(self, ratio: Decimal) -> None:
        """Every unit becomes `ratio` units; costs and dates stay. The cost of what rounds away altogether is lost."""
        for wallet, balance in self.balances.items():
            self.balances[wallet] = (balance * ratio).quantize(LAST_PLACE)
        self.quantity = sum(self.balances.values(), ZERO)
        for pool in self.pools.values():
            if pool.quantity:
                whole = self.scope is Scope.PORTFOLIO
                pool.recount(self.quantity if whole else (pool.quantity * ratio).quantize(LAST_PLACE))
        if self.quantity < ZERO:
            self._fill(next(iter(self.balances)), -self.quantity)
            self.quantity = ZERO
        kept = sum((cost_of(pool.lots()) for pool in self.pools.values()), ZERO)
        self.realised -= self.cost - kept
        self.cost = kept

    def record(self, entry: Entry) -> Decimal:
        """Closes the entry for this asset and returns the change of `invested`."""
        recorded = self.recorded
        invested = self.invested
        change = invested - recorded[-1][1][5] if recorded else invested
        if change > ZERO:
            self.ever_invested += change
        recorded.append((entry, (self.quantity, self.cost, self.realised, self.income, self.fees, invested)))
        return change

    # Pools and wallets

    def _pool(self, wallet: str) -> Pool:
        key = wallet if self.scope is Scope.WALLET else ""
        pool = self.pools.get(key)
        if pool is None:
            pool = self.pools[key] = new_pool(self.method)
        return pool

    def _draw(self, wallet: str, quantity: Decimal) -> list[Lot]:
        """Lots for `quantity`: the wallet's own, then, where a transfer seems to be missing, those of other wallets."""
        lots = self._pool(wallet).take(quantity)
        if self.scope is Scope.WALLET:
            short = quantity - quantity_of(lots)
            for pool in self.pools.values():
                if short <= ZERO:
                    break
                lent = pool.take(short)
                short -= quantity_of(lent)
                lots += lent
        return lots

    def _stow(self, lot: Lot, wallet: str) -> None:
        """Puts a lot where it belongs: a wallet below zero first gives back what it drew from others."""
        balance = self.balances.get(wallet, ZERO)
        self.balances[wallet] = balance + lot.quantity
        lot.wallet = wallet
        if balance < ZERO and self.scope is Scope.WALLET:
            owed = -balance
            for other in self.balances:
                claim = min(self.balances[other] - self._pool(other).quantity, owed)
                if other == wallet or claim <= ZERO:
                    continue
                if claim >= lot.quantity:
                    wallet = lot.wallet = other
                    break
                given = part(lot, claim)
                given.wallet = other
                self._pool(other).put(given)
                owed -= claim
        self._pool(wallet).put(lot)

    def _fill(self, wallet: str, missing: Decimal) -> None:
        """Adds units that nobody recorded to wallets below zero, beginning with this one."""
        for name in (wallet, *self.balances):
            filled = min(missing, -self.balances[name])
            if filled > ZERO:
                self.balances[name] += filled
                missing -= filled
