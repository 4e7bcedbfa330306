// Part of the service worker: a page that says so where the server can't be reached. Nothing else is kept, no figure is
// ever shown that the server didn't send just now.
"use strict";
(() => {
  const KEPT = "offline-2";
  const PAGE = "/offline/";
  const FILES = [PAGE, "/static/theme.js", "/static/app.css", "/static/vendor/bootstrap/bootstrap.min.css", "/static/favicon.svg"];

  self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
  });

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    const url = new URL(request.url);
    if (url.origin !== self.location.origin) return;
    if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => kept(PAGE)));
    else if (FILES.includes(url.pathname)) event.respondWith(fetch(request).catch(() => kept(url.pathname)));
  });

  async function kept(path) {
    const cache = await caches.open(KEPT);
    return (await cache.match(path)) || Response.error();
  }
})();
