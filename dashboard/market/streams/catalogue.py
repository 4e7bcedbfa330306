"""The exchanges that there are modules for, by the name that settings know them by."""

from typing import Final

from dashboard.market.streams.binance import Binance
from dashboard.market.streams.coinbase import Coinbase
from dashboard.market.streams.exchange import Exchange
from dashboard.market.streams.kraken import Kraken

EXCHANGES: Final[dict[str, Exchange]] = {exchange.name: exchange for exchange in (Coinbase(), Kraken(), Binance())}
