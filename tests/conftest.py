"""What every test may rely on: a real Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.settings import FOLDER
from tests.valkey import Valkey


@pytest.fixture(scope="session", autouse=True)
def valkey() -> Iterator[Valkey]:
    """The Redis that the settings name; one for each test process."""
    server = Valkey(Path(FOLDER))
    server.start()
    yield server
    server.kill()
