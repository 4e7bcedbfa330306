"""What Twilio tells us: how our messages went on. Each call is signed, and may come twice, late or out of order."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from notifications.delivery import advance
from notifications.models import Delivery
from notifications.transports.whatsapp import report
from notifications.twilio_api import TwilioMessage


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """A message's new status. Unknown messages are answered like known ones."""
    if not settings.TWILIO_AUTH_TOKEN:
        raise Http404
    if not is_signed(request):
        return HttpResponseForbidden("The signature does not fit.", content_type="text/plain")
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


def is_signed(request: HttpRequest) -> bool:
    """Twilio signs the address that it was given, which is PUBLIC_URL's, whatever a proxy makes of it."""
    signature = request.headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(settings.PUBLIC_URL + request.get_full_path(), request.POST, signature))


def find(delivery_id: str, sid: str) -> Delivery | None:
    deliveries = Delivery.objects.select_related("alert__user").filter(transport="whatsapp")
    if delivery_id.isascii() and delivery_id.isdigit() and len(delivery_id) < 19:
        return deliveries.filter(pk=int(delivery_id)).first()
    return deliveries.filter(provider_id=sid).first() if sid else None
