"""Exchanges' public feeds as local servers, each speaking its protocol as its documentation writes it down.

`with FakeKraken() as kraken: kraken.set_price("BTC/USD", "50000")`. What the real ones refuse, these refuse: what came
too fast or too much is in `violations`.
"""

from tests.fakes.exchanges.binance import FakeBinance
from tests.fakes.exchanges.coinbase import FakeCoinbase
from tests.fakes.exchanges.feed import FakeFeed
from tests.fakes.exchanges.kraken import FakeKraken

__all__ = ["FAKES", "FakeBinance", "FakeCoinbase", "FakeFeed", "FakeKraken"]

FAKES: dict[str, type[FakeFeed]] = {"coinbase": FakeCoinbase, "kraken": FakeKraken, "binance": FakeBinance}
