// Shows push messages while no page is open, opens their alert when they are clicked, and renews an ended subscription.
"use strict";
importScripts("/words.js", "/static/offline.js");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* a message that can't be read still says that there is something */ }
  event.waitUntil(self.registration.showNotification(String(told.title || "Tickfolio"), {
    body: String(told.body || gettext("There is a new alert.")),
    tag: String(told.tag || "tickfolio"),
    data: { path: String(told.path || "/alerts/") },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event.newSubscription)));

// The push service has ended the subscription that push.js kept here. Whoever knows the old one's secret may replace it,
// so this works while its owner is signed out, too.
async function renew(made) {
  const place = await caches.open("push");
  const kept = await place.match("/push-subscription");
  if (!kept) return;
  const { key, renewAt, endpoint, keys } = await kept.json();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = (made || await self.registration.pushManager.subscribe(options)).toJSON();
  const answer = await fetch(renewAt, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ endpoint, auth: keys.auth, subscription }),
  });
  if (answer.ok) await place.put("/push-subscription", Response.json({ key, renewAt, ...subscription }));
}

// In a page that is open already, if there is one; never on another site.
async function open(path) {
  const url = new URL(path, self.location.origin);
  if (url.origin !== self.location.origin) return;
  for (const page of await self.clients.matchAll({ type: "window" })) {
    if (page.url === url.href) {
      await page.focus();
      return;
    }
  }
  await self.clients.openWindow(url.href);
}
