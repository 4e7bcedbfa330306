"""A body over the cap is refused before it is read, in JSON where the API was called."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pytest_django import Settings

from project.gate import BodyCap


async def refused(path: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, bytes]:
    """Status, content type and body of what is answered to a request of 3,000 bytes in chunks."""
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(3):
            await receive()
        raise AssertionError("read past the cap")

    await BodyCap(pages)({"type": "http", "path": path, "headers": headers}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])[b"content-type"], sent[1]["body"]


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"2001")], [(b"content-length", b"many")]])
async def test_a_body_over_the_cap_is_refused(settings: Settings, headers: list[tuple[bytes, bytes]]) -> None:
    settings.MAX_BODY_BYTES = 2000
    status, kind, body = await refused("/api/v1/portfolios/1/imports", headers)
    assert (status, kind) == (413, b"application/json")
    assert json.loads(body)["detail"]
    assert (await refused("/imports/", headers))[:2] == (413, b"text/plain")
