// Tables of figures: sorted by a header, filtered by what is typed, rows that open on a phone. All of it outlives a
// section that the server sends anew.
"use strict";
(() => {
  const sorts = {};
  const words = {};
  const opened = new Set();

  const cell = (row, field) => row.querySelector(`[data-field="${field}"]`);
  const table = (name) => document.querySelector(`[data-table="${name}"]`);

  // Only the order is decided by these numbers; nothing is computed from them.
  function compare(field, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    return (one, other) => {
      const [a, b] = [one, other].map((row) => (cell(row, field) || { dataset: {} }).dataset.value || "");
      if (a === "" || b === "") return (a === "") - (b === "");
      return field === "name" ? sign * a.localeCompare(b) : sign * (Number(a) - Number(b));
    };
  }

  function sort(name) {
    const wanted = sorts[name];
    const grid = table(name);
    if (!wanted || !grid) return;
    for (const head of grid.tHead.rows[0].cells) {
      const button = head.querySelector("[data-sort]");
      if (button && button.dataset.sort === wanted.field) head.setAttribute("aria-sort", wanted.direction);
      else head.removeAttribute("aria-sort");
    }
    const body = grid.tBodies[0];
    body.append(...[...body.rows].sort(compare(wanted.field, wanted.direction)));
  }

  function filter(name) {
    const grid = table(name);
    if (!grid || words[name] === undefined) return;
    const typed = words[name].trim().toLowerCase();
    let shown = 0;
    for (const row of grid.tBodies[0].rows) {
      const text = `${(cell(row, "name") || { textContent: "" }).textContent} ${row.dataset.words}`.toLowerCase();
      const fits = text.includes(typed);
      row.classList.toggle("filtered", !fits);
      shown += fits;
    }
    const nothing = document.querySelector(`[data-nothing="${name}"]`);
    if (nothing) nothing.classList.toggle("d-none", shown > 0);
  }

  function open(row, yes) {
    row.classList.toggle("open", yes);
    const button = row.querySelector(".expand");
    if (button) button.setAttribute("aria-expanded", String(yes));
  }

  function restore() {
    for (const name of Object.keys(sorts)) sort(name);
    for (const name of Object.keys(words)) filter(name);
    for (const id of opened) {
      const element = document.getElementById(id);
      if (!element) continue;
      if (element.tagName === "DETAILS") element.open = true;
      else open(element, true);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sort]");
    if (button) {
      const name = button.closest("table").dataset.table;
      const now = button.closest("th").getAttribute("aria-sort");
      const first = ["name", "rank"].includes(button.dataset.sort) ? "ascending" : "descending";
      const other = first === "ascending" ? "descending" : "ascending";
      sorts[name] = { field: button.dataset.sort, direction: now === first ? other : first };
      sort(name);
      return;
    }
    const row = event.target.closest(".folding tbody tr");
    if (!row || !matchMedia("(max-width: 767.98px)").matches || event.target.closest("a, input, select, details")) return;
    const yes = !row.classList.contains("open");
    open(row, yes);
    if (row.id) yes ? opened.add(row.id) : opened.delete(row.id);
  });
  document.addEventListener("change", (event) => {
    const name = event.target.dataset.sorter;
    if (!name) return;
    const [field, direction] = event.target.value.split(":");
    sorts[name] = { field, direction };
    sort(name);
  });
  document.addEventListener("input", (event) => {
    const name = event.target.dataset.filter;
    if (!name) return;
    words[name] = event.target.value;
    filter(name);
  });
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches("details[id]")) return;
    if (event.target.open) opened.add(event.target.id);
    else if (event.target.isConnected) opened.delete(event.target.id);
  }, true);
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const target = event.detail.target;
    if (target && (target.querySelector("table") || target.id === "holdings")) restore();
  });
  // What the browser kept in a search box when the page was reloaded still holds.
  for (const input of document.querySelectorAll("[data-filter]")) {
    if (input.value) { words[input.dataset.filter] = input.value; filter(input.dataset.filter); }
  }
})();
