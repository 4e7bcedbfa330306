"""Coinbase Exchange's market data feed, from docs.cdp.coinbase.com/exchange/websocket-feed (overview, channels, errors,
rate limits).

`ticker` tells of each match, cascades as one; `heartbeat` of each product's last trade once a second, by which a lost
message is noticed. Sequence numbers of `ticker` count all messages of a product, so only going back means anything. A
subscription that names one unknown product fails as a whole.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from dashboard.market.streams.exchange import (
    Behind,
    Event,
    Limits,
    Price,
    Refused,
    Subscribed,
    Trouble,
    read_number,
    read_object,
    read_price,
    read_text,
    read_time,
)

HEARTS: Final = 20
"""Products whose heartbeat is asked for on one connection: those of all would be most of the feed."""
UNKNOWN_PRODUCT = re.compile(r"^(\S+) is not a valid product")


class Talk:
    def __init__(self) -> None:
        self.hearts: set[str] = set()
        self.sequences: dict[str, Decimal] = {}
        self.trades: dict[str, Decimal] = {}
        self.missing: dict[str, Decimal] = {}

    def subscribe(self, pairs: Sequence[str]) -> str:
        for pair in pairs:
            if len(self.hearts) < HEARTS:
                self.hearts.add(pair)
        return self.message("subscribe", pairs)

    def unsubscribe(self, pairs: Sequence[str]) -> str:
        text = self.message("unsubscribe", pairs)
        for pair in pairs:
            self.hearts.discard(pair)
            self.forget(pair)
        return text

    def message(self, kind: str, pairs: Sequence[str]) -> str:
        channels: list[dict[str, object]] = [{"name": "ticker", "product_ids": list(pairs)}]
        if hearts := [pair for pair in pairs if pair in self.hearts]:
            channels.append({"name": "heartbeat", "product_ids": hearts})
        return json.dumps({"type": kind, "channels": channels})

    def read(self, text: str | bytes, now: datetime) -> list[Event]:
        said = read_object(text)
        match said.get("type"):
            case "ticker":
                return self.ticker(said)
            case "heartbeat":
                return self.heartbeat(said)
            case "subscriptions":
                return [Subscribed(subscribed_to(said.get("channels")))]
            case "error":
                return [complaint(said)]
        return []  # other kinds may be added at any time, the documentation says

    def ticker(self, said: dict[str, object]) -> list[Event]:
        pair, price, at = said.get("product_id"), read_price(said.get("price")), read_time(said.get("time"))
        if not isinstance(pair, str) or price is None or at is None:
            return []
        sequence, trade = said.get("sequence"), said.get("trade_id")
        if isinstance(sequence, Decimal):
            if sequence < self.sequences.get(pair, sequence):
                return []
            self.sequences[pair] = sequence
        if isinstance(trade, Decimal):
            self.trades[pair] = trade
            self.missing.pop(pair, None)
        return [Price(pair, price, at, read_number(said.get("volume_24h")) or Decimal(0))]

    def heartbeat(self, said: dict[str, object]) -> list[Event]:
        """A trade that two heartbeats in a row tell of, and no ticker between them, got lost."""
        pair, trade = said.get("product_id"), said.get("last_trade_id")
        if not isinstance(pair, str) or not isinstance(trade, Decimal) or trade <= self.trades.get(pair, trade):
            return []
        waited_for = self.missing.setdefault(pair, trade)
        if waited_for is trade:
            return []
        self.forget(pair)
        return [Behind(pair)]

    def forget(self, pair: str) -> None:
        for known in (self.sequences, self.trades, self.missing):
            known.pop(pair, None)


def subscribed_to(channels: object) -> tuple[str, ...]:
    found: list[str] = []
    for channel in channels if isinstance(channels, list) else []:
        if isinstance(channel, dict) and channel.get("name") == "ticker":
            products = channel.get("product_ids")
            found += [product for product in products or () if isinstance(product, str)]
    return tuple(found)


def complaint(said: dict[str, object]) -> Event:
    reason = read_text(said.get("reason")) or read_text(said.get("message"))
    if unknown := UNKNOWN_PRODUCT.match(reason):
        return Refused((unknown[1],), reason)
    return Trouble(reason)


class Coinbase:
    name = "coinbase"
    title = "Coinbase"
    gecko_id = "gdax"
    url = "wss://ws-feed.exchange.coinbase.com"
    # 100 messages a second and 8 connections a second are allowed to an address.
    limits = Limits(pairs_a_connection=250, pairs_a_message=50, messages_a_second=8)

    def pair(self, base: str, target: str) -> str:
        return f"{base}-{target}".upper()

    def talk(self) -> Talk:
        return Talk()
