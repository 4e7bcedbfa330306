"""What Twilio tells us: how our messages went on, and what people write back.

Each call is signed, and may come twice, late or out of order.
"""

import re
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from notifications.answering import Inbound, receive
from notifications.delivery import advance
from notifications.models import Delivery
from notifications.transports.whatsapp import report
from notifications.twilio_api import TwilioMessage

MOST_BYTES: Final = 64 * 1024
"""Of a call; Twilio's have a few hundred."""
WHATSAPP: Final = re.compile(r"whatsapp:(\+[1-9]\d{4,18})", re.ASCII)
SID: Final = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """A message's new status. Unknown messages are answered like known ones."""
    if (refused := refusal(request)) is not None:
        return refused
    sid = request.POST.get("MessageSid", "")
    delivery = find(request.GET.get("delivery", ""), sid)
    if delivery is not None and sid:
        code = request.POST.get("ErrorCode", "")
        told = TwilioMessage(
            sid=sid,
            status=request.POST.get("MessageStatus", ""),
            error_code=int(code) if code.isascii() and code.isdigit() and len(code) < 10 else None,
        )
        advance(delivery, report(told), provider_id=sid[:64])
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def twilio_inbound(request: HttpRequest) -> HttpResponse:
    """What somebody wrote; the answer goes back in this very response, as TwiML, so that it costs no call.

    Only WhatsApp vouches for the number that writes: the sender of an SMS can be forged, so that one is not heard.
    """
    if (refused := refusal(request)) is not None:
        return refused
    sender = WHATSAPP.fullmatch(request.POST.get("From", ""))
    sid = request.POST.get("MessageSid", "")
    said = ""
    if sender is not None and SID.fullmatch(sid):
        text, opted = request.POST.get("Body", ""), request.POST.get("OptOutType", "")
        said = receive(Inbound(sid=sid, number=sender[1], text=text, opted=opted))
    return HttpResponse(twiml(said), content_type="text/xml; charset=utf-8")


def twiml(text: str) -> str:
    """Twilio's XML that sends `text` back, or nothing; characters that XML can't hold are left out."""
    response = MessagingResponse()
    if printable := "".join(c for c in text if c.isprintable() or c == "\n"):
        response.message(printable)
    return str(response)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """The answer to a call that is not Twilio's; None where it is."""
    if not settings.TWILIO_AUTH_TOKEN:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES or len(request.body) > MOST_BYTES:
        return HttpResponse("The request is larger than any of Twilio's.", status=413, content_type="text/plain")
    if not is_signed(request):
        return HttpResponseForbidden("The signature does not fit.", content_type="text/plain")
    return None


def is_signed(request: HttpRequest) -> bool:
    """Twilio signs the address that it was given, which is PUBLIC_URL's, whatever a proxy makes of it.

    Of a form it signs the fields too; of any other body the address carries a digest.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    content = request.body.decode("utf-8", "replace") if "bodySHA256" in request.GET else request.POST
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(settings.PUBLIC_URL + request.get_full_path(), content, signature))


def find(delivery_id: str, sid: str) -> Delivery | None:
    deliveries = Delivery.objects.select_related("alert__user").filter(transport="whatsapp")
    if delivery_id.isascii() and delivery_id.isdigit() and len(delivery_id) < 19:
        return deliveries.filter(pk=int(delivery_id)).first()
    return deliveries.filter(provider_id=sid).first() if sid else None
