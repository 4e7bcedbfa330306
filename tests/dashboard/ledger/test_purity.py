"""The ledger is pure: it knows the standard library and itself, each module only those below it, and no float."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dashboard.ledger.entry

FOLDER = Path(dashboard.ledger.entry.__file__).parent
LAYERS = ["entry", "lots", "methods", "working", "standing", "effects", "book", "keeping", "returns"]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_every_module_has_its_layer() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == {"__init__", *LAYERS}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_module_knows_those_below_it_and_the_standard_library(layer: str) -> None:
    tree = ast.parse((FOLDER / f"{layer}.py").read_text(encoding="utf-8"))
    below = {f"dashboard.ledger.{name}" for name in LAYERS[: LAYERS.index(layer)]}
    strange = [
        name for name in imported(tree) if name not in below and name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert not strange


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_speaks_of_floats(layer: str) -> None:
    tree = ast.parse((FOLDER / f"{layer}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")
