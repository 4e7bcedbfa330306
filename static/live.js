// What moves: puts the cells that the socket sends in their places, keeps it connected, says how old prices are.
// Nothing is computed here: every figure comes ready from the server.
"use strict";
(() => {
  const SIGNED_OUT = 4401;
  const REPORT_EVERY = 4; // frames; the server holds back what is more than sixteen ahead of the reports
  const MOST_FADES = 10; // changes in a second
  const ASLEEP = 10_000;
  const ANSWER_WITHIN = 5_000;
  const FADING = '[data-field="price"], [data-field="value"], [data-total="value"]';

  const place = document.getElementById("live-socket");
  if (!place) return;
  let socket = null;
  let wrapper = null;
  let attempts = 0;
  let frames = 0;
  let reported = 0;
  let ended = false;
  let hiddenAt = 0;
  let answer = null;
  const alerts = new Set();
  const title = document.title;

  // Connection -------------------------------------------------------------------------------------------------

  // With jitter, so that a thousand pages don't come back at once; soon enough to be live again within ten seconds.
  const pause = (attempt) => Math.min(5000, 500 * 2 ** attempt) * (0.25 + 0.75 * Math.random());
  htmx.config.wsReconnectDelay = pause;
  // A page whose sections are built as the server would build them now needs only the cells.
  const mark = () => document.querySelector("[data-mark]")?.dataset.mark || "";
  // Coins that were found are told by name; else the market shows those that the server lists.
  const found = () => [...document.querySelectorAll("#market[data-found] [data-coin]")].map((row) => row.dataset.coin);
  htmx.createWebSocket = (url) => {
    const address = new URL(url, location.href);
    if (mark()) address.searchParams.set("has", mark());
    if (found().length) address.searchParams.set("shows", found());
    socket = new WebSocket(address);
    return socket;
  };
  const isOpen = () => socket && socket.readyState === WebSocket.OPEN;
  const say = (report) => { if (isOpen()) socket.send(JSON.stringify(report)); };

  function reconnect() {
    if (!ended && wrapper && !(socket && socket.readyState === WebSocket.CONNECTING)) wrapper.reconnect();
  }

  place.addEventListener("htmx:wsOpen", (event) => {
    // Something may have been bought while this page heard nothing of it.
    if (wrapper) htmx.trigger(document.body, "positionsChanged");
    wrapper = event.detail.socketWrapper;
    frames = reported = attempts = 0;
  });

  place.addEventListener("htmx:wsClose", (event) => {
    const { code, target } = event.detail.event;
    wrapper = event.detail.socketWrapper || wrapper;
    if (target !== socket) return;
    if (code >= 4400 && code < 4500) {
      ended = true;
      if (code === SIGNED_OUT) signOut();
      else show(code === 4429 ? gettext("Too many pages are open") : gettext("This page is gone"));
      return;
    }
    show(gettext("Reconnecting"));
    // The extension itself comes back after these; after all others it would not.
    if (![1006, 1011, 1012, 1013].includes(code)) setTimeout(reconnect, pause(attempts++));
  });

  // A page that nobody has typed into goes where the server sends strangers; else what was typed stays.
  function signOut() {
    const changed = (field) => (/^(checkbox|radio)$/.test(field.type)
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue);
    const typed = [...document.querySelectorAll("form :is(input, textarea)")].some(
      (field) => field.type !== "hidden" && field.type !== "search" && changed(field),
    );
    const key = "tickfolio-signed-out";
    const again = Date.now() - Number(sessionStorage.getItem(key) || 0) < 30_000;
    if (!typed && !again) {
      sessionStorage.setItem(key, String(Date.now()));
      location.reload();
      return;
    }
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = gettext("Signed out. Sign in again");
    const state = show("");
    if (state) state.replaceChildren(link);
  }

  function show(words) {
    const state = document.getElementById("live-state");
    if (!state) return null;
    state.dataset.live = "off";
    state.removeAttribute("title");
    const label = document.createElement("span");
    label.className = "label";
    label.textContent = words;
    state.replaceChildren(label);
    return state;
  }

  // A page that slept may hold a socket that is dead without knowing it.
  function wake() {
    if (!isOpen()) return reconnect();
    if (Date.now() - hiddenAt < ASLEEP) return undefined;
    say({ state: true, has: mark() });
    clearTimeout(answer);
    answer = setTimeout(reconnect, ANSWER_WITHIN);
    return undefined;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else wake();
  });
  addEventListener("online", () => { hiddenAt = 0; wake(); });
  addEventListener("pageshow", (event) => { if (event.persisted) { hiddenAt = 0; wake(); } });

  // A part that was fetched may have been overtaken on its way by what the socket has sent.
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    const isMarket = target?.id === "market";
    if (isMarket || target?.querySelector?.("[data-field], [data-total]")) {
      say({ state: true, has: mark(), ...(isMarket && { shows: found() }) });
    }
  });

  // Frames -----------------------------------------------------------------------------------------------------

  place.addEventListener("htmx:wsAfterMessage", () => {
    clearTimeout(answer);
    frames += 1;
    if (frames === 1 || frames - reported >= REPORT_EVERY) {
      reported = frames;
      say({ seen: frames });
    }
    nameTab();
    tellAges();
  });

  let fades = { since: 0, count: 0 };
  function mayFade(count) {
    const now = performance.now();
    if (now - fades.since > 1000) fades = { since: now, count: 0 };
    fades.count += count;
    return fades.count <= MOST_FADES && !document.hidden;
  }

  // Frames leave out of a cell what the page has or what follows from the rest of it, to be short.
  const isShort = (cell) => cell.id !== "live-state" && !cell.classList.contains("num");
  const toneOf = (words) => ({ "▲": "gain", "▼": "loss" })[words[0]];
  const titleOf = (cell) => [cell.dataset.value, cell.dataset.by].filter(Boolean).join(", ");

  // Written over in place, which costs least: there may be thousands in a second.
  function writeOver(cell, sent) {
    for (const name of ["data-value", "data-by", "data-at"]) {
      const value = sent.getAttribute(name);
      if (value === null) cell.removeAttribute(name);
      else cell.setAttribute(name, value);
    }
    const words = sent.textContent;
    if (cell.dataset.value) cell.title = titleOf(cell);
    else cell.removeAttribute("title");
    const classes = ["num", toneOf(words), sent.className].filter(Boolean).join(" ");
    if (cell.className !== classes) cell.className = classes;
    const text = cell.firstChild;
    if (text && text === cell.lastChild && text.nodeType === Node.TEXT_NODE) text.data = words;
    else cell.textContent = words;
  }

  // A price tells its age to whoever points at it; the title is written then, for it changes every second.
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest?.("[data-at]");
    if (!cell) return;
    const age = ago(Date.now() - Number(cell.dataset.at) * 1000);
    cell.title = [cell.dataset.value, cell.dataset.by, age].filter(Boolean).join(", ");
  });

  // Puts cells in place one by one: htmx would walk all of them again for each. What is left of the frame is htmx's.
  function swapCells(html) {
    const frame = document.createElement("template");
    frame.innerHTML = html;
    const sent = frame.content;
    const bringsSections = sent.querySelector("section") !== null;
    const moved = [];
    for (const element of [...sent.children]) {
      if (element.id === "live-state" || (element.id && element.dataset.value !== undefined)) {
        element.remove();
        // Sections in the same frame are older than the cells that follow them.
        const inside = bringsSections && sent.querySelector(`section [id="${element.id}"]`);
        const current = inside || document.getElementById(element.id);
        if (!current) continue;
        const [before, after] = [current.dataset.value, element.dataset.value];
        const shown = isShort(element) ? current : element;
        if (shown === current) writeOver(current, element);
        else current.replaceWith(element);
        if (!inside && before && after && before !== after && shown.matches(FADING)) {
          moved.push([shown, Number(after) > Number(before) ? "up" : "down"]);
        }
      } else if (element.hasAttribute("data-positions-changed")) {
        element.remove();
        htmx.trigger(document.body, "positionsChanged");
      } else if (element.hasAttribute("data-currency-changed")) {
        element.remove();
        location.reload();
      } else if (isKnownAlert(element) || !hasPlace(element)) {
        element.remove();
      }
    }
    if (moved.length && mayFade(moved.length)) {
      for (const [cell, way] of moved) {
        const anew = cell.cloneNode(true); // so that it fades again, whether or not it still does
        anew.classList.add(way);
        cell.replaceWith(anew);
      }
    }
    return frame.innerHTML;
  }

  const hasPlace = (element) => element.hasAttribute("hx-swap-oob") || document.getElementById(element.id);

  // An alert that is announced twice is shown once. What a page is greeted with replaces what it shows, and stays whole.
  function isKnownAlert(element) {
    const toasts = [...element.querySelectorAll(".toast[data-alert]")];
    const added = (element.getAttribute("hx-swap-oob") || "").startsWith("beforeend");
    for (const toast of toasts) {
      if (added && alerts.has(toast.dataset.alert)) toast.remove();
      alerts.add(toast.dataset.alert);
    }
    return toasts.length > 0 && !element.querySelector(".toast");
  }

  htmx.defineExtension("live", { transformResponse: swapCells });

  // Time -------------------------------------------------------------------------------------------------------

  // The words of dashboard.formats.format_age.
  function ago(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    const say = (words, number) => interpolate(words, { number: Math.floor(number) }, true);
    if (seconds >= 86400) return say(gettext("%(number)s d ago"), seconds / 86400);
    if (seconds >= 3600) return say(gettext("%(number)s h ago"), seconds / 3600);
    if (seconds >= 60) return say(gettext("%(number)s min ago"), seconds / 60);
    return say(gettext("%(number)s s ago"), seconds);
  }

  function tellAges() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const words = ago(Date.now() - Date.parse(time.dateTime));
      if (time.textContent !== words) time.textContent = words;
    }
  }

  function nameTab() {
    const total = document.getElementById("t-value");
    const named = total && total.dataset.value ? `${total.textContent} · ${title}` : title;
    if (document.title !== named) document.title = named;
  }

  setInterval(tellAges, 1000);
  nameTab();
  tellAges();
})();
