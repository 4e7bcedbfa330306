"""Kraken's own names of coins, currencies and pairs, as the tickers that others use."""

import re

from dashboard.importing.cells import split_pair

LEGACY = {
    "XXBT": "BTC",
    "XBT": "BTC",
    "XXDG": "DOGE",
    "XDG": "DOGE",
    "XETH": "ETH",
    "XETC": "ETC",
    "XLTC": "LTC",
    "XXRP": "XRP",
    "XXLM": "XLM",
    "XXMR": "XMR",
    "XZEC": "ZEC",
    "XREP": "REP",
    "XMLN": "MLN",
    "XICN": "ICN",
    "XNMC": "NMC",
    "XXVN": "XVN",
    "XDAO": "DAO",
    "ZEUR": "EUR",
    "ZUSD": "USD",
    "ZGBP": "GBP",
    "ZCAD": "CAD",
    "ZJPY": "JPY",
    "ZAUD": "AUD",
    "ZKRW": "KRW",
    "ETH2": "ETH",
}
"""Names with a letter before them, X for coins and Z for money, and coins that Kraken calls otherwise."""
STATE = re.compile(r"(\d*\.S|\.[MPBFT]|\.HOLD)$")
"""Staked, bonded for so many days, in Earn, on hold: the coin is the same."""
STABLE = ("USDT", "USDC", "PYUSD", "RLUSD", "USDQ", "USDG", "EURC", "EURQ", "DAI")
QUOTES = (*STABLE, "XBT", "ETH", "DOT", "SOL", "EUR", "USD", "GBP", "CAD", "JPY", "CHF", "AUD", "AED")
"""What Kraken's pairs are quoted in, where they have no letter before them and no sign between the two."""


def ticker_of(asset: str) -> str:
    """`XXBT` and `XBT` are BTC, `ZEUR` is EUR, `DOT28.S` is DOT, `ETH2.S` is ETH."""
    bare = STATE.sub("", asset.strip())
    return LEGACY.get(bare, bare)


def pair_of(pair: str) -> tuple[str, str]:
    """Base and quote of `XBT/EUR`, `XXBTZEUR` or `ADAEUR`. Raises Unreadable where they can't be told apart."""
    base, quote = pair[:4], pair[4:]
    if len(pair) == 8 and quote in LEGACY and quote[0] in "XZ":
        return ticker_of(base), ticker_of(quote)
    base, quote = split_pair(pair, QUOTES)
    return ticker_of(base), ticker_of(quote)
