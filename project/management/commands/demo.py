"""Runs Tickfolio with a recorded market, an account to look at, and nothing of the user's own data or accounts."""

import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Runs Tickfolio with a recorded market and a ready account (demo / tickfolio-demo), without internet."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        data_dir = settings.DATA_DIR if "DATA_DIR" in os.environ else settings.BASE_DIR / "var" / "demo"
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        # Stated one by one, because a .env file must not lead the demo to real data or to somebody's telephone.
        os.environ.update(
            DATA_DIR=str(data_dir),
            DATABASE_URL=f"sqlite:///{data_dir / 'tickfolio.sqlite3'}",
            REDIS_URL="",
            COINGECKO_URL=f"http://127.0.0.1:{port}/api/v3",
            COINGECKO_PLAN="keyless",
            COINGECKO_API_KEY="",
            PRICE_REFRESH_SECONDS="1",
            EMAIL_URL="console://",
            TWILIO_ACCOUNT_SID="",
            TWILIO_AUTH_TOKEN="",
            TWILIO_WHATSAPP_FROM="",
        )
        # The settings were read already: the runner starts anew with these.
        os.execv(sys.executable, [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--demo"])  # noqa: S606
