"""Our calls, our reading of error codes and our check of signatures against Twilio's own descriptions of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from notifications.inbound import is_signed
from notifications.transports.whatsapp import BUSY, PERMANENT, PROGRESS, fault
from notifications.twilio_api import TwilioRefused, create_message, refusal
from tests.fakes.twilio import FakeTwilio

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "twilio"
if not DATA.is_dir():
    pytest.skip(f"did not run: Twilio's descriptions are not at {DATA}", allow_module_level=True)

API: dict[str, Any] = json.loads((DATA / "messages_openapi_extract.json").read_text())
CODES: list[dict[str, Any]] = json.loads((DATA / "error_codes.json").read_text())["codes"]
VECTORS: dict[str, Any] = json.loads((DATA / "signature_vectors.json").read_text())


def test_a_send_uses_only_fields_that_the_api_knows(settings: Settings) -> None:
    body = API["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]["requestBody"]["content"]
    known = body["application/x-www-form-urlencoded"]["schema"]["properties"]
    with FakeTwilio() as twilio:
        for name, value in twilio.settings().items():
            setattr(settings, name, value)
        create_message("+447700900123", body="Hello", status_callback="https://coins.example.org/x")
        create_message("+447700900123", content_sid="HX1", variables='{"1": "Hello"}')
    assert set().union(*twilio.forms) == {"To", "From", "Body", "StatusCallback", "ContentSid", "ContentVariables"}
    assert set().union(*twilio.forms) <= set(known)


def test_every_status_of_a_message_has_a_meaning_here() -> None:
    statuses = set(API["components"]["schemas"]["message_enum_status"]["enum"])
    incoming = {"receiving", "received", "partially_delivered"}
    assert statuses - incoming <= set(PROGRESS)


@pytest.mark.parametrize("code", [entry["code"] for entry in CODES])
def test_every_error_code_has_a_meaning_here(code: int) -> None:
    assert (code in PERMANENT) != (code in BUSY)


@pytest.mark.parametrize("vector", [v for v in VECTORS["vectors"] if "params" in v], ids=lambda v: v["id"])
def test_documented_signatures_are_accepted_and_others_are_not(vector: dict[str, Any], settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = VECTORS["auth_token"]
    settings.PUBLIC_URL, _, path = vector["url"].partition("/myapp.php")
    for signature, expected in ((vector["signature"], True), ("0" + vector["signature"][1:], False), ("", False)):
        request = RequestFactory().post(
            f"/myapp.php{path}", vector["params"], headers={"X-Twilio-Signature": signature}
        )
        assert is_signed(request) is expected


def test_a_body_that_is_no_form_is_signed_by_its_hash() -> None:
    """The third vector: Twilio posts forms to us, so only their library's reading of it is held to the vector."""
    (vector,) = [v for v in VECTORS["vectors"] if "body" in v]
    validator = RequestValidator(VECTORS["auth_token"])
    assert validator.validate(vector["url"], vector["body"], vector["signature"])
    assert not validator.validate(vector["url"], vector["body"] + " ", vector["signature"])


def test_the_body_of_a_refusal_is_read_as_it_is_described(settings: Settings) -> None:
    shape = json.loads((DATA / "error_codes.json").read_text())["error_body_shape"]
    refused = refusal(shape["status"], json.dumps(shape))
    assert isinstance(refused, TwilioRefused)
    assert (refused.status, refused.code, str(refused)) == (400, 21211, shape["message"])


@pytest.mark.parametrize("entry", CODES, ids=lambda entry: str(entry["code"]))
def test_every_error_code_behaves_as_wanted(entry: dict[str, Any]) -> None:
    found = fault(entry["code"], "words")
    wanted = entry["wanted_behaviour"]
    assert found.permanent is not wanted.startswith("retry")
    if re.search(r"mark (the )?number|switch the channel off", wanted):
        assert found.unreachable
    if re.search(r"tell the operator|send as template", wanted):
        assert not found.unreachable
