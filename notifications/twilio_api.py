"""Twilio's Messages API: sending, finding and following WhatsApp messages. The only module that speaks to Twilio.

TwilioError                  what a caller catches
├── TwilioRefused            it answered, and the answer was no; `code` is Twilio's
├── TwilioUnreachable        no connection: it certainly has nothing of us
└── TwilioUnanswered         the request went out and no full answer came: it may have acted on it
"""

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
from django.conf import settings
from twilio.base.exceptions import TwilioException
from twilio.base.values import unset
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from dashboard import clock
from dashboard.market.wire import trusted_authorities

OFFICIAL: Final = "https://api.twilio.com"
CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 12.0
"""The whole of a call, from name look-up to the last byte."""
LONGEST_PAUSE: Final = timedelta(hours=1)
AT_MOST_LISTED: Final = 200
AT_MOST_BYTES: Final = 4 * 1024 * 1024


class TwilioError(Exception):
    """The message says what happened in words for people."""


class TwilioRefused(TwilioError):
    """`retry_after`: how long Twilio asks to be left alone, an hour at most."""

    def __init__(self, status: int, code: int | None, words: str, retry_after: timedelta | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class TwilioUnreachable(TwilioError):
    pass


class TwilioUnanswered(TwilioError):
    pass


@dataclass(frozen=True, slots=True)
class TwilioMessage:
    """A message as Twilio knows it."""

    sid: str
    status: str
    body: str = ""
    error_code: int | None = None
    created_at: datetime | None = None


class BoundedHttp(HttpClient):
    """Twilio's library over httpx: one deadline for the whole call, an address from the settings, no redirects.

    Its own client is without a deadline (its time-out starts anew with every byte) and knows one host only.
    """

    def __init__(self, base_url: str, seconds: float = SECONDS) -> None:
        super().__init__(logging.getLogger("twilio.http"), is_async=False, timeout=seconds)
        self.base_url = base_url
        self.seconds = seconds

    def request(
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        url = self.base_url + uri.removeprefix(OFFICIAL) if uri.startswith(OFFICIAL) else uri

        async def call() -> Response:
            async with (
                asyncio.timeout(self.seconds),
                httpx.AsyncClient(
                    timeout=httpx.Timeout(self.seconds, connect=CONNECT_SECONDS), verify=trusted_authorities()
                ) as client,
                client.stream(method, url, params=params, data=data, headers=headers, auth=auth) as answer,
            ):
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > AT_MOST_BYTES:
                        raise TwilioUnanswered("Twilio's answer is too large.")
                text = body.decode("utf-8", "replace")
                if answer.status_code >= 300:
                    raise refusal(answer.status_code, text, answer.headers.get("Retry-After", ""))
                return Response(answer.status_code, text, answer.headers)

        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(call())
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise TwilioUnreachable("Twilio can't be reached.") from error
        except (TimeoutError, httpx.HTTPError, OSError) as error:
            raise TwilioUnanswered("Twilio did not answer in time, or broke off.") from error
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def refusal(status: int, text: str, retry_after: str = "") -> TwilioError:
    """An answer with a body that is no success means: not accepted. One without a body says nothing."""
    if not text.strip():
        return TwilioUnanswered(f"Twilio answered {status} without a word.")
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    code, words = said.get("code"), said.get("message")
    return TwilioRefused(
        status,
        code if isinstance(code, int) else None,
        " ".join(words.split())[:300] if isinstance(words, str) else f"Twilio answered {status}.",
        pause_of(retry_after),
    )


def pause_of(retry_after: str) -> timedelta | None:
    """What a Retry-After header asks for: seconds, or the date that HTTP allows too."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(timedelta(seconds=int(retry_after[:9])), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return min(max(until - clock.now(), timedelta()), LONGEST_PAUSE) if until.tzinfo else None


def client() -> Client:
    return Client(
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=BoundedHttp(settings.TWILIO_API_URL)
    )


def create_message(
    to: str, *, body: str = "", content_sid: str = "", variables: str = "", status_callback: str = ""
) -> TwilioMessage:
    """Send to a number in E.164 over WhatsApp: a template with its variables (JSON), or free text."""
    return ask(
        lambda messages: messages.create(
            to=f"whatsapp:{to}",
            from_=f"whatsapp:{settings.TWILIO_WHATSAPP_FROM}",
            body=unset if content_sid else body,
            content_sid=content_sid or unset,
            content_variables=variables if content_sid else unset,
            status_callback=status_callback or unset,
        )
    )


def messages_since(to: str, since: datetime) -> list[TwilioMessage]:
    """What was sent to the number on the day of `since` or later, newest first. Twilio filters by day only."""
    listed = call(
        lambda messages: messages.list(
            to=f"whatsapp:{to}", date_sent_after=since.replace(hour=0, minute=0, second=0), limit=AT_MOST_LISTED
        )
    )
    return [as_message(one) for one in listed if not (one.date_created and one.date_created < since)]


def fetch_message(sid: str) -> TwilioMessage:
    return ask(lambda messages: messages(sid).fetch())


def ask(work: Any) -> TwilioMessage:
    return as_message(call(work))


def call(work: Any) -> Any:
    try:
        return work(client().messages)
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TwilioUnanswered("Twilio's answer could not be read.") from error


def as_message(one: Any) -> TwilioMessage:
    return TwilioMessage(
        sid=str(one.sid or ""),
        status=str(getattr(one.status, "value", one.status) or ""),
        body=str(one.body or ""),
        error_code=int(one.error_code) if one.error_code else None,
        created_at=one.date_created,
    )
