"""Figures of many processes in one place: sums that outlive who counted them, the living apart from the dead."""

import json
import subprocess
import sys
import threading
from dataclasses import asdict, replace

import pytest
from pytest_django import Settings

from dashboard.live.counting import counts
from dashboard.market.course import Course
from project import redis
from project.metrics import families, reporting, shared, ticks
from project.metrics.counting import Counting, counting
from project.metrics.families import Family
from tests.settings import FOLDER
from tests.valkey import Valkey

HITS = Family("hits", "", ("where",))
SPENT = Family("spent", "", (), (0.1, 1.0))


def test_an_observation_counts_at_the_first_bound_it_does_not_exceed() -> None:
    counted = Counting()
    for seconds in (0.05, 0.1, 0.5, 1.0, 3.0):
        counted.observe(SPENT, seconds)
    assert counted.take() == {"spent|0.1": 2, "spent|1.0": 2, "spent|+Inf": 1, "spent|sum": pytest.approx(4.65)}
    assert not counted.take()


def test_no_count_of_many_threads_is_lost() -> None:
    counted = Counting()

    def work() -> None:
        for _ in range(2000):
            counted.count(HITS, "x")

    threads = [threading.Thread(target=work) for _ in range(8)]
    taken = 0.0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += counted.take().get("hits|x", 0)
    assert taken + counted.take().get("hits|x", 0) == 16000


def test_processes_add_up_and_what_a_dead_one_counted_stays() -> None:
    counting.count(HITS, "x")
    assert shared.hand_over()
    code = "import django; django.setup()\nfrom project.metrics import shared; shared.hand_over({'hits|x': 41})"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert shared.sums() == {"hits|x": 42}


def test_what_could_not_be_handed_over_is_handed_over_later(valkey: Valkey) -> None:
    counting.count(HITS, "x", by=3)
    valkey.kill()
    try:
        assert not shared.hand_over({"hits|y": 1})
        assert shared.sums() == {}
        assert shared.processes() == []
        assert shared.last_ticks() == []
        ticks.note(Course(outcome="news"))  # raises nothing
    finally:
        valkey.start()
    assert shared.hand_over()
    assert shared.sums()["hits|x"] == 3


def test_a_process_that_falls_silent_is_forgotten() -> None:
    alive = shared.this_process("web", 1.0, {"connected": 3})
    dead = replace(alive, pid=1, at=alive.at - 60)
    for process in (alive, dead):
        shared.tell(process)
    assert shared.processes() == [alive]
    assert list(redis.shared().hgetall(shared.PROCESSES)) == [f"web@{alive.host}:{alive.pid}"]
    assert alive.memory is None or alive.memory > 10**7


def test_open_pages_are_reported_by_what_was_added_since_the_last_report(monkeypatch: pytest.MonkeyPatch) -> None:
    reporter = reporting.Reporter("web")
    reporter.report()
    before = shared.sums()
    monkeypatch.setattr(counts, "frames", counts.frames + 10)
    monkeypatch.setattr(counts, "durations", [n + (10 if at == 2 else 0) for at, n in enumerate(counts.durations)])
    reporter.report()
    reporter.report()
    after = shared.sums()
    assert after["tickfolio_live_frames"] - before.get("tickfolio_live_frames", 0) == 10
    bound = str(families.TICK_TO_FRAME.bounds[2])
    name = f"tickfolio_live_tick_to_frame_seconds|{bound}"
    assert after[name] - before.get(name, 0) == 10
    (process,) = shared.processes()
    assert (process.live["p50"], process.live["p99"]) == (families.TICK_TO_FRAME.bounds[2],) * 2
    assert process.live["frames_per_second"] > 0


def test_a_report_that_nobody_heard_is_made_up_for(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    reporter = reporting.Reporter("web")
    reporter.report()
    before = shared.sums().get("tickfolio_live_frames", 0)
    monkeypatch.setattr(counts, "frames", counts.frames + 7)
    valkey.kill()
    try:
        reporter.report()
    finally:
        valkey.start()
    redis.shared().delete(shared.COUNTS)
    reporter.report()
    assert shared.sums()["tickfolio_live_frames"] == 7
    assert before >= 0


def test_the_last_ticks_are_kept_and_no_more(settings: Settings) -> None:
    for number in range(shared.LAST_TICKS + 5):
        shared.keep_tick(Course(stages={"stored": 0.5, "received": 2.0}, outcome="news", sequence=number, news=3))
    lines = shared.last_ticks()
    assert len(lines) == shared.LAST_TICKS
    assert lines[0].sequence == shared.LAST_TICKS + 4
    assert (lines[0].own, lines[0].stages) == (500.0, {"stored": 500.0, "received": 2000.0})
    assert json.dumps(asdict(lines[0]))
    assert FOLDER in settings.REDIS_URLS[0]
