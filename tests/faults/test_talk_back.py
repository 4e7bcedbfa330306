"""Everything that can be written to the WhatsApp number, over the wire to the real processes, signed like Twilio."""

import http.client
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import pytest

from notifications.models import Delivery, Reminder
from tests.fakes.twilio import FakeTwilio
from tests.faults.rig import Rig
from tests.running import until

pytestmark = pytest.mark.django_db(transaction=True)
INBOUND = "/webhooks/twilio/inbound/"


@dataclass
class Phone:
    """Somebody who writes to us on WhatsApp."""

    twilio: FakeTwilio
    address: str
    number: str

    def write(self, text: str, sid: str = "") -> str:
        """What they read; nothing where nothing is answered."""
        status, body = self.post(text, sid)
        assert status == 200
        return "".join(ET.fromstring(body).itertext())

    def post(self, text: str, sid: str = "", signature: str = "") -> tuple[int, bytes]:
        form, right = self.twilio.inbound(self.address + INBOUND, self.number, text, sid)
        client = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature or right,
        }
        try:
            client.request("POST", INBOUND, urlencode(form), headers)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()


def test_every_command_is_answered_and_obeyed_over_the_wire(rig: Rig) -> None:
    user = rig.person()
    with rig.running() as site:
        rig.until_priced(site, "50000")
        phone = Phone(rig.twilio, site.address, str(user.whatsapp_number))

        def told(way: str, number: int) -> None:
            found = rig.smtp.mails if way == "email" else rig.twilio.messages
            until(lambda: len(found) == number, 30, lambda: f"{found}\n{site.output[-3000:]}")

        assert phone.write("BALANCE").startswith("All portfolios: 50,000.00 USD")
        assert phone.write("PROFIT").startswith("Profit ▲ +49,990.00 USD")
        assert phone.write("STATUS").endswith("No reminder is armed.")
        assert phone.write("PRICE BTC").startswith("Bitcoin (BTC): 50,000.00 USD")
        assert phone.write("HELP").startswith("You can write:\nBALANCE: ")
        assert phone.write("What is this?").startswith("You can write:\nBALANCE: ")

        sid = "SM" + "c" * 32
        assert phone.write("REMIND BTC ABOVE 52000", sid) == (
            "Reminder set: Bitcoin (BTC) rises above 52,000 USD; once. You are told by Toast, E-mail, WhatsApp."
        )
        assert phone.write("REMIND BTC ABOVE 52000", sid) == ""
        assert Reminder.objects.count() == 1
        assert phone.write("LIST") == "1. Bitcoin (BTC) rises above 52,000 USD (now 50,000.00 USD)"
        assert phone.write("SNOOZE 8").startswith("No alerts here until ")
        rig.coingecko.set_price("bitcoin", "53000")
        told("email", 1)
        held = Delivery.objects.filter(transport="whatsapp", held_because__startswith="Snoozed until ")
        until(held.exists, 30, lambda: site.output[-3000:])
        assert not rig.twilio.messages
        assert phone.write("SNOOZE OFF") == "Alerts come here at once again."
        told("whatsapp", 1)
        assert rig.twilio.messages[0].body.startswith("Bitcoin (BTC) ")

        for limit in ("54000", "56000"):
            rig.remind(user, limit)
        assert phone.write("STOP").startswith("You get no more messages here.")
        assert phone.write("BALANCE").startswith("You have stopped messages to this number.")
        rig.coingecko.set_price("bitcoin", "55000")
        told("email", 2)
        refused = Delivery.objects.filter(transport="whatsapp", state="failed", error__startswith="You have sent STOP")
        until(refused.exists, 30, lambda: site.output[-3000:])
        assert phone.write("START") == "You get messages here again. Send HELP to see what you can ask."
        rig.coingecko.set_price("bitcoin", "57000")
        told("whatsapp", 2)

        stranger = Phone(rig.twilio, site.address, "+447700900999")
        assert stranger.write("BALANCE") == (
            f"This number is not linked to an account. Log in at {site.address}/settings/ "
            "and enter it under WhatsApp; you then get a code here."
        )
        assert phone.post("BALANCE", signature="bm9uc2Vuc2U=")[0] == 403
