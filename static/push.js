// Push messages in this browser: says how they stand, and asks for permission only when its button is pressed.
"use strict";
(() => {
  const place = document.getElementById("push");
  if (!place) return;
  const state = place.querySelector("[data-push-state]");
  const on = place.querySelector("[data-push-on]");
  const off = place.querySelector("[data-push-off]");
  const rows = [...document.querySelectorAll("[data-endpoint]")];
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

  function show(name, words) {
    place.dataset.push = name;
    state.textContent = words;
    on.hidden = name !== "off";
    off.hidden = name !== "on";
  }

  const isSupported = () => isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  async function look() {
    if (!isSecureContext) return show("unsupported", gettext("no push messages, because this page was not opened over https."));
    if (!isSupported()) return show("unsupported", gettext("it can't show push messages."));
    if (Notification.permission === "denied") {
      return show("denied", gettext("you have blocked notifications of this site. Allow them in the browser's own settings first."));
    }
    const subscription = await current();
    const row = subscription && rows.find((one) => one.dataset.endpoint === subscription.endpoint);
    if (!row) return show("off", gettext("shows no push messages yet."));
    row.querySelector("[data-here]").hidden = false;
    await keep(subscription);
    return show("on", gettext("shows push messages."));
  }

  async function current() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    return registration ? registration.pushManager.getSubscription() : null;
  }

  // For the service worker, to which a browser doesn't always say which subscription has ended.
  async function keep(subscription) {
    const { key, renew } = place.dataset;
    const facts = { key, renewAt: renew, ...subscription.toJSON() };
    await (await caches.open("push")).put("/push-subscription", Response.json(facts));
  }

  async function post(url, facts) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(facts),
    });
    if (answer.ok) return;
    const said = answer.headers.get("Content-Type") === "application/json" ? (await answer.json()).detail : "";
    throw new Error(said || gettext("The server did not take it. Reload the page and try again."));
  }

  async function allow() {
    // The question comes first: browsers want it to follow the click.
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return look();
    const registration = await navigator.serviceWorker.register("/service-worker.js");
    await navigator.serviceWorker.ready;
    const old = await registration.pushManager.getSubscription();
    if (old) await old.unsubscribe(); // it may have been made with another key
    const subscription = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(place.dataset.key),
    });
    await post(place.dataset.subscribe, subscription.toJSON());
    return location.reload();
  }

  async function stop() {
    const subscription = await current();
    if (subscription) {
      await post(place.dataset.unsubscribe, { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
    }
    await caches.delete("push");
    return location.reload();
  }

  function bytes(base64url) {
    const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  }

  function pressed(button, work) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await work();
      } catch (error) {
        // The browser's own push service can be away or switched off; its reason is all there is to tell.
        show("off", interpolate(gettext("that didn't work. %(reason)s"), { reason: error.message }, true));
      }
      button.disabled = false;
    });
  }

  pressed(on, allow);
  pressed(off, stop);
  look();
})();
