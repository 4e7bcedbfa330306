"""Runs Tickfolio with a recorded market, an account to look at, and nothing of the user's own data or accounts."""

import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

# Empty means the default.
OF_THE_USER = (
    *("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "EMAIL_URL"),
    *("COINGECKO_PLAN", "COINGECKO_API_KEY"),
    *("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM"),
)


class Command(BaseCommand):
    help = "Runs Tickfolio with a recorded market and a ready account (demo / tickfolio-demo), without internet."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            port, feed_port = one.getsockname()[1], other.getsockname()[1]
        # Each is stated, because a .env file must not lead the demo to real data or to somebody's telephone.
        os.environ.update(
            dict.fromkeys(OF_THE_USER, ""),
            DATA_DIR=str(settings.DATA_DIR / "demo"),
            COINGECKO_URL=f"http://127.0.0.1:{port}/api/v3",
            PRICE_REFRESH_SECONDS="1",
            PRICE_STREAMS=f"coinbase=ws://127.0.0.1:{feed_port}",
        )
        # The settings were read already: the runner starts anew with these.
        os.execv(sys.executable, [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--demo"])  # noqa: S606
