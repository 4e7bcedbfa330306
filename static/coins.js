// Finding a coin while its name or ticker is typed: [data-combobox] holds the text field and the list of options.
// The coin's id goes to the form's hidden field that data-choice names (else asset_choice), the focus to the field that
// data-next names. Without this script the server makes sense of what was typed.
"use strict";
(() => {
  const parts = (element) => {
    const box = element.closest("[data-combobox]");
    return box && { box, input: box.querySelector("input:not([type=hidden])"), list: box.querySelector("[role=listbox]") };
  };
  const choice = (box, input) => input.form.elements[box.dataset.choice || "asset_choice"];
  const options = (list) => [...list.querySelectorAll("[role=option]")];
  let timer = 0;
  let asked = 0;

  function prepare(root) {
    for (const box of root.querySelectorAll("[data-combobox]")) {
      const { input, list } = parts(box);
      Object.entries({
        role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
      }).forEach(([name, value]) => input.setAttribute(name, value));
    }
  }

  function hide(list, input) {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(list, input, wanted) {
    for (const option of options(list)) option.setAttribute("aria-selected", String(option === wanted));
    if (!wanted) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", wanted.id);
    wanted.scrollIntoView({ block: "nearest" });
  }

  function pick(option) {
    const { box, input, list } = parts(option);
    const { next } = box.dataset;
    input.value = option.dataset.label;
    choice(box, input).value = option.dataset.id;
    hide(list, input);
    input.dispatchEvent(new Event("change", { bubbles: true }));
    if (next) input.form.elements[next].focus();
  }

  async function look(box) {
    const { input, list } = parts(box);
    const typed = input.value.trim();
    const mine = ++asked;
    if (!typed) { hide(list, input); return; }
    let text;
    try {
      const answer = await fetch(`${box.dataset.search}?q=${encodeURIComponent(typed)}`, { headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) return;
      text = await answer.text();
    } catch { return; }
    if (mine !== asked || document.activeElement !== input) return;
    list.innerHTML = text; // our own fragment, escaped by its template
    options(list).forEach((option, n) => { option.id = `${list.id}-${n}`; }); // a page may have several lists
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(list, input, null);
  }

  document.addEventListener("input", (event) => {
    const found = parts(event.target);
    if (!found) return;
    choice(found.box, found.input).value = "";
    clearTimeout(timer);
    timer = setTimeout(look, 200, found.box);
  });
  document.addEventListener("keydown", (event) => {
    const found = parts(event.target);
    if (!found) return;
    const { box, input, list } = found;
    const all = options(list);
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) look(box);
      else if (all.length) mark(list, input, all[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      pick(all[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      hide(list, input);
    }
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-combobox] [role=option]");
    if (!option) return;
    event.preventDefault(); // the text field keeps the focus until the option is picked
    pick(option);
  });
  document.addEventListener("focusout", (event) => {
    const found = parts(event.target);
    if (found) { asked++; clearTimeout(timer); hide(found.list, found.input); }
  });

  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
  prepare(document);
})();
