"""Who may import whom, read off the import statements of every module."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["accounts", "dashboard", "notifications", "project"]  # each may import those before it
EDGES = {"views", "api", "consumers", "tasks", "admin", "commands", "urls", "routing", "inbound"}
PUBLIC = {
    "accounts": {"models", "currencies", "locales", "api"},
    "dashboard": {
        "bell", "charts", "leaps", "models", "portfolios", "recording", "drafts", "valuation", "money", "fields",
        "clock", "formats",
        "market", "forms", "naming", "representation", "live.announce", "live.counting", "live.fragments", "live.hub",
        "live.presence",
    },
    "notifications": {"models", "limits", "selectors", "checking", "linking", "api", "transports.toast"},
}  # fmt: skip
WORDS = {"django.utils.translation", "django.utils.dates"}
PURE = {
    "dashboard.ledger": {"dashboard.ledger"},
    "dashboard.analysis": {"dashboard.analysis", "dashboard.money"},
    "dashboard.backfill.flows": {"dashboard.ledger"},
    "notifications.conditions": {"notifications.conditions"},
    "notifications.local_time": set[str](),
    "notifications.scheduling": {"notifications.local_time", "accounts.locales", *WORDS},
    "notifications.talking": {"notifications.written_amounts", *WORDS},
    "notifications.written_amounts": {"accounts.currencies", "dashboard.money", *WORDS},
}
COMPOSING = {"urls", "asgi", "celery", "api", "apps"}


def modules() -> Iterator[tuple[str, Path]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


MODULES = dict(modules())


def imported_by(name: str) -> set[str]:
    """Full names of what the module imports, also inside functions and under TYPE_CHECKING."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively; name the module in full"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {module if module in MODULES else str(node.module) for module in whole}
    return found


def is_edge(module: str) -> bool:
    return bool(EDGES.intersection(module.split(".")[1:]))


@pytest.mark.parametrize("name", MODULES)
def test_an_app_imports_only_apps_below_it(name: str) -> None:
    own = APPS.index(name.split(".")[0])
    upward = {other for other in imported_by(name) if other.split(".")[0] in APPS[own + 1 :]}
    assert not upward


@pytest.mark.parametrize("name", [n for n in MODULES if not n.startswith("project")])
def test_of_another_app_only_what_is_public_is_imported(name: str) -> None:
    own = name.split(".")[0]
    for other in imported_by(name):
        app, _, rest = other.partition(".")
        if app in APPS and app != own:
            assert any(rest == public or rest.startswith(f"{public}.") for public in PUBLIC[app]), other


@pytest.mark.parametrize("name", [n for n in MODULES if not n.startswith("project")])
def test_edges_are_imported_by_nothing_but_their_own_wiring(name: str) -> None:
    if name.split(".")[-1] in COMPOSING or name.split(".")[-1] == "routing":
        return
    package = name.rpartition(".")[0]
    for other in imported_by(name):
        if other.split(".")[0] in APPS and is_edge(other) and other != "accounts.api":
            assert is_edge(name), f"{name} imports {other}"
            assert other.rpartition(".")[0] == package, f"{name} imports {other}"


@pytest.mark.parametrize("name", [n for n in MODULES if n.startswith(tuple(PURE))])
def test_pure_modules_import_the_standard_library_and_each_other(name: str) -> None:
    allowed = next(inner for pure, inner in PURE.items() if name.startswith(pure))
    for other in imported_by(name):
        top = other.split(".")[0]
        outside = {"django", "celery", "channels", "redis", "httpx", "structlog", *APPS}
        assert top not in outside or any(other.startswith(inner) for inner in allowed), other


def test_the_rules_are_seen_to_bite() -> None:
    """The reader of imports finds what it should: a rule over an empty set would hold for ever."""
    assert "dashboard.portfolios" in imported_by("project.tick")
    assert "dashboard.ledger.entry" in imported_by("dashboard.models")
    assert len(MODULES) > 40
