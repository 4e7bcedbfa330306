"""Becomes the web process that ASGI_SERVER names: `python -m project.runner.web -b HOST -p PORT`, for containers."""

import os
import sys

from django.conf import settings

from project.runner import commands, uvicorn


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    if settings.ASGI_SERVER == "uvicorn":
        try:
            uvicorn.check_installed()
        except uvicorn.NotInstalled as obstacle:
            raise SystemExit(str(obstacle)) from obstacle
    command = commands.web(sys.argv[1:], settings.ASGI_SERVER)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
