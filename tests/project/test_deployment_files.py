"""The containers run what `make run` runs, with variables that the settings know; lock files name no host.

No container engine is needed: what is held here is the structure of the files.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from project.runner import commands, frontend

ROOT = Path(__file__).resolve().parents[2]
OURS = ("web", "market", "worker", "beat", "streams", "migrate")
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
IN_CONTAINER = {
    "web": ["python", "-m", "project.runner.web", "-b", "0.0.0.0", "-p", "8000", "--proxy-headers"],
    "market": commands.worker("market", 1),
    "worker": [word if word != "4" else "${DELIVERY_WORKERS:-4}" for word in commands.worker("deliveries", 4)],
    "beat": commands.beat(Path("/data/beat-schedule")),
    "streams": commands.streams(),
}


def words_of(name: str) -> set[str]:
    return set(re.findall(r"\b[A-Z][A-Z_]+\b", (ROOT / name).read_text()))


def known_to_settings() -> set[str]:
    text = (ROOT / "project/settings.py").read_text()
    return set(re.findall(r'(?:setting|env\.str)\(\s*"([A-Z_]+)"', text))


def test_every_process_of_the_deployment_has_its_service() -> None:
    assert set(SERVICES) == {*OURS, "redis", "postgres", "proxy"}


@pytest.mark.parametrize("service", IN_CONTAINER)
def test_a_service_runs_the_command_of_the_runner(service: str) -> None:
    assert SERVICES[service]["command"] == ["python", *IN_CONTAINER[service][1:]]


def test_migrations_run_once_and_before_everything_that_reads_the_database() -> None:
    assert SERVICES["migrate"]["command"][:3] == ["python", "manage.py", "migrate"]
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for service in IN_CONTAINER:
        assert SERVICES[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[service]["depends_on"]["redis"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("service", ["web", "worker"])
def test_a_service_that_is_scaled_claims_no_name_and_no_port_of_the_host(service: str) -> None:
    assert not {"container_name", "ports", "hostname", "deploy"} & set(SERVICES[service])


@pytest.mark.parametrize("service", OURS)
def test_our_services_get_variables_that_the_settings_know(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= known_to_settings()
    assert {"SECRET_KEY", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL"} <= set(SERVICES[service]["environment"])


def test_every_variable_that_the_owner_must_give_is_documented() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE + (ROOT / "deploy/Caddyfile").read_text()))
    assert asked >= {"SECRET_KEY", "POSTGRES_PASSWORD", "PUBLIC_URL"}
    assert asked <= words_of(".env.example")


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD"])
def test_a_secret_has_no_default(name: str) -> None:
    assert set(re.findall(rf"\$\{{{name}(:.)", COMPOSE)) == {":?"}


@pytest.mark.parametrize("service", OURS)
def test_our_containers_hold_no_power_that_they_don_t_need(service: str) -> None:
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICES[service]["security_opt"]


def test_data_of_redis_postgres_and_the_proxy_outlives_their_containers() -> None:
    volumes = yaml.safe_load(COMPOSE)["volumes"]
    for service in ("redis", "postgres", "proxy"):
        named = {volume.split(":")[0] for volume in SERVICES[service]["volumes"]}
        assert named & set(volumes), service


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_the_proxy_caps_bodies_where_the_application_does() -> None:
    size = re.search(r"max_size (\d+)MiB", (ROOT / "deploy/Caddyfile").read_text())
    assert size is not None
    assert int(size[1]) * 1024 * 1024 == settings.MAX_BODY_BYTES
    assert "name web" in (ROOT / "deploy/Caddyfile").read_text()


def instructions(word: str) -> list[str]:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    return [line.removeprefix(f"{word} ").strip() for line in lines if line.startswith(f"{word} ")]


def test_the_image_runs_the_web_process_as_nobody_special() -> None:
    assert json.loads(instructions("CMD")[-1]) == SERVICES["web"]["command"]
    assert instructions("USER") == ["tickfolio"]
    assert "/healthz" in instructions("HEALTHCHECK")[0]


def test_the_image_is_built_in_stages_from_the_lock_files() -> None:
    assert len(instructions("FROM")) == 3
    assert any("--require-hashes -r requirements.txt" in line for line in instructions("RUN"))
    assert any("-r requirements-uvicorn.txt" in line for line in instructions("RUN"))
    assert any(line.startswith("npm ci") for line in instructions("RUN"))


def test_nothing_private_is_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    assert not {"!.env", "!var", "!.git"} & set(lines)
    for name in ("accounts", "dashboard", "notifications", "project", "static", "templates", "manage.py"):
        assert f"!{name}" in lines


@pytest.mark.parametrize("target", ["run", "demo", "test", "bench", "faults", "check"])
def test_make_has_the_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_lock_files_pin_every_package_by_hash_and_name_no_host() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {path: package for path, package in lock["packages"].items() if path}
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
    for requirements in ROOT.glob("requirements*.txt"):
        text = requirements.read_text()
        assert "://" not in text
        pins = re.findall(r"^[A-Za-z0-9][^\n]*(?:\n +[^\n]*)*", text, re.MULTILINE)
        assert pins
        assert all("--hash=sha256:" in pin and "==" in pin for pin in pins), requirements.name


def test_front_end_packages_have_exact_versions_and_those_that_pages_use_are_copied() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {Path(file).parts[0] for file in frontend.FILES} == set(package["dependencies"])
    copied = {str(frontend.vendored(file).relative_to(ROOT / "static")) for file in frontend.FILES}
    pages = "".join(page.read_text() for page in (ROOT / "templates").rglob("*.html"))
    assert set(re.findall(r"vendor/[\w./-]+", pages)) == copied
