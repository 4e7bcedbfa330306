"""A Redis that neither answers nor refuses holds up nobody for long: neither a tick of the market nor a request."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from celery import current_app
from django.core.cache import caches
from pytest_django import Settings
from redis.exceptions import RedisError

from dashboard import bell
from dashboard.live import announce
from dashboard.live.presence import someone_watches
from project.pulse import worker_was_here
from tests.faults.proxy import Fault, Proxy
from tests.valkey import Valkey

PATIENCE = 6.0


@pytest.fixture
def silent_redis(settings: Settings) -> Iterator[None]:
    """All that speaks to Redis has spoken to it once; from then on nothing is answered."""
    folder = tempfile.mkdtemp(prefix="tickfolio-")
    server = Valkey(Path(folder))
    server.start()
    broker = current_app.conf.broker_url
    with Proxy(server.socket) as wire:
        url = f"redis://127.0.0.1:{wire.port}"
        layer = settings.CHANNEL_LAYERS["default"]
        hosts = [{**host, "address": url} for host in layer["CONFIG"]["hosts"]]
        settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {"hosts": hosts}}}
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
        current_app.conf.broker_url = current_app.conf.broker_write_url = url
        for speak in SPEAKERS:
            speak()
        wire.spoil(Fault.BLACK_HOLE)
        yield
        caches.close_all()
    current_app.conf.broker_url = broker
    current_app.conf.broker_write_url = None
    server.kill()
    shutil.rmtree(folder)


def ring_the_bell() -> None:
    bell.ring("notifications.tasks.deliver", [0])


def give_a_pulse() -> None:
    with suppress(RedisError):
        worker_was_here()


SPEAKERS: tuple[Callable[[], object], ...] = (announce.announce_health, someone_watches, give_a_pulse, ring_the_bell)


@pytest.mark.parametrize("speak", SPEAKERS)
def test_a_redis_that_is_silent_is_soon_given_up(silent_redis: None, speak: Callable[[], object]) -> None:
    began = time.monotonic()
    speak()
    assert time.monotonic() - began < PATIENCE
