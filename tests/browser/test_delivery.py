"""How alerts reach people, at a real browser: push messages, test messages, many toasts, links in mails."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import NewPerson
from tests.browser.world import Person, World, person, world
from tests.fakes.push import Browser as Subscriber
from tests.fakes.push import FakePush
from tests.running import until

# The push service of the browser's maker can't be had here: the browser is lent the subscription of a local one.
LEND = """(subscription) => {
  if (!('PushManager' in self)) return;
  const lent = {
    endpoint: subscription.endpoint,
    toJSON: () => subscription,
    unsubscribe: async () => localStorage.removeItem('lent') || true,
  };
  PushManager.prototype.subscribe = async (options) => {
    if (new Uint8Array(options.applicationServerKey).length !== 65) throw new Error('not a key');
    localStorage.setItem('lent', '1');
    return lent;
  };
  PushManager.prototype.getSubscription = async () => localStorage.getItem('lent') ? lent : null;
}"""


@pytest.fixture(scope="module")
def push() -> Iterator[FakePush]:
    with FakePush() as fake:
        yield fake


@pytest.fixture(scope="module")
def the_world(tmp_path_factory: pytest.TempPathFactory, push: FakePush) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("site"), PUSH_HOSTS=push.origin) as made:
        yield made


def lend(who: Person, subscriber: Subscriber) -> None:
    who.page.context.add_init_script(f"({LEND})({json.dumps(subscriber.subscription)})")


def state(who: Person, name: str) -> None:
    expect(who.page.locator("#push")).to_have_attribute("data-push", name)


def test_a_browser_is_asked_only_on_a_click_and_then_gets_push_messages(
    the_world: World, somebody: Person, push: FakePush
) -> None:
    subscriber = push.browser()
    lend(somebody, subscriber)
    page = somebody.page
    page.context.grant_permissions(["notifications"], origin=the_world.address)
    somebody.go("/settings/delivery/")
    state(somebody, "off")
    ready = "navigator.serviceWorker.ready"
    assert page.evaluate(f"async () => (await (await {ready}).pushManager.getSubscription()) === null")
    page.get_by_role("button", name="Allow push messages here").click()
    state(somebody, "on")
    expect(page.get_by_text("This browser", exact=True)).to_be_visible()
    assert page.evaluate("async () => (await navigator.serviceWorker.ready).scope") == f"{the_world.address}/"
    page.get_by_role("button", name="Send a test message by Push message").click()
    expect(page.get_by_text("The push service took it")).to_be_visible()
    assert subscriber.messages[0]["title"] == "Test message from Tickfolio"

    somebody.has_price("bitcoin", "50000")
    somebody.add_reminder("50100")
    the_world.coingecko.set_price("bitcoin", "50200")
    until(lambda: len(subscriber.messages) == 2, 20, lambda: the_world.site.output)
    told = subscriber.messages[1]
    assert told["title"] == "Bitcoin (BTC) is above 50,100 USD"
    somebody.go(told["path"])
    expect(page.get_by_role("heading", name=told["title"])).to_be_visible()

    somebody.go("/settings/delivery/")
    page.get_by_role("button", name="Stop push messages here").click()
    state(somebody, "off")
    expect(page.locator("[data-endpoint]")).to_have_count(0)
    assert somebody.complaints == []


def test_a_push_message_is_shown_once_per_tag_by_the_service_worker(the_world: World, somebody: Person) -> None:
    page = somebody.page
    page.context.grant_permissions(["notifications"], origin=the_world.address)
    somebody.go("/settings/delivery/")
    page.evaluate("async () => { await navigator.serviceWorker.register('/service-worker.js'); }")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    displayed: list[object] = []
    session.on("BackgroundService.backgroundServiceEventReceived", lambda event: displayed.append(event))
    session.send("BackgroundService.setRecording", {"shouldRecord": True, "service": "notifications"})
    session.send("BackgroundService.startObserving", {"service": "notifications"})
    session.send("ServiceWorker.enable")
    until(lambda: page.title() and found, 10)
    told = {"title": "Bitcoin is above 50,100 USD", "body": "It rose.", "path": "/alerts/7/", "tag": "t-1"}
    for body in (json.dumps(told), json.dumps({**told, "body": "It rose again."}), "no JSON"):
        session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": the_world.address, "registrationId": found[0], "data": body},
        )
    # Chromium forgets a notification that it is asked for while it is about to display it: ask when all are there.
    until(lambda: page.title() and len(displayed) == 3, 10, lambda: str(displayed))
    shown = """async () => {
      const shown = await (await navigator.serviceWorker.ready).getNotifications();
      return shown.map((one) => [one.title, one.body, one.data]);
    }"""
    assert sorted(page.evaluate(shown)) == [
        ["Bitcoin is above 50,100 USD", "It rose again.", {"path": "/alerts/7/"}],
        ["Tickfolio", "There is a new alert.", {"path": "/alerts/"}],
    ]
    assert somebody.complaints == []


# What a push service sends when it has ended a subscription; a browser need not say which one that was.
ENDED = """async (subscription) => {
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || options.applicationServerKey.length !== 87) throw new Error('not a key');
    return { toJSON: () => subscription };
  };
  const event = new Event('pushsubscriptionchange');
  let renewed;
  event.waitUntil = (work) => { renewed = work; };
  self.dispatchEvent(event);
  await renewed;
}"""


def test_the_service_worker_renews_a_subscription_that_has_ended_also_signed_out(
    the_world: World, somebody: Person, push: FakePush
) -> None:
    ended, second, third = push.browser(), push.browser(), push.browser()
    lend(somebody, ended)
    page = somebody.page
    page.context.grant_permissions(["notifications"], origin=the_world.address)
    somebody.go("/settings/delivery/")
    page.get_by_role("button", name="Allow push messages here").click()
    state(somebody, "on")
    until(lambda: page.evaluate("async () => !!await caches.match('/push-subscription')"), 10)
    signed_in = page.context.cookies()
    page.context.clear_cookies()
    (worker,) = page.context.service_workers
    for fresh in (second, third):
        worker.evaluate(ENDED, fresh.subscription)
    page.context.add_cookies(
        [{"name": one["name"], "value": one["value"], "url": the_world.address} for one in signed_in]
    )
    somebody.go("/settings/delivery/")
    expect(page.locator("[data-endpoint]")).to_have_count(1)
    expect(page.locator("[data-endpoint]")).to_have_attribute("data-endpoint", third.endpoint)
    page.get_by_role("button", name="Send a test message by Push message").click()
    until(lambda: third.messages, 10)
    assert not ended.messages
    assert not second.messages
    assert somebody.complaints == []


def test_a_browser_that_has_blocked_notifications_says_so(the_world: World, somebody: Person) -> None:
    somebody.page.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    somebody.go("/settings/delivery/")
    state(somebody, "denied")
    expect(somebody.page.get_by_role("button", name="Allow push messages here")).to_be_hidden()
    assert somebody.complaints == []


def test_a_browser_without_a_push_service_says_that_it_did_not_work(the_world: World, somebody: Person) -> None:
    page = somebody.page
    page.context.grant_permissions(["notifications"], origin=the_world.address)
    page.add_init_script("PushManager.prototype.subscribe = async () => { throw new Error('No push service.'); }")
    somebody.go("/settings/delivery/")
    page.get_by_role("button", name="Allow push messages here").click()
    expect(page.get_by_text("that didn't work. No push service.")).to_be_visible()
    expect(page.get_by_role("button", name="Allow push messages here")).to_be_enabled()
    assert somebody.complaints == []


def test_the_page_works_without_scripts_and_by_the_keyboard(
    the_world: World, browser: Browser, somebody: Person
) -> None:
    somebody.confirm_address()
    signed_in = somebody.page.context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=signed_in) as context:
        page = context.new_page()
        page.goto(f"{the_world.address}/settings/delivery/")
        expect(page.get_by_text("needs scripts for push messages")).to_be_visible()
        button = page.get_by_role("button", name="Send a test message by E-mail")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("The mail server took it")).to_be_visible()
        page.get_by_label("From").fill("22:00")
        page.get_by_label("To", exact=True).fill("07:00")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Quiet hours of new reminders saved.")).to_be_visible()
    assert [mail.subject for mail in the_world.smtp.to(somebody.email)][-1] == "Test message from Tickfolio"


def test_a_test_toast_shows_in_the_other_tab_too(somebody: Person) -> None:
    other = somebody.page.context.new_page()
    other.goto(f"{somebody.world.address}/market/")
    expect(other.locator("[data-live=on]")).to_be_visible(timeout=15_000)
    somebody.go("/settings/delivery/")
    somebody.page.get_by_role("button", name="Send a test message by Toast").click()
    expect(other.locator(".toast")).to_contain_text("Test message from Tickfolio")
    other.locator(".toast").get_by_role("button", name="Close").click()
    expect(other.locator(".toast")).to_have_count(0)
    expect(somebody.page.get_by_text("Shown in your open pages.")).to_be_visible()


def test_twenty_alerts_at_once_leave_the_page_usable(the_world: World, new_person: NewPerson) -> None:
    somebody = new_person()
    somebody.sign_up()
    page = somebody.page
    somebody.has_price("bitcoin", "50000")
    somebody.go("/settings/#tokens")
    page.locator("#tokens [name=name]").fill("script")
    page.get_by_role("button", name="Create token").click()
    token = re.search(r"tf_[\w-]+", page.locator("main").inner_html())
    assert token
    with httpx.Client(headers={"Authorization": f"Bearer {token[0]}"}) as client:
        for n in range(20):
            answer = client.post(
                f"{the_world.address}/api/v1/reminders",
                json={"kind": "price_above", "asset": "bitcoin", "limit": str(50100 + n), "transports": ["toast"]},
            )
            assert answer.status_code == 201, answer.text
    somebody.go("/")
    expect(page.locator("[data-live=on]")).to_be_visible()
    the_world.coingecko.set_price("bitcoin", str(Decimal(50200)))
    expect(page.locator("#toasts .toast")).to_have_count(20, timeout=20_000)
    expect(page.locator("#toasts .toast:visible")).to_have_count(3)
    expect(page.locator(".toasts-more")).to_have_text("and 17 more: show all alerts")
    page.locator("#toasts .toast:visible .btn-close").last.click()
    expect(page.locator(".toasts-more")).to_have_text("and 16 more: show all alerts")
    box = page.locator("#toasts").bounding_box()
    assert box is not None
    assert box["height"] < 900 * 0.75
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#toasts .toast:visible")).to_have_count(1)
    expect(page.locator(".toasts-more")).to_have_text("and 18 more: show all alerts")
    page.reload()
    expect(page.locator(".toasts-more")).to_have_text("and 18 more: show all alerts")
    page.locator(".toasts-more").click()
    expect(page).to_have_url(re.compile(r"/alerts/$"))
    with page.expect_navigation():
        page.get_by_role("button", name="Mark all as seen").click()
    page.reload()
    expect(page.locator("#toasts > *")).to_have_count(0)
    assert somebody.complaints == []


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_a_toast_over_an_open_form_can_be_closed_and_the_form_stays(
    the_world: World, new_person: NewPerson, size: tuple[int, int]
) -> None:
    somebody = new_person()
    somebody.sign_up()
    page = somebody.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    somebody.has_price("bitcoin", "50000")
    somebody.add_reminder("52000")
    somebody.go("/reminders/")
    expect(page.locator("[data-live=on]")).to_be_attached()
    page.locator("a[href='/reminders/add/']").locator("visible=true").first.click()
    limit = page.locator("#dialog [name=limit]")
    limit.fill("61234.5")
    the_world.coingecko.set_price("bitcoin", "52500")
    toast = page.locator("#dialog .toast[data-alert]")
    expect(toast).to_be_visible(timeout=20_000)
    toast.get_by_role("button").click()
    expect(toast).to_have_count(0)
    expect(limit).to_have_value("61234.5")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("body > #toasts")).to_be_attached()
    page.keyboard.press("?")
    expect(page.locator("#help #toasts")).to_be_attached()
    assert somebody.complaints == []


def test_the_link_in_a_mail_works_signed_out(the_world: World, new_person: NewPerson, browser: Browser) -> None:
    somebody = new_person()
    somebody.sign_up()
    somebody.confirm_address()
    somebody.go("/settings/delivery/")
    somebody.page.get_by_role("button", name="Send a test message by E-mail").click()
    mails = until(lambda: [m for m in the_world.smtp.to(somebody.email) if "Test message" in m.subject], 15)
    found = re.search(r"https?://\S+/unsubscribe/\S+", mails[0].text)
    assert found
    with person(the_world, browser, "stranger") as stranger:
        stranger.page.goto(found[0])
        stranger.page.get_by_role("button", name="No e-mail alerts at all").click()
        expect(stranger.page.get_by_role("heading", name="No more e-mail alerts")).to_be_visible()
        assert stranger.complaints == []
    somebody.go("/settings/delivery/")
    expect(somebody.page.locator("[data-way=email]")).to_have_attribute("data-state", "off")
    somebody.page.get_by_role("button", name="Switch E-mail on again").click()
    expect(somebody.page.locator("[data-way=email]")).to_have_attribute("data-state", "ready")
