"""JSON from an HTTP server that is not trusted: bounded in time, in size and in the numbers it may hold.

Knows HTTP and JSON, not whose API it is.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cache
from ssl import SSLContext
from typing import TypeVar

import httpx

from dashboard import clock
from dashboard.market.source import SourceGarbled, SourceRefused, SourceUnavailable
from dashboard.money import DECIMAL_PLACES, quantize

MAX_BYTES = 8 * 1024 * 1024
MAX_DIGITS = 64
LONGEST_RETRY_AFTER = 3600.0

T = TypeVar("T")
Get = Callable[[str], Awaitable[bytes]]


@cache
def trusted_authorities() -> SSLContext:
    """Loading the certificates takes longer than many a call, so once a process."""
    return httpx.create_ssl_context()


def fetch(
    work: Callable[[Get], Awaitable[T]],
    *,
    headers: Mapping[str, str],
    seconds: float,
    transport: httpx.AsyncBaseTransport | None = None,
) -> T:
    """What `work` makes of the bodies that its `get(url)` gives, all within one deadline of `seconds`.

    httpx's own time-outs count anew with every byte; the deadline here holds for the whole, name look-up to last byte.
    Redirects are not followed. Raises SourceRefused, SourceUnavailable or SourceGarbled.
    """

    async def bounded() -> T:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(
                headers={"Accept": "application/json", "Accept-Encoding": "gzip", **headers},
                timeout=seconds,
                verify=trusted_authorities(),
                transport=transport,
            ) as client,
        ):

            async def get(url: str) -> bytes:
                return await get_body(client, url)

            return await work(get)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(bounded())
    except (TimeoutError, httpx.TimeoutException) as error:
        raise SourceUnavailable(f"no full answer within {seconds:g} seconds", outcome="timeout") from error
    except httpx.DecodingError as error:
        raise SourceGarbled("the answer could not be unpacked") from error
    except httpx.RemoteProtocolError as error:
        raise SourceUnavailable("the connection broke off") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise SourceUnavailable("could not be reached") from error
    finally:
        # Not asyncio.run: it would wait for a name look-up that hangs in its thread, past the deadline.
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def get_body(client: httpx.AsyncClient, url: str) -> bytes:
    async with client.stream("GET", url) as response:
        if response.headers.get("Content-Encoding", "identity").lower() not in {"identity", "gzip"}:
            raise SourceGarbled("the answer is packed in a way that was not asked for")
        if response.is_redirect:
            raise SourceGarbled("the answer sends us to another address")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise SourceGarbled("the answer is too large")
    if response.is_success:
        return bytes(body)
    raise failure(response.status_code, response.headers, bytes(body), clock.now())


def parse_json(body: str | bytes) -> object:
    """The value, every number in it a Decimal, rounded where it has more decimals than are kept (dashboard.money).

    NaN, Infinity and numbers of absurd length stay text, so that they spoil their own row and no other.
    Raises SourceGarbled.
    """
    try:
        text = body if isinstance(body, str) else body.decode(json.detect_encoding(body), "surrogatepass")
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise SourceGarbled("the answer is not JSON") from error


def read_number(text: str) -> Decimal | str:
    if len(text) > MAX_DIGITS:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return text
    if len(text) <= DECIMAL_PLACES and "e" not in text and "E" not in text:
        return number
    try:
        return quantize(number)
    except InvalidOperation:  # larger than anything that is kept
        return number


DECODER = json.JSONDecoder(parse_float=read_number, parse_int=read_number, parse_constant=str)


def failure(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> SourceRefused | SourceUnavailable:
    """Our error for an answer whose status is not a success; its own words are taken along where it has some."""
    message = f"answered {status}"
    if words := error_words(body):
        message = f"{message}: {words}"
    retry_after = read_retry_after(headers.get("Retry-After", ""), now)
    if status >= 500 and retry_after is None:
        return SourceUnavailable(message, outcome="5xx")
    outcome = "429" if status == 429 else "5xx" if status >= 500 else "refused"
    return SourceRefused(message, retry_after, outcome=outcome)


def error_words(body: bytes) -> str:
    """The text in any of the shapes that errors come in: {"error": …}, {"status": {"error_message": …}}, neither."""
    try:
        answer = parse_json(body)
    except SourceGarbled:
        return ""
    if not isinstance(answer, dict):
        return ""
    status = answer.get("status")
    words = status.get("error_message") if isinstance(status, dict) else answer.get("error")
    return " ".join(words.split())[:200] if isinstance(words, str) else ""


def read_time(value: object) -> datetime | None:
    """An ISO 8601 time with its zone; None for everything else."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def read_retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait, stated as seconds or as an HTTP date; at most an hour, so that nonsense cannot stop us."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
