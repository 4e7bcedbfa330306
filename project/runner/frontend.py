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
)


def main() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        source = ROOT / "node_modules" / file
        shutil.copyfile(source, VENDOR / source.name)


if __name__ == "__main__":
    main()
