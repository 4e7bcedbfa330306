"""Every setting is documented, and a wrong one stops the start with its name and what is expected."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERNAL = {"TICKFOLIO_EMBEDDED", "TICKFOLIO_CLOCK_OFFSET"}


def read_by_settings() -> set[str]:
    text = (ROOT / "project/settings.py").read_text()
    return set(re.findall(r'(?:setting|env\.str)\(\s*"([A-Z_]+)"', text)) - INTERNAL


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**clean, "DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("document", [".env.example", "README.md"])
def test_every_setting_is_documented(document: str) -> None:
    text = (ROOT / document).read_text()
    missing = {name for name in read_by_settings() if not re.search(rf"\b{name}\b", text)}
    assert not missing


def test_nothing_is_documented_that_no_setting_reads() -> None:
    named = set(re.findall(r"^#?\s*([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named <= read_by_settings()
    assert len(named) > 20


def test_feeds_of_exchanges_are_on_unless_they_are_named_or_switched_off(tmp_path: Path) -> None:
    def streams(**environment: str) -> str:
        clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        command = [sys.executable, "-c", "from project import settings; print(','.join(settings.PRICE_STREAMS))"]
        env = {**clean, "DATA_DIR": str(tmp_path), **environment}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout.strip()

    assert streams() == streams(PRICE_STREAMS="") == "coinbase,kraken,binance"
    assert streams(PRICE_STREAMS="kraken") == "kraken"
    assert streams(PRICE_STREAMS="none") == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DEBUG", "perhaps"),
        ("REDIS_URL", "http://somewhere"),
        ("DATABASE_URL", "mysql://somewhere/x"),
        ("SECRET_KEY", "short"),
        ("COINGECKO_PLAN", "gold"),
        ("COINGECKO_URL", "ftp://somewhere"),
        ("PRICE_REFRESH_SECONDS", "0.2"),
        ("PRICE_REFRESH_SECONDS", "often"),
        ("PRICE_STREAMS", "coinbase,mtgox"),
        ("PRICE_STREAMS", "kraken=https://somewhere"),
        ("EMAIL_URL", "pigeon://coop"),
        ("TWILIO_WHATSAPP_FROM", "my phone"),
        ("TWILIO_API_URL", "nowhere"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "with a blank that no header bears"),
        ("VAPID_PRIVATE_KEY", "short"),
        ("VAPID_PRIVATE_KEY", "A" * 43),
        ("PUSH_HOSTS", "push.example.org"),
        ("PUSH_HOSTS", "https://push.example.org/path"),
        ("PUBLIC_URL", "example.org"),
        ("CSRF_TRUSTED_ORIGINS", "example.org"),
    ],
)
def test_a_wrong_value_stops_the_start_with_its_name(tmp_path: Path, name: str, value: str) -> None:
    ended = start(tmp_path, **{name: value})
    assert ended.returncode != 0
    assert name in ended.stderr.splitlines()[-1]
    assert "expected" in ended.stderr.splitlines()[-1]


def test_a_paid_plan_needs_its_key(tmp_path: Path) -> None:
    ended = start(tmp_path, COINGECKO_PLAN="pro")
    assert "COINGECKO_API_KEY is missing" in ended.stderr


def test_an_own_redis_needs_an_own_secret_key(tmp_path: Path) -> None:
    ended = start(tmp_path, REDIS_URL="redis://127.0.0.1:1/0")
    assert ended.returncode != 0
    assert "SECRET_KEY is missing" in ended.stderr


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    assert start(tmp_path).returncode == 0
    kept = tmp_path / "secret_key"
    first = kept.read_text()
    assert len(first) >= 50
    assert kept.stat().st_mode & 0o077 == 0
    assert start(tmp_path).returncode == 0
    assert kept.read_text() == first
    assert [path.name for path in tmp_path.glob("secret_key*")] == ["secret_key"]


def test_the_key_of_push_messages_is_made_once_and_kept_private_where_everything_is_embedded(tmp_path: Path) -> None:
    assert start(tmp_path).returncode == 0
    kept = tmp_path / "vapid_private_key"
    first = kept.read_text()
    assert len(first) == 43
    assert kept.stat().st_mode & 0o077 == 0
    assert start(tmp_path).returncode == 0
    assert kept.read_text() == first
    elsewhere = tmp_path / "elsewhere"
    assert start(elsewhere, REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="0123456789abcdef" * 4).returncode == 0
    assert not (elsewhere / "vapid_private_key").exists()
