from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.world import FLAGS, Person, World, chromium_path, person, world

NewPerson = Callable[..., Person]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def the_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One running Tickfolio for the tests of a module; what a test breaks in it is mended afterwards."""
    with world(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def new_person(the_world: World, browser: Browser) -> Iterator[NewPerson]:
    the_world.coingecko.heal()
    the_world.smtp.heal()
    the_world.twilio.heal()
    with ExitStack() as stack:
        yield lambda name="": stack.enter_context(person(the_world, browser, name))


@pytest.fixture
def somebody(new_person: NewPerson) -> Person:
    """Signed up, with nothing yet."""
    signed_up = new_person()
    signed_up.sign_up()
    return signed_up


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path
