// The form of a transaction: a coin is found while its name is typed, and the total is shown. The server decides both.
"use strict";
(() => {
  // Finding a coin ---------------------------------------------------------------------------------------------
  const parts = (element) => {
    const box = element.closest("[data-combobox]");
    return box && { box, input: box.querySelector("input"), list: box.querySelector("[role=listbox]") };
  };
  const options = (list) => [...list.querySelectorAll("[role=option]")];
  let timer = 0;
  let asked = 0;

  function prepare(root) {
    const all = (selector) => [...(root.matches && root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];
    for (const box of all("[data-combobox]")) {
      const { input, list } = parts(box);
      Object.entries({
        role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
      }).forEach(([name, value]) => input.setAttribute(name, value));
    }
    for (const form of all("[data-transaction]")) {
      form.querySelector(".outcome").hidden = false;
      show(form);
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
    const { input, list } = parts(option);
    const form = input.form;
    input.value = option.dataset.label;
    form.elements.asset_choice.value = option.dataset.id;
    form.dataset.symbol = option.dataset.symbol;
    hide(list, input);
    show(form);
    form.elements.amount.focus();
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
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(list, input, null);
  }

  document.addEventListener("input", (event) => {
    const found = parts(event.target);
    if (found) {
      found.input.form.elements.asset_choice.value = "";
      clearTimeout(timer);
      timer = setTimeout(look, 200, found.box);
    }
    const form = event.target.closest("[data-transaction]");
    if (form) show(form);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-transaction]");
    if (form) show(form);
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

  // What it comes to -------------------------------------------------------------------------------------------
  // Exact, on whole numbers of the last decimal; shown only, the server computes its own.
  function decimal(text) {
    const plain = text.replace(/[\s'’]/g, "").replace(/^(\d*),(\d+)$/, "$1.$2");
    const match = /^(\d{0,20})(?:\.(\d{0,18}))?$/.exec(plain);
    if (!match || !/\d/.test(plain)) return null;
    const decimals = match[2] || "";
    return { units: BigInt((match[1] || "0") + decimals), places: decimals.length };
  }

  function product(a, b) {
    const places = a.places + b.places;
    const digits = (a.units * b.units).toString().padStart(places + 1, "0");
    const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
    const decimals = digits.slice(digits.length - places).replace(/0+$/, "").padEnd(2, "0");
    return `${whole}.${decimals}`;
  }

  function show(form) {
    const fields = form.elements;
    const [amount, price] = [decimal(fields.amount.value), decimal(fields.price.value)];
    const currency = fields.price_currency.value.toUpperCase();
    form.querySelector("output").textContent = amount && price ? `${product(amount, price)} ${currency}` : "–";
    const label = /\(([^()]+)\)$/.exec(fields.asset_id.value.trim());
    const [money, coin] = fields.fee_asset_id.options;
    money.textContent = currency;
    coin.textContent = label ? label[1] : "The coin itself";
  }

  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
  prepare(document);
})();
