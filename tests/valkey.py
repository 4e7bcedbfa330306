"""A real Redis for tests, which they may kill and start again: the bundled Valkey on a socket of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from project.runner import valkey


@dataclass
class Valkey:
    """The server of this test process; nothing of it outlives `kill`, as if its disk were wiped."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        if self.process is None:
            command = valkey.command(valkey.binary(), self.socket, self.folder)
            command[command.index("--appendonly") + 1] = "no"
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert valkey.answers(self.socket, within=10), "Valkey doesn't start"

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.socket.unlink(missing_ok=True)
