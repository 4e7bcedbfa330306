"""What is owned and what it is worth: assets and their quotes, portfolios, transactions and the positions they make."""

from typing import Self

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy

from accounts.currencies import CHOICES, COINS
from dashboard.fields import MoneyField
from dashboard.kinds import WORDINGS
from dashboard.ledger.entry import Kind
from dashboard.ledger.methods import Method, Scope


class AssetQuerySet(models.QuerySet["Asset"]):
    def coins(self) -> Self:
        return self.filter(kind=Asset.Kind.CRYPTO)

    def best_ranked(self) -> Self:
        return self.order_by(models.F("rank").asc(nulls_last=True), "name")


class Asset(models.Model):
    """Something that can be owned or paid with, keyed by its source's id (CoinGecko's), never by its ticker."""

    class Kind(models.TextChoices):
        CRYPTO = "crypto", gettext_lazy("Coin")
        FIAT = "fiat", gettext_lazy("Currency")
        STOCK = "stock", gettext_lazy("Stock")

    id = models.CharField(primary_key=True, max_length=200)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CRYPTO)
    symbol = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    rank = models.PositiveIntegerField(null=True, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Lower("symbol"), name="asset_symbol"),
            models.Index(Lower("name"), name="asset_name"),
            models.Index("rank", name="asset_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol.upper()})"


class MarketQuote(models.Model):
    """The last accepted sample of an asset's market, in USD; `pending_*` is a jump that waits to be confirmed."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True, related_name="quote")
    price = MoneyField(null=True)
    as_of = models.DateTimeField(null=True, help_text="the source's own time of the price")
    market_cap = MoneyField(null=True)
    volume_24h = MoneyField(null=True)
    high_24h = MoneyField(null=True)
    low_24h = MoneyField(null=True)
    change_1h = MoneyField(null=True)
    change_24h = MoneyField(null=True)
    change_7d = MoneyField(null=True)
    circulating_supply = MoneyField(null=True)
    total_supply = MoneyField(null=True)
    max_supply = MoneyField(null=True)
    ath = MoneyField(null=True)
    ath_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=40)
    silent = models.BooleanField(default=False, help_text="the exchanges that stated it are not heard any more")
    sequence = models.BigIntegerField(default=0, db_index=True)
    pending_price = MoneyField(null=True)
    pending_as_of = models.DateTimeField(null=True)


class ExchangeRate(models.Model):
    """Units of a currency for one US dollar, as the price source last stated."""

    code = models.CharField(primary_key=True, max_length=10)
    per_usd = MoneyField()
    fetched_at = models.DateTimeField()


class DailyPrice(models.Model):
    """What one unit of an asset was worth on a day (UTC) of the past, in USD, as the price source tells it later."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    usd = MoneyField()

    class Meta:
        constraints = [models.UniqueConstraint("asset", "day", name="daily_price_once")]


class PriceSample(models.Model):
    """A price of the recent past, in USD: one accepted sample, or as it ages what a stretch of `step` seconds held.

    A stretch keeps its first, last, lowest and highest price; of a single sample those are `usd`, and not stated.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(help_text="the source's own time of the last price")
    usd = MoneyField(help_text="the last price")
    step = models.PositiveIntegerField(default=0, help_text="seconds of the stretch; 0 is a single sample")
    first_at = models.DateTimeField(null=True)
    first = MoneyField(null=True)
    low = MoneyField(null=True)
    high = MoneyField(null=True)
    source = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "at"], name="price_sample_once")]


class Sparkline(models.Model):
    """The week behind an asset's price as a drawing, fetched anew every few hours; no figure is made of it."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True, related_name="sparkline")
    path = models.TextField(default="", help_text="the path of an SVG (dashboard.market.sparklines); empty if unknown")
    rises = models.BooleanField(default=False)
    asked_at = models.DateTimeField(null=True)


class PriceHistory(models.Model):
    """How an asset's daily prices are looked after: wanted by figures that lack a value, asked for, fetched."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True, related_name="+")
    wanted_at = models.DateTimeField(null=True, db_index=True, help_text="cleared when the prices have come")
    asked_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)


class MarketState(models.Model):
    """The one row that says how polling goes: sequence number, budget and breaker, shared by every machine."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    interval_seconds = models.FloatField(default=60)
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure_reason = models.CharField(max_length=300, blank=True)
    breaker_seconds = models.FloatField(default=0)
    month = models.CharField(max_length=7, blank=True, help_text="YYYY-MM that `calls` counts")
    calls = models.PositiveIntegerField(default=0)
    top_fetched_at = models.DateTimeField(null=True)
    rates_fetched_at = models.DateTimeField(null=True)
    coins_fetched_at = models.DateTimeField(null=True)


class AssetNote(models.Model):
    """What somebody has written down about an asset, for their own eyes."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="asset_notes")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(max_length=4000)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("user", "asset", name="asset_note_once_per_user")]


class PortfolioQuerySet(models.QuerySet["Portfolio"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(user=user)


class Portfolio(models.Model):
    """A set of transactions counted in one currency by one cost-basis method."""

    METHODS = [
        (method.value, label)
        for method, label in zip(Method, ["FIFO", "LIFO", "HIFO", gettext_lazy("Average cost")], strict=True)
    ]
    SCOPES = [
        (Scope.PORTFOLIO.value, gettext_lazy("The whole portfolio")),
        (Scope.WALLET.value, gettext_lazy("Each wallet")),
    ]

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portfolios")
    name = models.CharField(max_length=60, validators=[MinLengthValidator(1)])
    currency = models.CharField(max_length=10, choices=CHOICES, default="usd")
    method = models.CharField(max_length=10, choices=METHODS, default=Method.AVERAGE.value)
    lot_scope = models.CharField(max_length=10, choices=SCOPES, default=Scope.PORTFOLIO.value)
    revision = models.PositiveBigIntegerField(default=0, help_text="grows whenever its positions are made anew")
    created_at = models.DateTimeField(db_default=Now())

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("user", Lower("name"), name="portfolio_name_once_per_user")]
        # For one look per tick at all revisions, which needs nothing else of the rows, and at what counts in a coin.
        indexes = [
            models.Index("revision", name="portfolio_revision"),
            models.Index("currency", name="portfolio_counts_in_coin", condition=models.Q(currency__in=sorted(COINS))),
        ]

    def __str__(self) -> str:
        return self.name


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(portfolio__user=user)

    def touching(self, asset_id: str) -> Self:
        """Those in which the asset moves, be it as main leg, counter leg or fee."""
        return self.filter(
            models.Q(asset_id=asset_id) | models.Q(counter_asset_id=asset_id) | models.Q(fee_asset_id=asset_id)
        )

    def newest_first(self) -> Self:
        return self.order_by("-timestamp", "-id")


class Transaction(models.Model):
    """One thing that happened, as its owner states it; everything else is computed from these rows."""

    KINDS = [(kind.value, gettext_lazy(wording.label)) for kind, wording in WORDINGS.items()]

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="transactions")
    timestamp = models.DateTimeField()
    type = models.CharField(max_length=10, choices=KINDS)
    wallet = models.CharField(max_length=60, blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    amount = MoneyField()
    counter_asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    counter_amount = MoneyField(null=True, blank=True)
    fee_asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    fee_amount = MoneyField(null=True, blank=True)
    price = MoneyField(null=True, blank=True, help_text="per unit, in price_currency")
    price_currency = models.CharField(max_length=10, choices=CHOICES, default="usd")
    to_wallet = models.CharField(max_length=60, blank=True)
    value_override = MoneyField(null=True, blank=True, help_text="value of the whole, in price_currency")
    fee_value = MoneyField(null=True, blank=True, help_text="what a fee in coins was worth, in price_currency")
    note = models.CharField(max_length=500, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    source_import = models.ForeignKey(
        "dashboard.Import", on_delete=models.CASCADE, null=True, blank=True, related_name="transactions"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = TransactionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["portfolio", "-timestamp", "-id"], name="transaction_newest"),
            models.Index("portfolio", "asset", "timestamp", "id", name="transaction_history"),
            models.Index(
                "portfolio",
                "type",
                "asset",
                "counter_asset",
                name="transaction_migrations",
                condition=models.Q(type=Kind.MIGRATE.value),
            ),
        ]


class StagedTransaction(models.Model):
    """A row of a long import on its way: what a Transaction of the same `id` will say once all rows of the `batch` are
    copied there in one step. Nothing is computed or shown of these rows; those that a killed worker left are dropped.
    """

    id = models.BigIntegerField(primary_key=True)
    batch = models.CharField(max_length=32)
    staged_at = models.DateTimeField(db_default=Now())
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+")
    timestamp = models.DateTimeField()
    type = models.CharField(max_length=10)
    wallet = models.CharField(max_length=60)
    asset_id = models.CharField(max_length=200)
    amount = MoneyField()
    counter_asset_id = models.CharField(max_length=200, null=True)
    counter_amount = MoneyField(null=True)
    fee_asset_id = models.CharField(max_length=200, null=True)
    fee_amount = MoneyField(null=True)
    price = MoneyField(null=True)
    price_currency = models.CharField(max_length=10)
    to_wallet = models.CharField(max_length=60)
    value_override = MoneyField(null=True)
    fee_value = MoneyField(null=True)
    note = models.CharField(max_length=500)
    external_id = models.CharField(max_length=200)


class PositionQuerySet(models.QuerySet["Position"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(portfolio__user=user)

    def open(self) -> Self:
        return self.exclude(quantity=0)


class Position(models.Model):
    """What the ledger says of one asset in one portfolio, in its currency; made anew when a transaction changes.

    Closed positions (quantity 0) stay, with their realised gain. `exchanged` says how much of `ever_invested` came out
    of which other asset, `issues` lists {"code", "transaction", "facts"}, `balances` is how much lies in which wallet
    (null where that was never written down).
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="positions")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="positions")
    quantity = MoneyField()
    cost = MoneyField()
    realised = MoneyField()
    income = MoneyField()
    fees = MoneyField()
    invested = MoneyField()
    ever_invested = MoneyField()
    fees_paid = MoneyField()
    exchanged = models.JSONField(default=dict)
    issues = models.JSONField(default=list)
    balances = models.JSONField(null=True)

    objects = PositionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("portfolio", "asset", name="position_once_per_asset")]
        indexes = [models.Index("asset", name="position_asset")]


class LotState(models.Model):
    """What the ledger knew of an asset of a portfolio after all transactions up to a moment; never shown, only gone on
    from. `rules` are the currency, method, scope and version that it was computed by.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="lot_states")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    upto = models.DateTimeField()
    rules = models.CharField(max_length=60)
    entries = models.PositiveIntegerField(help_text="how many transactions moved the asset until then")
    lots = models.PositiveIntegerField(help_text="about how many lots were held")
    state = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("portfolio", "asset", "upto", name="lot_state_once")]


class LedgerCheck(models.Model):
    """The last time that somebody asked for all of a portfolio's transactions to be posted anew and held against its
    figures, and what came of it: `fault` is null where every figure adds up. `revision` is the portfolio's then.
    """

    portfolio = models.OneToOneField(Portfolio, on_delete=models.CASCADE, primary_key=True, related_name="ledger_check")
    asked_at = models.DateTimeField(null=True, help_text="null when nobody waits for one")
    lease_until = models.DateTimeField(null=True, help_text="when another worker may take it over")
    finished_at = models.DateTimeField(null=True)
    revision = models.PositiveBigIntegerField(null=True)
    transactions = models.PositiveIntegerField(default=0)
    fault = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index("asked_at", name="ledger_check_asked", condition=models.Q(asked_at__isnull=False))]


class Import(models.Model):
    """A file that was read into a portfolio; deleting it takes its transactions back."""

    class State(models.TextChoices):
        COLUMNS = "columns", gettext_lazy("Columns to name")
        READING = "reading", gettext_lazy("Reading")
        PREVIEW = "preview", gettext_lazy("Preview")
        RUNNING = "running", gettext_lazy("Running")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")
        UNDOING = "undoing", gettext_lazy("Taking back")

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="imports")
    filename = models.CharField(max_length=255)
    format = models.CharField(max_length=60)
    time_zone = models.CharField(max_length=64, default="UTC")
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEW)
    decisions = models.JSONField(default=dict)
    added = models.PositiveIntegerField(null=True)
    duplicates = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    skips = models.JSONField(default=list, help_text="why rows were left out: reason, rows, first lines")
    review = models.JSONField(default=list)
    sample = models.TextField(blank=True, help_text="the first rows that a long file would add, as JSON")
    failure = models.CharField(max_length=500, blank=True, help_text="why nothing of it was imported, for people")
    lines = models.PositiveIntegerField(default=0, help_text="of the file")
    lines_done = models.PositiveIntegerField(default=0, help_text="how far a worker is")
    worker = models.CharField(max_length=32, blank=True, help_text="the turn of the worker that is at it")
    lease_until = models.DateTimeField(null=True, help_text="when another worker may take it over")
    turns = models.PositiveSmallIntegerField(default=0, help_text="how often a worker began with it")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                "state", name="import_at_work", condition=models.Q(state__in=["reading", "running", "undoing"])
            ),
        ]

    @property
    def is_at_work(self) -> bool:
        """Is it a worker's turn?"""
        return self.state in (self.State.READING, self.State.RUNNING, self.State.UNDOING)


class ImportFile(models.Model):
    """The decoded file, kept until its import is done; apart from it, because the import's row changes often."""

    source_import = models.OneToOneField(Import, on_delete=models.CASCADE, primary_key=True, related_name="file")
    content = models.TextField()


class TickerAnswer(models.Model):
    """Which coin a ticker means in the files of one source, as their owner has once said."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ticker_answers")
    source = models.CharField(max_length=60, help_text="the format's key")
    ticker = models.CharField(max_length=200, help_text="in capitals")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["source", "ticker"]
        constraints = [models.UniqueConstraint("user", "source", "ticker", name="ticker_answered_once")]


class ImportMapping(models.Model):
    """What a user has said that the columns of files mean which no format knows; one for each set of columns."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    header = models.JSONField(help_text="the names of the columns, sorted")
    digest = models.CharField(max_length=64)
    mapping = models.JSONField(help_text="a ColumnMap")

    class Meta:
        constraints = [models.UniqueConstraint("user", "digest", name="import_mapping_once_per_header")]


class Snapshot(models.Model):
    """What a portfolio was worth at a time, in the currency that it was counted in then; coins without a price are in
    none of the three."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="snapshots")
    at = models.DateTimeField()
    currency = models.CharField(max_length=10)
    value = MoneyField()
    cost = MoneyField()
    profit = MoneyField()

    class Meta:
        constraints = [models.UniqueConstraint("portfolio", "at", name="snapshot_once")]
        indexes = [models.Index("at", name="snapshot_at")]


class DailyValue(models.Model):
    """What the transactions and the stored prices say of a portfolio at the beginning of a day (00:00 UTC), and of the
    day before it: what was put in, what was taken out, and income; all in `currency`.

    `value`, `cost` and `profit` are null where a coin that was held has no stored price, `inflow` and `outflow` where
    nobody knows what it was worth. Made anew from the first change on; never by a page.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="daily_values")
    day = models.DateField()
    currency = models.CharField(max_length=10)
    value = MoneyField(null=True)
    cost = MoneyField(null=True)
    profit = MoneyField(null=True)
    inflow = MoneyField(null=True)
    outflow = MoneyField(null=True)
    income = MoneyField()

    class Meta:
        constraints = [models.UniqueConstraint("portfolio", "day", name="daily_value_once")]


class ValueHistory(models.Model):
    """How far a portfolio's daily values are: known up to `upto`, to be made anew from `redo_from` where that is set.

    `missing` says of which assets prices lack: {asset: [first day, last day]}. `marks` grows with every reason to make
    values anew, so that a worker sees whether one came while it was at work.
    """

    portfolio = models.OneToOneField(
        Portfolio, on_delete=models.CASCADE, primary_key=True, related_name="value_history"
    )
    redo_from = models.DateTimeField(null=True)
    upto = models.DateField(null=True)
    marks = models.PositiveBigIntegerField(default=0)
    missing = models.JSONField(default=dict)
    lease_until = models.DateTimeField(null=True, help_text="when another worker may take it over")


class TargetShare(models.Model):
    """The part of a portfolio that its owner wants an asset to be, in percent; those of a portfolio sum up to 100."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="targets")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    percent = MoneyField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("portfolio", "asset", name="target_share_once_per_asset")]


class WatchedCoin(models.Model):
    """A coin that a person follows without holding it; its price is fetched as that of a held one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watched_coins")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("user", "asset", name="watched_once_per_user")]
