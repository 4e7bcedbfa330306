// Shows push messages while no page is open, and opens their alert when they are clicked. Keeps nothing, fetches nothing.
"use strict";
importScripts("/static/offline.js");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* a message that can't be read still says that there is something */ }
  event.waitUntil(self.registration.showNotification(String(told.title || "Tickfolio"), {
    body: String(told.body || "There is a new alert."),
    tag: String(told.tag || "tickfolio"),
    data: { path: String(told.path || "/alerts/") },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});

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
