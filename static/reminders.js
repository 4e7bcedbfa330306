// Has the way to go of each reminder asked for again once the market has moved; the figures come ready from the server.
"use strict";
(() => {
  const REST = 2000; // between two questions
  let askedAt = 0;
  let timer = 0;
  let owed = false;

  function ask() {
    timer = 0;
    if (document.hidden) { owed = true; return; }
    owed = false;
    askedAt = Date.now();
    htmx.trigger(document.body, "marketMoved");
  }

  // A page without figures of its own hears of prices and alerts only. With jitter, as all pages hear at once.
  document.addEventListener("htmx:wsAfterMessage", () => {
    if (!timer) timer = setTimeout(ask, Math.max(0, askedAt + REST - Date.now()) + 300 * Math.random());
  });
  document.addEventListener("visibilitychange", () => { if (owed && !document.hidden && !timer) ask(); });
})();
