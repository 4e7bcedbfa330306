"""The project's settings in a place of its own for each test process: an empty data folder, a Redis on a socket in it.

They are read before any fixture runs, so the environment is made here; `tests.valkey` starts the Redis.
"""

import atexit
import os
import shutil
import tempfile

# Short: a socket's path has at most some 100 characters.
FOLDER = tempfile.mkdtemp(prefix="tickfolio-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
os.environ["DATA_DIR"] = FOLDER
os.environ["REDIS_URL"] = f"unix://{FOLDER}/valkey.sock"
os.environ["TICKFOLIO_EMBEDDED"] = "on"
os.environ["PRICE_STREAMS"] = "none"
# What tests start in processes of their own reads the project's settings, from the environment they give it.
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

from project.settings import *  # noqa: E402, F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in real life: the shared memory that Django tests with by default knows no waiting for a lock.
    DATABASES["default"]["TEST"] = {"NAME": f"{FOLDER}/test.sqlite3"}  # noqa: F405
