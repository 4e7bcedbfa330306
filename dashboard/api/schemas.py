"""The shapes that the API speaks in; what they mean is said where they are made."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from accounts.currencies import CURRENCIES
from dashboard.drafts import Draft
from dashboard.ledger.entry import Kind
from dashboard.representation import MomentIn, MomentOut, NumberIn, NumberOut, Text

Method = Literal["fifo", "lifo", "hifo", "average"]
LotScope = Literal["portfolio", "wallet"]
TEXTS = ("wallet", "price_currency", "to_wallet", "note", "external_id")


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("Choose a currency such as usd or eur.")
    return code


def tidy_name(name: str) -> str:
    name = "".join(c for c in name if c.isprintable()).strip()
    if not name:
        raise ValueError("Enter a name.")
    if len(name) > 60:
        raise ValueError("Use at most 60 characters.")
    return name


Currency = Annotated[
    str, BeforeValidator(lower), AfterValidator(known_currency), WithJsonSchema({"type": "string", "examples": ["usd"]})
]
Name = Annotated[Text, AfterValidator(tidy_name)]


class Strict(BaseModel):
    """What comes in: a field that isn't known is an error, never ignored."""

    model_config = ConfigDict(extra="forbid")


class Fault(BaseModel):
    field: str
    message: str
    index: int | None = Field(default=None, description="place in the list, where a list was sent")


class Problem(BaseModel):
    """Every answer that is not a success; `detail` is a list of faults where fields are to blame (422)."""

    detail: str | list[Fault]


class PortfolioIn(Strict):
    name: Name
    currency: Currency | None = None
    method: Annotated[Method, BeforeValidator(lower)] = "average"
    lot_scope: Annotated[LotScope, BeforeValidator(lower)] = "portfolio"


class PortfolioPatch(Strict):
    name: Name | None = None
    currency: Currency | None = None
    method: Annotated[Method, BeforeValidator(lower)] | None = None
    lot_scope: Annotated[LotScope, BeforeValidator(lower)] | None = None


class PortfolioOut(BaseModel):
    id: int
    name: str
    currency: str
    method: str
    lot_scope: str
    created_at: MomentOut


class PortfolioList(BaseModel):
    items: list[PortfolioOut]
    count: int


class IssueOut(BaseModel):
    code: str
    transaction: int | None
    text: str


class PositionOut(BaseModel):
    """One asset of a portfolio, money in the portfolio's currency. null is unknown. `*_pct`, `share`, `change_*`: %."""

    asset: str
    symbol: str
    name: str
    rank: int | None
    quantity: NumberOut
    price: NumberOut | None
    price_as_of: MomentOut | None
    stale: bool
    value: NumberOut | None
    market_cap: NumberOut | None
    change_1h: NumberOut | None
    change_24h: NumberOut | None
    change_7d: NumberOut | None
    cost_basis: NumberOut
    average_cost: NumberOut | None
    unrealised: NumberOut | None
    realised: NumberOut
    income: NumberOut
    fees: NumberOut
    fees_paid: NumberOut
    invested: NumberOut
    profit: NumberOut | None
    return_pct: NumberOut | None
    share: NumberOut | None
    issues: list[IssueOut]


class TotalsOut(BaseModel):
    """Sums over the assets that have a price; the others are named in `unpriced`."""

    value: NumberOut
    cost_basis: NumberOut
    unrealised: NumberOut
    realised: NumberOut
    income: NumberOut
    fees: NumberOut
    invested: NumberOut
    profit: NumberOut
    return_pct: NumberOut | None
    change_24h: NumberOut | None
    change_24h_pct: NumberOut | None
    unpriced: list[str]
    as_of: MomentOut | None
    stale: bool


class PortfolioDetail(PortfolioOut):
    totals: TotalsOut
    positions: list[PositionOut]


class TransactionOut(BaseModel):
    id: int
    portfolio: int
    timestamp: MomentOut
    type: str
    wallet: str
    asset_id: str
    amount: NumberOut
    counter_asset_id: str | None
    counter_amount: NumberOut | None
    fee_asset_id: str | None
    fee_amount: NumberOut | None
    price: NumberOut | None
    price_currency: str
    to_wallet: str
    value_override: NumberOut | None
    note: str
    external_id: str
    fee_value: NumberOut | None


class TransactionList(BaseModel):
    items: list[TransactionOut]
    count: int


class Statement(Strict):
    """Fields that an answer has but a statement hasn't may be sent back unchanged: they are passed over."""

    @model_validator(mode="before")
    @classmethod
    def without_answers(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in {"id", "portfolio"}}


TransactionKind = Annotated[Text, WithJsonSchema({"type": "string", "enum": [kind.value for kind in Kind]})]


class TransactionIn(Statement):
    """A transaction as its owner states it, in the words of Tickfolio's own CSV.

    `price` is per unit of `asset_id` in `price_currency` (the portfolio's unless stated); `value_override` is the value
    of the whole and wins. A buy or a sell needs one of them; any other kind may leave its value unknown: then it is
    looked up in stored daily prices, or else counts as zero and is flagged. Of a deposit, a gift_in or an adjust
    `value_override` is the cost to its owner. A swap or a migrate gives `amount` of `asset_id` for `counter_amount` of
    `counter_asset_id`, which no other kind has. A transfer needs `to_wallet`; its `amount` is what arrives. `amount` is
    the ratio of a split, the corrected count of an adjust, and the money of a dividend, whose price is 1. A fee is in
    `fee_asset_id`, a coin or a currency's code, or else in `price_currency`; `fee_value` is what one in coins was
    worth, in `price_currency`, and wins over stored prices.
    """

    timestamp: MomentIn
    type: TransactionKind
    asset_id: Text
    amount: NumberIn
    wallet: Text | None = None
    counter_asset_id: Text | None = None
    counter_amount: NumberIn | None = None
    fee_asset_id: Text | None = None
    fee_amount: NumberIn | None = None
    price: NumberIn | None = None
    price_currency: Text | None = None
    to_wallet: Text | None = None
    value_override: NumberIn | None = None
    note: Text | None = None
    external_id: Text | None = None
    fee_value: NumberIn | None = None

    def draft(self) -> Draft:
        facts: dict[str, Any] = {name: "" if value is None and name in TEXTS else value for name, value in self}
        return Draft(**facts)


class TransactionPatch(Statement):
    """The fields that change; all others stay."""

    timestamp: MomentIn | None = None
    type: TransactionKind | None = None
    asset_id: Text | None = None
    amount: NumberIn | None = None
    wallet: Text | None = None
    counter_asset_id: Text | None = None
    counter_amount: NumberIn | None = None
    fee_asset_id: Text | None = None
    fee_amount: NumberIn | None = None
    price: NumberIn | None = None
    price_currency: Text | None = None
    to_wallet: Text | None = None
    value_override: NumberIn | None = None
    note: Text | None = None
    external_id: Text | None = None
    fee_value: NumberIn | None = None

    @field_validator("timestamp", "type", "asset_id", "amount", mode="before")
    @classmethod
    def keeps_what_is_needed(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("This can't be empty.")
        return value

    def changes(self) -> dict[str, Any]:
        stated = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: "" if value is None and name in TEXTS else value for name, value in stated.items()}


class ReviewOut(BaseModel):
    line: int
    raw: str
    reason: str
    ticker: str = Field(default="", description="the ticker that `decisions` should answer, where that is all it needs")


class SkipOut(BaseModel):
    """Rows that were understood and left out on purpose."""

    reason: str
    rows: int
    lines: list[int] = Field(description="where the first of them stand")


class ImportOut(BaseModel):
    """An import, or with `state` preview what it would do.

    A long file is first `reading` or `running`: `added` is null until that is done. `failed` says why in `failure`.
    """

    id: int
    portfolio: int
    state: str
    filename: str
    format: str
    timezone: str
    added: int | None
    duplicates: int
    skipped: int
    skips: list[SkipOut]
    review: list[ReviewOut]
    failure: str
    lines: int = Field(description="of the file")
    lines_done: int = Field(description="how far a worker has read a long file")
    created_at: MomentOut


class AssetOut(BaseModel):
    id: str
    symbol: str
    name: str
    rank: int | None
    kind: str


class AssetList(BaseModel):
    items: list[AssetOut]
    count: int


class AssetDetail(AssetOut):
    """An asset's market, money in `currency`."""

    currency: str
    price: NumberOut | None
    as_of: MomentOut | None
    stale: bool
    source: str
    market_cap: NumberOut | None
    volume_24h: NumberOut | None
    high_24h: NumberOut | None
    low_24h: NumberOut | None
    change_1h: NumberOut | None
    change_24h: NumberOut | None
    change_7d: NumberOut | None
    circulating_supply: NumberOut | None
    total_supply: NumberOut | None
    max_supply: NumberOut | None
    ath: NumberOut | None
    ath_at: MomentOut | None


class MarketRowOut(BaseModel):
    asset: str
    symbol: str
    name: str
    rank: int | None
    price: NumberOut | None
    as_of: MomentOut | None
    stale: bool
    source: str
    market_cap: NumberOut | None
    volume_24h: NumberOut | None
    change_1h: NumberOut | None
    change_24h: NumberOut | None
    change_7d: NumberOut | None


class MarketOut(BaseModel):
    """The ranked table, best first, money in `currency`; `as_of` is the time of the newest price."""

    currency: str
    as_of: MomentOut | None
    stale: bool
    source: str
    items: list[MarketRowOut]
    count: int
