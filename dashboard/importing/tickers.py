"""Which coin a ticker means: what its owner decided, else the best-ranked coin that bears it among the top 250."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models.functions import Upper

from accounts.currencies import MONEY
from accounts.models import User
from dashboard.importing.formats import Review
from dashboard.models import Asset, TickerAnswer

TOP = 250
MOST_CANDIDATES = 20


def resolve(tickers: Iterable[str], decisions: Mapping[str, str]) -> dict[str, str]:
    """The asset id of each ticker that is clear, by the ticker in capitals; the others wait for their owner."""
    wanted = {ticker.upper() for ticker in tickers}
    found = {code.upper(): code for code in MONEY if code.upper() in wanted}
    ranked = Asset.objects.coins().filter(rank__lte=TOP).annotate(ticker=Upper("symbol"))
    for ticker, asset_id in ranked.filter(ticker__in=wanted).order_by("-rank", "-id").values_list("ticker", "id"):
        found[ticker] = asset_id
    return found | {ticker.upper(): asset_id for ticker, asset_id in decisions.items() if ticker.upper() in wanted}


def candidates(ticker: str) -> list[Asset]:
    """The coins that bear the ticker, best-ranked first."""
    return list(Asset.objects.coins().filter(symbol__iexact=ticker).best_ranked()[:MOST_CANDIDATES])


def remember(user: User, source: str, decisions: Mapping[str, str]) -> None:
    """Keep the user's answers for later files of the same source; a new answer replaces an old one."""
    known = Asset.objects.in_bulk(decisions.values())
    TickerAnswer.objects.bulk_create(
        [
            TickerAnswer(user=user, source=source, ticker=ticker[:200], asset_id=asset_id)
            for ticker, asset_id in capitals(decisions).items()
            if asset_id in known
        ],
        update_conflicts=True,
        unique_fields=["user", "source", "ticker"],
        update_fields=["asset"],
    )


def remembered(user: User, source: str) -> dict[str, str]:
    """What the user has answered for files of the source."""
    return dict(TickerAnswer.objects.filter(user=user, source=source).values_list("ticker", "asset_id"))


def capitals(decisions: Mapping[str, str]) -> dict[str, str]:
    return {ticker.upper(): asset_id for ticker, asset_id in decisions.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """A ticker that its owner must decide about, the coins that bear it, and how many rows wait for the answer."""

    ticker: str
    candidates: list[Asset]
    rows: int


def asked(review: Iterable[Review]) -> list[Question]:
    """One question for each ticker, however many rows name it."""
    waiting = Counter(row.ticker for row in review if row.ticker)
    return [Question(ticker, candidates(ticker), rows) for ticker, rows in waiting.items()]
