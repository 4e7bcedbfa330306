"""The one place that knows the time.

Everything asks `now()`; tests in other processes shift it by the environment, so no other clock may be read.
"""

import os
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present moment, aware and in UTC, shifted by TICKFOLIO_CLOCK_OFFSET seconds where that is set."""
    return datetime.now(UTC) + timedelta(seconds=int(os.environ.get("TICKFOLIO_CLOCK_OFFSET", "0")))
