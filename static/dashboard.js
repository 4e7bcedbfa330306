// What the dashboard says a second time follows the table: copies of cells, the ring of the allocation, the best and the
// worst of the day. And which columns the table shows. Every figure comes ready from the table's own cells.
"use strict";
(() => {
  const EVERY = 2000;
  const NAME = "tickfolio-columns-left-out";
  const table = () => document.querySelector('[data-table="holdings"]');
  const exact = (row, field) => {
    const cell = row.querySelector(`[data-field="${field}"]`);
    return cell && cell.dataset.value ? Number(cell.dataset.value) : null;
  };
  const say = (element, words) => { if (element.textContent !== words) element.textContent = words; };
  const set = (element, name, value) => { if (element.getAttribute(name) !== value) element.setAttribute(name, value); };

  function copy(element, cell) {
    say(element, cell.textContent);
    set(element, "title", cell.title);
    const tone = ["gain", "loss"].find((name) => cell.classList.contains(name));
    set(element, "class", tone ? `num ${tone}` : "num");
  }

  function copyAll() {
    for (const element of document.querySelectorAll("[data-copy-of]")) {
      const cell = document.getElementById(element.dataset.copyOf);
      if (cell) copy(element, cell);
    }
  }

  // Names a coin as the table's row does.
  function name(link, row) {
    const [named] = row.querySelectorAll("a.name");
    set(link, "href", named.getAttribute("href"));
    set(link, "title", named.textContent);
    say(link, named.textContent);
  }

  function spread() {
    const ring = document.querySelector(".donut");
    const grid = table();
    if (!ring || !grid) return;
    const rows = [...grid.tBodies[0].rows].map((row) => [exact(row, "share"), row]).filter(([share]) => share > 0);
    rows.sort(([one], [other]) => other - one);
    const arcs = [...ring.querySelectorAll("[data-part]")];
    const items = [...document.querySelectorAll(".legend [data-part]")];
    const named = arcs.filter((arc) => arc.dataset.rest === undefined).length;
    let start = 0;
    arcs.forEach((arc, index) => {
      const row = index < named && rows[index];
      const share = row ? row[0] : rows.slice(named).reduce((sum, [one]) => sum + one, 0);
      set(arc, "stroke-dasharray", `${share.toFixed(2)} ${(100 - share).toFixed(2)}`);
      set(arc, "stroke-dashoffset", `-${start.toFixed(2)}`);
      start += share;
      const says = items[index].querySelector(".num");
      if (!row) return say(says, `${share.toFixed(2)} %`);
      name(items[index].querySelector("a"), row[1]);
      return say(says, row[1].querySelector('[data-field="share"]').textContent);
    });
  }

  function movers() {
    const grid = table();
    if (!grid) return;
    const known = [...grid.tBodies[0].rows]
      .map((row) => [exact(row, "change_24h"), row])
      .filter(([change, row]) => change !== null && exact(row, "value"));
    const most = (sign) => known.reduce((best, one) => (sign * one[0] > (best ? sign * best[0] : 0) ? one : best), null);
    for (const [which, sign] of [["best", 1], ["worst", -1]]) {
      const place = document.querySelector(`[data-mover="${which}"]`);
      if (!place) continue;
      const found = most(sign);
      const [link, says] = [place.querySelector(".name"), place.querySelector(".num")];
      if (!found) { // none has, and the line keeps its room
        link.removeAttribute("href");
        delete says.dataset.copyOf;
        says.className = "num";
        say(link, "");
        say(says, "–");
        continue;
      }
      name(link, found[1]);
      const cell = found[1].querySelector('[data-field="change_24h"]');
      says.dataset.copyOf = cell.id;
      copy(says, cell);
    }
  }

  let last = 0;
  let waiting = 0;
  function follow() {
    copyAll();
    if (document.hidden || waiting) return;
    waiting = setTimeout(() => {
      waiting = 0;
      last = performance.now();
      spread();
      movers();
    }, Math.max(0, last + EVERY - performance.now()));
  }
  document.addEventListener("htmx:wsAfterMessage", follow);

  // A page that was empty has no place yet for what comes with the first holding.
  const wasEmpty = !document.querySelector(".board > .chart, .board > .chart-place");
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (wasEmpty && event.detail.target.id === "holdings" && table()) location.reload();
  });

  // Columns
  const boxes = [...document.querySelectorAll("[data-columns] input")];
  const without = (document.documentElement.dataset.without || "").split(" ");
  for (const box of boxes) {
    box.checked = !without.includes(box.value);
    box.addEventListener("change", () => {
      const left = boxes.filter((one) => !one.checked).map((one) => one.value).join(" ");
      document.documentElement.dataset.without = left;
      try { localStorage.setItem(NAME, left); } catch { /* then it holds for this page */ }
    });
  }
})();
