"""The web process: pages by Django, live updates by Channels, behind one cap on bodies and one check of origins."""

import gc
import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.template.loader import get_template  # noqa: E402
from django.urls import resolve  # noqa: E402

from dashboard.live.routing import websocket_urlpatterns  # noqa: E402
from project.gate import BodyCap, SameOrigin  # noqa: E402
from project.handling import Pages  # noqa: E402
from project.metrics import reporting  # noqa: E402

reporting.start("web")

# Whoever needs views and templates first would load them, and hold up everyone's ticks meanwhile.
resolve("/")
for file in (settings.BASE_DIR / "templates").glob("dashboard/*.html"):
    get_template(f"dashboard/{file.name}")

# What is loaded by now stays: looking through all of it again and again would hold up ticks.
gc.collect()
gc.freeze()

application = ProtocolTypeRouter(
    {
        "http": BodyCap(Pages()),
        "websocket": SameOrigin(URLRouter(websocket_urlpatterns)),
    }
)
