"""How Channels is usually used: a group message to each consumer, which asks the database and renders a template.

Served as `tests.benchmarks.fanout.naive:application` by the same server, to the same people with the same holdings.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.template import engines  # noqa: E402

from dashboard.models import Position  # noqa: E402

FIELDS = ("price", "value", "profit")
CELL = (
    '<span id="{0}-{{{{ row.asset }}}}" data-field="{0}" data-value="{{{{ row.{0} }}}}">'
    '{{{{ row.{0}|floatformat:"2g" }}}}</span>'
)
ROWS = f"{{% for row in rows %}}{{% if row.moved %}}{''.join(map(CELL.format, FIELDS))}{{% endif %}}{{% endfor %}}"
TOTAL = '<span id="t-value" data-total="value" data-value="{{ total }}">{{ total|floatformat:"2g" }}</span>'
TEMPLATE = engines["django"].from_string("{{ sequence|safe }}" + ROWS + TOTAL)


def render(user: int, sequence: str, moved: list[str]) -> str:
    rows = []
    for position in Position.objects.filter(portfolio__user=user).select_related("asset__quote"):
        price = position.asset.quote.price
        value = position.quantity * price
        rows.append(
            {
                "asset": position.asset_id,
                "moved": position.asset_id in moved,
                "price": price,
                "value": value,
                "profit": value - position.cost,
            }
        )
    return TEMPLATE.render({"rows": rows, "sequence": sequence, "total": sum(row["value"] for row in rows)})


class Naive(AsyncWebsocketConsumer):
    groups = ["market"]

    async def connect(self) -> None:
        await self.accept()
        await self.send(text_data="<section>")

    async def market_tick(self, message: dict[str, Any]) -> None:
        moved = message["quotes"]["asset"]
        token = f'data-sequence="{message["sequence"]}"'
        await self.send(await database_sync_to_async(render)(self.scope["user"].pk, token, moved))


application = ProtocolTypeRouter({"http": pages, "websocket": AuthMiddlewareStack(Naive.as_asgi())})
