"""`python -m tests.benchmarks [NAME]`: run one benchmark, or all; the exit status is 1 when an aim is missed.

Each has a process and a database of its own, so that none finds what another has left.
"""

import os
import subprocess
import sys
import tempfile

import django
from django.conf import settings

# A database of its own, thrown away with its folder.
FOLDER = tempfile.TemporaryDirectory()
os.environ.update({"DATA_DIR": FOLDER.name, "DATABASE_URL": "", "REDIS_URL": "", "PRICE_STREAMS": "none"})
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()
# Nobody listens.
settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

from tests.benchmarks import (  # noqa: E402
    alerts,
    arrival,
    importing,
    ledger,
    live,
    pages,
    recompute,
    reminders,
    screen,
    streams,
    tick,
)

BENCHMARKS = {
    "alerts": alerts.run,
    "arrival": arrival.run,
    "import": importing.run,
    "ledger": ledger.run,
    "live": live.run,
    "pages": pages.run,
    "recompute": recompute.run,
    "reminders": reminders.run,
    "screen": screen.run,
    "streams": streams.run,
    "tick": tick.run,
}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        print(f"No benchmark named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    if len(names) > 1:
        ended = [subprocess.run([sys.executable, "-m", "tests.benchmarks", name]) for name in names]
        return int(any(one.returncode for one in ended))
    report = BENCHMARKS[names[0]]()
    report.show()
    report.write()
    return int(not all(aim.holds for aim in report.aims))


if __name__ == "__main__":
    sys.exit(main())
