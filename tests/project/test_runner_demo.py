"""`manage.py demo`: the whole of it without internet, apart from the user's own data and telephone."""

import re
from pathlib import Path

from tests.running import tickfolio, until


def test_the_demo_has_a_ready_account_and_a_reminder_fires_within_a_minute(tmp_path: Path) -> None:
    nowhere = "127.0.0.1:1"
    with tickfolio(
        tmp_path, "demo", TWILIO_ACCOUNT_SID="AC1", EMAIL_URL=f"smtp://{nowhere}", COINGECKO_URL=f"http://{nowhere}"
    ) as running:
        assert running.address
        assert "The demo's account is demo / tickfolio-demo." in running.output
        worker = Path(f"/proc/{running.pid('-Q deliveries')}/environ").read_text().split("\0")
        replayed = re.search(r"Recorded market at (\S+)", running.output)
        assert replayed is not None
        assert f"COINGECKO_URL={replayed[1]}" in worker
        assert "PRICE_REFRESH_SECONDS=1" in worker
        assert "TWILIO_ACCOUNT_SID=" in worker
        until(lambda: "Subject: " in running.output, 60, lambda: running.output)
    assert (tmp_path / "demo" / "tickfolio.sqlite3").exists()
    assert not (tmp_path / "tickfolio.sqlite3").exists()
