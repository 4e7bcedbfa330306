import gc
import weakref
from collections.abc import Iterator

import pytest

from dashboard.live.setting_aside import FEW, MANY_GONE, SetAside


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def test_what_pages_keep_is_set_aside_once_some_were_opened() -> None:
    aside, kept = SetAside(), [Circle() for _ in range(1000)]
    before = gc.get_freeze_count()
    aside.tidy(FEW - 1, FEW - 1)
    assert gc.get_freeze_count() == before
    aside.tidy(FEW, FEW)
    assert gc.get_freeze_count() >= before + len(kept)


def test_what_was_already_dead_is_freed_and_not_set_aside() -> None:
    dead = weakref.ref(Circle())
    SetAside().tidy(FEW, FEW)
    assert dead() is None


def test_circles_of_pages_that_left_are_freed_once_many_have_gone() -> None:
    aside, circle = SetAside(), Circle()
    aside.tidy(MANY_GONE, MANY_GONE)
    left = weakref.ref(circle)
    del circle
    aside.tidy(MANY_GONE + FEW, MANY_GONE)
    assert left() is not None
    aside.tidy(2 * MANY_GONE, MANY_GONE)
    assert left() is None


def test_where_more_pages_are_open_more_may_go_before_all_is_looked_through() -> None:
    aside, circle = SetAside(), Circle()
    aside.tidy(3 * MANY_GONE, 3 * MANY_GONE)
    left = weakref.ref(circle)
    del circle
    aside.tidy(5 * MANY_GONE - 1, 3 * MANY_GONE)
    assert left() is not None
    aside.tidy(6 * MANY_GONE, 3 * MANY_GONE)
    assert left() is None
