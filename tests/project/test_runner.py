"""`manage.py up` as its users meet it: real processes, a data folder of its own, a free port."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.running import ROOT, Running, descendants, processes, start, tickfolio, until

CHILDREN = {
    "valkey": ("valkey-server",),
    "web": ("daphne",),
    "market": ("celery", "worker", "-Q market"),
    "deliveries": ("celery", "worker", "-Q deliveries"),
    "beat": ("celery", " beat "),
}

# What takes at most 5 s by the supervisor's own allowances may wait for the processor beside other tests.
A_BUSY_MACHINE = 20


def status_of(address: str) -> int:
    """What the page answers; 0 while none does."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def alive() -> set[int]:
    return {pid for pid, _, _ in processes()}


def family(running: Running) -> set[int]:
    """The runner's descendants, once all of its children run."""
    assert running.address
    for words in CHILDREN.values():
        assert running.pid(*words)
    return descendants(running.process.pid)


def refused(data_dir: Path, **environment: str) -> str:
    """What a start that can't be says, before it ends with status 1."""
    with start(data_dir, "up", environment) as process:
        try:
            output, _ = process.communicate(timeout=A_BUSY_MACHINE * 3)
        except subprocess.TimeoutExpired:
            process.terminate()
            pytest.fail(f"it started: {process.communicate()[0]}")
    assert process.returncode == 1, output
    return output


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One that has started: a test may be the first that looks."""
    with tickfolio(tmp_path_factory.mktemp("data")) as started:
        family(started)
        yield started


def test_the_login_page_answers_at_the_printed_address(running: Running) -> None:
    assert status_of(f"{running.address}/accounts/login/") == 200


@pytest.mark.parametrize("child", CHILDREN)
def test_every_process_runs_and_can_be_told_by_its_command_line(running: Running, child: str) -> None:
    assert running.pid(*CHILDREN[child]) in alive()


@pytest.mark.parametrize("child", CHILDREN)
def test_a_killed_process_is_started_again(running: Running, child: str) -> None:
    address = running.address
    before = running.pid(*CHILDREN[child])
    os.kill(before, signal.SIGKILL)
    until(lambda: running.pids(*CHILDREN[child]) - {before}, 15, lambda: running.output)
    said = f"{child} ended after"  # it comes by a pipe
    until(lambda: re.search(rf"{said} .*\(SIGKILL\); starts again in", running.output), 15, lambda: running.output)
    assert status_of(f"{address}/accounts/login/") == 200  # visitors of a web process that starts again wait


def test_the_databases_log_is_emptied_beside_the_ticks(running: Running) -> None:
    """SQLite itself would write so little into its file only when the last process has gone."""
    database = running.data_dir / "tickfolio.sqlite3"
    written = database.stat().st_mtime
    until(lambda: database.stat().st_mtime > written, 60, lambda: running.output)


def test_a_second_start_on_the_same_data_says_so(running: Running) -> None:
    assert running.address
    said = refused(running.data_dir)
    assert f"Tickfolio runs already with the data in {running.data_dir} (process {running.process.pid})" in said
    assert "Traceback" not in said
    assert status_of(f"{running.address}/accounts/login/") == 200


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(tmp_path, PORT=str(port))
    assert f"Port {port} of 127.0.0.1 is taken by another program" in said
    assert "Traceback" not in said


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, HOST="192.0.2.1")
    assert "HOST=192.0.2.1 can't be listened on" in said
    assert "Traceback" not in said


def test_a_redis_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secret_key = "".join(map(chr, range(48, 123)))
    said = refused(tmp_path, REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}/0", SECRET_KEY=secret_key)
    assert "REDIS_URL: no Redis answers at 127.0.0.1" in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_a_wrong_value_is_named_with_what_is_expected(tmp_path: Path) -> None:
    said = refused(tmp_path, PRICE_REFRESH_SECONDS="often")
    assert "PRICE_REFRESH_SECONDS='often' is not usable: expected seconds" in said
    assert "Traceback" not in said


def test_ctrl_c_leaves_no_process_and_no_file_outside_the_data_folder(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)  # too long for the path of a socket
    with tempfile.TemporaryDirectory() as temporary, tickfolio(data_dir, TMPDIR=temporary) as running:
        started = family(running)
        assert any(name.startswith("tickfolio-") for name in os.listdir(temporary))
        assert running.stop(within=A_BUSY_MACHINE) == 0
        assert not started & alive()
        assert os.listdir(temporary) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in data_dir.iterdir()), "others can read the data"


def test_a_killed_runner_leaves_no_process_and_can_be_started_again(tmp_path: Path) -> None:
    with tickfolio(tmp_path) as running:
        started = family(running)
        running.process.kill()
        until(lambda: not started & alive(), 15, lambda: running.output)
    with tickfolio(tmp_path) as again:
        assert status_of(f"{again.address}/accounts/login/") == 200


def test_sigterm_stops_like_ctrl_c(running: Running) -> None:
    started = family(running)
    running.process.send_signal(signal.SIGTERM)
    try:
        assert running.process.wait(A_BUSY_MACHINE) == 0
    except subprocess.TimeoutExpired:
        pytest.fail(running.output)
    assert not started & alive()


def test_uvicorn_serves_and_stops_with_open_sockets_in_time(tmp_path: Path) -> None:
    with tickfolio(tmp_path, ASGI_SERVER="uvicorn") as running:
        assert status_of(f"{running.address}/accounts/login/") == 200
        assert running.pid("project.runner.uvicorn")
        assert not running.pids("daphne")
        with connect(f"{running.address.replace('http', 'ws')}/ws/live/", origin=Origin(running.address)) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        with connect(f"{running.address.replace('http', 'ws')}/ws/live/", origin=Origin(running.address)):
            children = descendants(running.process.pid)
            assert running.stop(within=A_BUSY_MACHINE) == 0
        assert not children & alive()


def test_uvicorn_that_is_not_installed_is_named_with_what_to_install() -> None:
    without = "sys.modules['uvloop'] = None; runpy.run_module('project.runner.uvicorn', run_name='__main__')"
    bare = [sys.executable, "-c", f"import runpy, sys; sys.argv.append('application'); {without}"]
    said = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 1
    assert "requirements-uvicorn.txt" in said.stderr
