"""A rig for each scenario."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.faults.proxy import Proxy
from tests.faults.rig import Rig


@pytest.fixture
def rig(tmp_path: Path, transactional_db: None, settings: Settings) -> Iterator[Rig]:
    """Bitcoin stands at 50,000 dollars."""
    with ExitStack() as stack:
        coingecko = stack.enter_context(FakeCoinGecko())
        smtp, twilio = stack.enter_context(FakeSmtp()), stack.enter_context(FakeTwilio())
        for name, value in {**smtp.settings(), **twilio.settings()}.items():
            setattr(settings, name, value)  # people are made, and reminders checked, in the test's own process
        to_smtp = stack.enter_context(Proxy(("127.0.0.1", smtp.port)))
        to_twilio = stack.enter_context(Proxy(("127.0.0.1", int(twilio.server.server_address[1]))))
        coingecko.set_price("bitcoin", "50000", ath=69000, ath_date="2021-11-10T14:24:11.849Z")
        coingecko.set_price("ethereum", "2000")
        yield Rig(tmp_path, coingecko, smtp, twilio, to_smtp, to_twilio)
