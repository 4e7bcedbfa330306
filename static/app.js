// What every page does: forms in a dialog, messages, menus that close. Figures that move are live.js's business.
"use strict";
(() => {
  const dialog = document.getElementById("dialog");
  const body = document.getElementById("dialog-body");
  let opener = null;

  // A form that htmx has fetched opens in the dialog; without it the same address is a page.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === body && !dialog.open) opener = event.detail.elt;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body) return;
    if (!dialog.open) dialog.showModal();
    const first = body.querySelector(".is-invalid, [autofocus]") || body.querySelector("input:not([type=hidden]), select");
    if (first) first.focus();
  });
  const close = () => {
    if (!dialog || !dialog.open) return;
    dialog.close();
  };
  if (dialog) {
    dialog.addEventListener("close", () => {
      body.replaceChildren();
      if (opener && opener.isConnected) opener.focus();
    });
    dialog.addEventListener("click", (event) => {
      if (!event.target.closest("[data-close]")) return;
      event.preventDefault();
      close();
    });
  }
  document.addEventListener("transactionSaved", (event) => {
    close();
    say(event.detail.text);
    const state = document.getElementById("live-state");
    const live = state && state.dataset.live !== "off";
    if (document.getElementById("holdings") && !live) location.reload();
  });

  // Messages ---------------------------------------------------------------------------------------------------
  function say(text, kind = "") {
    const toast = document.createElement("div");
    toast.className = `toast plain show ${kind}`;
    toast.setAttribute("role", kind ? "alert" : "status");
    const words = document.createElement("p");
    words.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn-close";
    button.setAttribute("aria-label", gettext("Close"));
    button.addEventListener("click", () => toast.remove());
    toast.append(words, button);
    document.getElementById("toasts").append(toast);
    if (!kind) setTimeout(() => toast.remove(), 6000);
  }
  document.addEventListener("htmx:sendError", () => say(gettext("The server can't be reached. What you typed is kept; try again."), "toast-error"));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 403) say(gettext("This page is out of date. Reload it and try again."), "toast-error");
    else say(gettext("That didn't work, and nothing was saved. What you typed is kept; try again."), "toast-error");
  });
  // A session that has ended sends the login page; it belongs in the window, not in a part of a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.responseURL && new URL(event.detail.xhr.responseURL).pathname === "/accounts/login/") {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });

  // What lies behind an open dialog can't be clicked: while one is open, messages are in it.
  for (const each of document.querySelectorAll("dialog")) {
    new MutationObserver(() => (each.open ? each : document.body).append(document.getElementById("toasts")))
      .observe(each, { attributes: true, attributeFilter: ["open"] });
  }

  // What is no alert is closed without telling the server.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#toasts [data-dismiss]");
    if (button) button.closest(".toast").remove();
  });

  // A page shows a few toasts at a time (app.css says how many): the others are counted, and wait behind them.
  const toasts = document.getElementById("toasts");
  const more = document.createElement("a");
  more.className = "toasts-more";
  more.href = "/alerts/";
  function countWaiting() {
    const waiting = [...toasts.children].filter((one) => one !== more && getComputedStyle(one).display === "none").length;
    const words = interpolate(gettext("and %(number)s more: show all alerts"), { number: waiting }, true);
    if (!waiting) more.remove();
    else if (!more.isConnected) toasts.prepend(more);
    if (more.textContent !== words) more.textContent = words;
  }
  new MutationObserver(countWaiting).observe(toasts, { childList: true });
  addEventListener("resize", countWaiting);

  // Menus ------------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Small things -----------------------------------------------------------------------------------------------
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const input of document.querySelectorAll("[data-time-zone]")) input.value = zone || "";
  const hint = document.querySelector("[data-zone-hint]");
  const zoneInput = document.getElementById("id_time_zone");
  if (hint && zone && zoneInput.value !== zone) {
    const button = hint.querySelector("button");
    button.textContent = zone;
    button.addEventListener("click", () => { zoneInput.value = zone; hint.hidden = true; });
    hint.hidden = false;
  }
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = document.querySelector(button.dataset.copy);
      source.select();
      try { await navigator.clipboard.writeText(source.value); } catch { document.execCommand("copy"); }
      button.textContent = gettext("Copied");
    });
  }
  // The service worker tells when the server can't be reached, and shows push messages where they are switched on.
  if (document.body.matches(".signed-in") && "serviceWorker" in navigator && isSecureContext) {
    addEventListener("load", () => navigator.serviceWorker.register("/service-worker.js").catch(() => {}));
  }
  const fault = document.querySelector("main .is-invalid");
  if (fault) fault.focus();
})();
