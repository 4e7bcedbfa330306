"""Copies the few files of front-end packages that pages use from node_modules/ to static/vendor/, which git ignores.

Run as `python -m project.runner.frontend`. npm has put them into node_modules/ (see the Makefile); it builds nothing.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "static" / "vendor"
FILES = (
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "lightweight-charts/dist/lightweight-charts.standalone.production.js",
)


def vendored(file: str) -> Path:
    """Where a package's file lies for pages: static/vendor/PACKAGE/NAME."""
    return VENDOR / Path(file).parts[0] / Path(file).name


def main() -> None:
    for file in FILES:
        target = vendored(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "node_modules" / file, target)


if __name__ == "__main__":
    main()
