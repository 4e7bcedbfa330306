"""The hub alone, without sockets: what values, profit, totals and joined frames cost for all pages of a tick."""

import gc
from statistics import median
from time import process_time

from accounts.models import User
from dashboard import clock
from dashboard.live.boards import Page
from dashboard.live.broadcast import TOGETHER
from dashboard.live.hub import Client, Hub
from dashboard.live.loading import contents_of, layout, picture_market, render_sections
from dashboard.models import MarketState
from tests.benchmarks.fanout.announcer import tick


def own_work(pages: int, ticks: int) -> float:
    """Processor seconds for each of so many dashboards, the median of several ticks."""
    hub, clients = Hub(layout()), list[Client]()
    hub.load(picture_market(), clock.now())
    for page, contents in contents_of([Page(user.pk) for user in User.objects.order_by("pk")[:pages]]).items():
        clients.append(hub.connect(page, contents))
    while (order := hub.next_order()) is not None:
        hub.show(order, render_sections(order.overview))
    written(hub, clients)
    gc.collect()
    gc.freeze()
    times = []
    for _ in range(ticks):
        news = tick(MarketState.objects.get().sequence + 1, facts=False)
        hub.tick(news.sequence, news.quotes, clock.now())
        began = process_time()
        frames = written(hub, clients)
        times.append(process_time() - began)
        assert frames == pages
        for client in clients:
            hub.acknowledge(client, client.sent)
    gc.unfreeze()
    return median(times) / pages


def written(hub: Hub, clients: list[Client]) -> int:
    """The number of frames that these pages are owed, taken as dashboard.live.broadcast does."""
    frames = 0
    for start in range(0, len(clients), TOGETHER):
        some = clients[start : start + TOGETHER]
        hub.advance({client.board for client in some})
        frames += sum(hub.take(client, 0.0) is not None for client in some)
    return frames
