"""Makes one machine ready and starts every process on it; what stands in the way is said in words, before any start."""

import contextlib
import errno
import fcntl
import http.client
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from project.runner import commands, uvicorn, valkey
from project.runner.console import Console
from project.runner.supervisor import Child, Supervisor

# The page has the processor for itself first; the workers wait for it no longer than this.
HEAD_START = 3.0
PAGE_WITHIN = 60.0


class CannotStart(Exception):
    """What stands in the way of a start, in words for the person who started it."""


def run(*, demo: bool = False) -> None:
    """Runs Tickfolio until a signal comes. `demo` adds the recorded market and its account."""
    os.umask(0o077)
    if settings.ASGI_SERVER == "uvicorn":
        try:
            uvicorn.check_installed()
        except uvicorn.NotInstalled as obstacle:
            raise CannotStart(str(obstacle)) from obstacle
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(_sole_use(settings.DATA_DIR))
        listener = stack.enter_context(_listener(settings.HOST, settings.PORT))
        address = valkey.socket_path(settings.DATA_DIR)
        if settings.EMBEDDED:
            stack.enter_context(_folder_of_socket(address))
        console = Console(width=10)
        stack.callback(console.close)
        supervisor = Supervisor(console)
        stack.callback(supervisor.stop)
        port = listener.getsockname()[1]
        environment = {"DATA_DIR": str(settings.DATA_DIR), "HOST": settings.HOST, "PORT": str(port)}

        if settings.EMBEDDED:
            environment |= {"REDIS_URL": f"unix://{address}", "TICKFOLIO_EMBEDDED": "on"}
            _start_valkey(supervisor, address, lock)
        else:
            _check_redis(settings.REDIS_URLS)
        if demo:
            replay_port = urlsplit(settings.COINGECKO_URL).port or 80
            feed_port = next((urlsplit(url).port for url in settings.PRICE_STREAMS.values() if url), None)
            supervisor.start(Child("replay", commands.replay(replay_port, feed_port), settings.BASE_DIR, environment))
        _migrate(console)
        connections.close_all()
        if supervisor.wait(0):
            return

        supervisor.start(_web(listener, environment))
        answered = threading.Event()

        def announce() -> None:
            try:
                if demo:
                    _seed(console)
            finally:
                _announce(console, settings.HOST_IN_URL, port, answered, supervisor)

        threading.Thread(target=announce, daemon=True).start()
        deadline = time.monotonic() + HEAD_START
        while not answered.is_set() and time.monotonic() < deadline:
            if supervisor.wait(0.02):
                return
        for name, command in {
            "market": commands.worker("market", 1),
            "deliveries": commands.worker("deliveries", settings.DELIVERY_WORKERS),
            "beat": commands.beat(settings.DATA_DIR / "beat-schedule"),
            **({"streams": commands.streams()} if settings.PRICE_STREAMS else {}),
        }.items():
            supervisor.start(Child(name, command, settings.BASE_DIR, environment))
        supervisor.wait()
        console.say("stopping")


@contextlib.contextmanager
def _sole_use(data_dir: Path) -> Iterator[int]:
    """Holds the data folder: a second runner on it would be a second database server and a second beat."""
    with (data_dir / "run.lock").open("a+") as file:
        deadline = time.monotonic() + 2  # what a killed runner left may still be closing its files
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    file.seek(0)
                    raise CannotStart(
                        f"Tickfolio runs already with the data in {data_dir} (process {file.read().strip() or '?'}). "
                        "Stop it first, or set DATA_DIR to another folder."
                    ) from None
                time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _listener(host: str, port: int) -> socket.socket:
    """The open socket of the web process. It stays open while that one starts again: visitors wait, not fail."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"Port {port} of {host} is taken by another program. Stop that one, or set PORT to another number."
            ) from error
        if error.errno == errno.EACCES:
            raise CannotStart(f"Port {port} needs more rights than this user has. Set PORT to 1024 or more.") from error
        raise CannotStart(f"HOST={host} can't be listened on: {error.strerror or error}.") from error


@contextlib.contextmanager
def _folder_of_socket(address: Path) -> Iterator[None]:
    """The folder of Valkey's socket; one outside the data folder is gone afterwards."""
    if address.parent == settings.DATA_DIR:
        yield
        return
    _make_private(address.parent)
    yield
    address.unlink(missing_ok=True)
    address.parent.rmdir()


def _make_private(folder: Path) -> None:
    try:
        valkey.make_private(folder)
    except OSError as error:
        raise CannotStart(f"The bundled Redis has no safe place: {error}.") from error


def _start_valkey(supervisor: Supervisor, address: Path, lock: int) -> None:
    folder = settings.DATA_DIR / "valkey"
    _make_private(folder)
    try:
        program = valkey.binary()
    except OSError as error:
        raise CannotStart(f"REDIS_URL is not set, and {error}: set it to a Redis that runs.") from error
    supervisor.start(
        Child(
            "valkey",
            valkey.command(program, address, folder),
            settings.BASE_DIR,
            # Two on the same files would ruin them: whoever writes them holds the data folder.
            descriptors=[lock],
            needed_to_stop=True,
        )
    )
    if not valkey.answers(address, within=10):
        raise CannotStart(f"The bundled Redis doesn't answer at {address}; what it said stands above.")


def _check_redis(urls: list[str]) -> None:
    for url in urls:
        place = urlsplit(url)
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
                client.ping()
        except (redis.RedisError, ValueError) as error:
            where = place.hostname or place.path
            raise CannotStart(f"REDIS_URL: no Redis answers at {where}: {error}.") from error


def _migrate(console: Console) -> None:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            console.say("the database is brought up to date")
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise CannotStart(f"DATABASE_URL: the database can't be used: {error}") from error


def _web(listener: socket.socket, environment: dict[str, str]) -> Child:
    server = settings.ASGI_SERVER
    if listener.family == socket.AF_INET6 and server == "daphne":  # it takes open sockets of the older kind only
        host, port = listener.getsockname()[:2]
        listener.close()
        return Child("web", commands.web(["-b", host, "-p", str(port)]), settings.BASE_DIR, environment)
    descriptor = listener.fileno()
    command = commands.web(["--fd", str(descriptor)], server)
    return Child("web", command, settings.BASE_DIR, environment, descriptors=[descriptor])


def _seed(console: Console) -> None:
    """Makes the demo's account; it waits for the first prices, so the web process starts meanwhile."""
    said = io.StringIO()
    try:
        call_command("seed_demo", stdout=said)
    finally:
        connections.close_all()
    console.say(said.getvalue().strip())


def _announce(console: Console, host: str, port: int, answered: threading.Event, supervisor: Supervisor) -> None:
    """Says the address once the first page answers there."""
    deadline = time.monotonic() + PAGE_WITHIN
    while time.monotonic() < deadline:
        client = http.client.HTTPConnection(host.strip("[]"), port, timeout=PAGE_WITHIN)
        try:
            client.request("GET", "/")
            status = client.getresponse().status
        except (OSError, http.client.HTTPException):
            if supervisor.wait(0.2):
                return
            continue
        finally:
            client.close()
        answered.set()
        doubt = f", but answers with status {status}" if status >= 500 else ""
        console.say(f"Tickfolio is at http://{host}:{port}/{doubt}")
        return
    console.say(f"no page answers after {PAGE_WITHIN:g} s; what the processes said stands above")
