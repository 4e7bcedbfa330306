"""The figures in Prometheus' text format. Knows the format, not where the figures come from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from dashboard import clock
from dashboard.market.streams.handover import FeedState
from project.metrics import gathering, shared
from project.metrics.counting import SEPARATOR, SUM
from project.metrics.families import FAMILIES, Family

__all__ = ["CONTENT_TYPE_LATEST", "exposition"]


def exposition() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return generate_latest(registry)


class Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from counted(shared.sums())
        yield from standing()


def counted(sums: Mapping[str, float]) -> Iterator[Metric]:
    by_name: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    for field, number in sums.items():
        name, *labels = field.split(SEPARATOR)
        by_name[name][tuple(labels)] = number
    for family in FAMILIES:
        yield histogram(family, by_name[family.name]) if family.bounds else counter(family, by_name[family.name])


def counter(family: Family, numbers: Mapping[tuple[str, ...], float]) -> Metric:
    metric = CounterMetricFamily(family.name, family.help, labels=family.labels)
    if not numbers and not family.labels:
        numbers = {(): 0.0}
    for labels, number in sorted(numbers.items()):
        if len(labels) == len(family.labels):
            metric.add_metric(labels, number)
    return metric


def histogram(family: Family, numbers: Mapping[tuple[str, ...], float]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    bounds = [*map(str, family.bounds), "+Inf"]
    for labels in sorted({labels[:-1] for labels in numbers if len(labels) == len(family.labels) + 1}):
        buckets, below = [], 0.0
        for bound in bounds:
            below += numbers.get((*labels, bound), 0.0)
            buckets.append((bound, below))
        metric.add_metric(labels, buckets, numbers.get((*labels, SUM), 0.0))
    return metric


def standing() -> Iterator[Metric]:
    """How things stand now."""
    market = gathering.market()
    if market.age is not None:
        yield gauge("tickfolio_prices_age_seconds", "Age of the newest price by the source's own time", market.age)
    yield gauge("tickfolio_prices_stale", "1 while prices are too old to act on", market.health.stale)
    yield gauge("tickfolio_market_sequence", "Number of the last tick that brought news", market.health.sequence)
    yield gauge("tickfolio_poll_interval_seconds", "Pace of polling in force", market.health.interval)
    yield gauge("tickfolio_source_failing", "1 while the price source fails", market.health.failing_since is not None)
    yield gauge("tickfolio_source_pause_seconds", "Pause of the breaker after the last failure", market.pause)
    yield gauge("tickfolio_source_calls_this_month", "Calls to the price source this month", market.calls)
    yield gauge("tickfolio_source_calls_allowed", "Calls a month that the plan allows", market.allowed)

    yield from streaming(gathering.feeds())

    lengths = {(queue,): number for queue, number in gathering.queues().items() if number is not None}
    yield gauges("tickfolio_queue_length", "Tasks that wait for a worker", ("queue",), lengths)

    deliveries = gathering.deliveries()
    labels = ("transport", "state")
    yield gauges("tickfolio_deliveries_waiting", "Deliveries that need attention", labels, deliveries.waiting)
    yield gauges("tickfolio_deliveries_recent", "The last 1,000 deliveries", labels, deliveries.recent)
    due = deliveries.oldest_due
    overdue = (clock.now() - due).total_seconds() if due else 0.0
    yield gauge("tickfolio_delivery_oldest_due_seconds", "How long the oldest due delivery has been due", overdue)
    yield gauge("tickfolio_reminders_armed", "Reminders that wait to fire", gathering.reminders_armed())
    yield gauge("tickfolio_imports_at_work", "Imports that a worker reads or records", gathering.imports_at_work())

    processes = shared.processes()
    who = ("kind", "host", "pid")
    memory = {(p.kind, p.host, str(p.pid)): p.memory for p in processes if p.memory is not None}
    yield gauges("tickfolio_process_memory_bytes", "Resident memory of each living process", who, memory)
    connected = {(p.kind, p.host, str(p.pid)): p.live["connected"] for p in processes if "connected" in p.live}
    yield gauges("tickfolio_live_connected", "Open pages that are connected", who, connected)


def streaming(feeds: Sequence[FeedState]) -> Iterator[Metric]:
    """Each exchange's feed."""
    told: dict[str, tuple[str, dict[tuple[str], float]]] = {
        "connected": ("1 while the feed is connected and not silent", {(f.name,): f.connected for f in feeds}),
        "subscribed": ("Pairs that the exchange tells of", {(f.name,): f.subscribed for f in feeds}),
        "messages_per_second": ("Messages of the last seconds", {(f.name,): f.messages_a_second for f in feeds}),
        "last_message_age_seconds": (
            "Time since its last message",
            {(f.name,): f.at - f.last_message_at for f in feeds if f.last_message_at is not None},
        ),
        "reconnects": ("Connections opened anew", {(f.name,): f.reconnects for f in feeds}),
        "gaps": ("Lost messages that were noticed", {(f.name,): f.gaps for f in feeds}),
        "distrusted": ("Pairs further than 5 % from CoinGecko", {(f.name,): len(f.distrusted) for f in feeds}),
        "refused": ("Pairs that the exchange refused", {(f.name,): len(f.refused) for f in feeds}),
    }
    for name, (help, values) in told.items():
        yield gauges(f"tickfolio_stream_{name}", help, ("exchange",), values)


def gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=float(value))


def gauges(name: str, help: str, labels: Iterable[str], values: Mapping[Any, float]) -> Metric:
    metric = GaugeMetricFamily(name, help, labels=list(labels))
    for which, value in sorted(values.items()):
        metric.add_metric(which, float(value))
    return metric
