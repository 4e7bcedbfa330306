"""The web process on uvicorn, for sites where thousands of dashboards are open: `python -m project.runner.uvicorn`.

It takes those of daphne's options that commands.py uses. uvicorn's own command line takes an open socket for one of the
file system, so that it would neither know visitors' addresses nor send small frames at once.
"""

import argparse
import importlib.util
import socket
import sys

from project.runner.commands import LARGEST_FRAME

PACKAGES = ("uvicorn", "uvloop", "httptools", "websockets")
# What is still being answered gets this long after a signal; `manage.py up` waits a little longer.
GRACE = 3


class NotInstalled(Exception):
    """A package that uvicorn needs here is missing; the message says how to get it."""


def check_installed() -> None:
    """Raises NotInstalled where this Python lacks the packages of requirements-uvicorn.txt."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise NotInstalled(
            f"ASGI_SERVER=uvicorn needs {', '.join(missing)}: install what requirements-uvicorn.txt names "
            f"({sys.executable} -m pip install --require-hashes -r requirements-uvicorn.txt), or unset ASGI_SERVER."
        )


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="uvicorn")
    parser.add_argument("--fd", type=int)
    parser.add_argument("-b", dest="host", default="127.0.0.1")
    parser.add_argument("-p", dest="port", type=int, default=8000)
    parser.add_argument("--proxy-headers", action="store_true")
    parser.add_argument("--ping-interval", type=float, default=20)
    parser.add_argument("--ping-timeout", type=float, default=30)
    parser.add_argument("application")
    return parser.parse_args(arguments)


def listener(wanted: argparse.Namespace) -> socket.socket:
    """The socket to serve on. Those that come through it are cut off by the kernel when their other end has taken
    nothing for the time in which it must answer a ping: uvicorn closes them then, and would wait for ever until what
    it has written before is taken.
    """
    if wanted.fd is not None:
        listens = socket.socket(fileno=wanted.fd)
    else:
        family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
        listens = socket.create_server((wanted.host, wanted.port), family=family, backlog=1024)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listens.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(wanted.ping_timeout * 1000))
    return listens


def main() -> None:
    wanted = options(sys.argv[1:])
    try:
        check_installed()
    except NotInstalled as obstacle:
        raise SystemExit(str(obstacle)) from obstacle
    import uvicorn

    config = uvicorn.Config(
        wanted.application,
        loop="uvloop",
        http="httptools",
        ws="project.runner.sockets:Sockets",
        # Compression would double time and memory of each tick.
        ws_per_message_deflate=False,
        ws_max_size=LARGEST_FRAME,
        ws_ping_interval=wanted.ping_interval,
        ws_ping_timeout=wanted.ping_timeout,
        lifespan="off",
        proxy_headers=wanted.proxy_headers,
        forwarded_allow_ips="*",
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run(sockets=[listener(wanted)])


if __name__ == "__main__":
    main()
