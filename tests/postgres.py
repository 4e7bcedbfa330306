"""A real PostgreSQL for tests: a cluster of its own in a folder that is thrown away, on a socket and no port."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.running import until


def programs() -> Path:
    """The folder of the newest server's programs; `make test` has installed them where they were missing."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    assert installed, "PostgreSQL's server is not installed"
    return installed[-1].parent


@contextlib.contextmanager
def postgres(database: str = "tickfolio") -> Iterator[str]:
    """Starts a server with an empty database; the value for DATABASE_URL."""
    # It refuses to run as root, so root lends it to the user that its package made.
    owner = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else os.getuid()
    with tempfile.TemporaryDirectory(prefix="tickfolio-") as folder:
        os.chown(folder, owner, -1)
        data = Path(folder) / "data"
        subprocess.run(
            [programs() / "initdb", "-D", data, "-U", "tickfolio", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
            user=owner,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        server = subprocess.Popen(
            [programs() / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
            user=owner,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: answers(folder), 30)
            with psycopg.connect(host=folder, user="tickfolio", dbname="postgres", autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{database}"')
            yield f"postgres://tickfolio@/{folder}/{database}"
        finally:
            server.send_signal(signal.SIGINT)  # ends it at once, whoever is still connected
            server.wait(20)


def answers(folder: str) -> bool:
    try:
        psycopg.connect(host=folder, user="tickfolio", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True
