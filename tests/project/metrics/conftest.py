from collections.abc import Iterator

import pytest

from project.metrics.counting import counting
from project.metrics.shared import COUNTS, PROCESSES, TICKS
from project.redis import shared


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    counting.take()
    shared().delete(COUNTS, PROCESSES, TICKS)
    yield
    counting.take()
    shared().delete(COUNTS, PROCESSES, TICKS)
