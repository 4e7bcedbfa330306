"""CoinTracker: what was received, sent and paid as fee, months before days; a tag says what one-sided rows are."""

from django.utils.translation import gettext

from dashboard.importing.cells import Row, each_row
from dashboard.importing.formats import Format, Outcome, Unclear, columns
from dashboard.importing.layouts import MONTH_FIRST
from dashboard.importing.movement import Movement, outcome_of, side
from dashboard.ledger.entry import Kind

WALLET = "CoinTracker"
REWARDS = (
    "staking", "staking reward", "staked", "mining", "mined", "mining reward", "airdrop", "payment", "interest",
    "interest income", "interest payment", "other income", "income", "cashback", "rebate", "margin gain",
    "margin rebate", "royalty", "salary", "bounty", "reward",
)  # fmt: skip
RECEIVED: dict[str, Kind | None] = {
    "": None,
    "receive": None,
    "deposit": None,
    "loan": Kind.DEPOSIT,
    "gift": Kind.GIFT_IN,
    "fork": Kind.FORK,
    "forked": Kind.FORK,
    "unstake": Kind.UNSTAKE,
} | dict.fromkeys(REWARDS, Kind.REWARD)
SENT: dict[str, Kind | None] = {
    "": None,
    "send": None,
    "withdrawal": None,
    "loan repayment": Kind.WITHDRAWAL,
    "gift": Kind.GIFT_OUT,
    "donation": Kind.GIFT_OUT,
    "lost": Kind.LOST,
    "stolen": Kind.LOST,
    "lost / stolen": Kind.LOST,
    "theft loss": Kind.LOST,
    "casualty loss": Kind.LOST,
    "payment": Kind.SPEND,
    "spend": Kind.SPEND,
    "stake": Kind.STAKE,
    "margin fee": Kind.FEE,
    "margin loss": Kind.FEE,
    "interest payment": Kind.FEE,
    "fee": Kind.FEE,
}
MIGRATING = frozenset({"wrap", "unwrap", "bridge", "migration"})


def read_row(row: Row) -> Outcome:
    tag = row.text("Tag").lower().replace("_", " ")
    sent = side(row, "Sent Quantity", "Sent Currency")
    received = side(row, "Received Quantity", "Received Currency")
    kind: Kind | None
    if sent and received:
        kind = Kind.MIGRATE if tag in MIGRATING else None
    elif tag in (words := RECEIVED if received else SENT):
        kind = words[tag]
    else:
        return Unclear(
            row.line,
            gettext("The tag %(tag)s isn't known for coins that %(received)s.")
            % {"tag": tag[:40], "received": "arrive" if received else "leave"},
        )
    fee = side(row, "Fee Amount", "Fee Currency")
    at = row.moment("Date", *MONTH_FIRST)
    return outcome_of(row.line, Movement(at, sent, received, fee, kind, wallet=WALLET))


FORMAT = Format(
    key="cointracker",
    label="CoinTracker",
    required=columns(
        "Date,Received Quantity,Received Currency,Sent Quantity,Sent Currency,Fee Amount,Fee Currency,Tag"
    ),
    optional=frozenset(),
    read=each_row(read_row),
)
