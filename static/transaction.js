// The form of a transaction: what it comes to, the words of the chosen kind, and what the fee may be paid in. Shown only;
// the server decides. Which fields are shown is the style sheet's business.
"use strict";
(() => {
  // Exact, on whole numbers of the last decimal.
  function decimal(text) {
    if (mark("decimal") === ",") text = text.replace(/[,.]/g, (sign) => (sign === "," ? "." : ","));
    if (/^[1-9]\d{0,2},\d{3}$/.test(text.trim())) return null; // 1,234 can be read in two ways
    const plain = text.replace(/[\s'’]/g, "").replace(/^(\d*),(\d+)$/, "$1.$2");
    const match = /^(\d{0,20})(?:\.(\d{0,18}))?$/.exec(plain);
    if (!match || !/\d/.test(plain)) return null;
    const decimals = match[2] || "";
    return { units: BigInt((match[1] || "0") + decimals), places: decimals.length };
  }

  // What stands between thousands and before decimals where the reader lives.
  const marks = new Intl.NumberFormat(document.documentElement.dataset.locale || "en-GB", { useGrouping: true }).formatToParts(1234567.8);
  const mark = (type) => marks.find((part) => part.type === type)?.value || "";

  function product(a, b) {
    const places = a.places + b.places;
    const digits = (a.units * b.units).toString().padStart(places + 1, "0");
    const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, mark("group"));
    const decimals = digits.slice(digits.length - places).replace(/0+$/, "").padEnd(2, "0");
    return `${whole}${mark("decimal")}${decimals}`;
  }

  function show(form) {
    const fields = form.elements;
    const [amount, price] = [decimal(fields.amount.value), decimal(fields.price.value)];
    const currency = fields.price_currency.value.toUpperCase();
    form.querySelector("output").textContent = amount && price ? `${product(amount, price)} ${currency}` : "–";
    form.querySelector(".outcome").hidden = !["buy", "sell"].includes(fields.type.value);
    name(form, JSON.parse(form.dataset.wordings)[fields.type.value]);
    offer(fields, currency);
  }

  function name(form, words) {
    form.querySelector("[data-hint]").textContent = words.hint;
    for (const [field, text] of Object.entries(words.names)) {
      const label = form.querySelector(`label[for="${form.elements[field].id}"]`);
      if (label.firstChild.textContent.trim() !== text) label.firstChild.textContent = text;
    }
  }

  // What the fee can be paid in: money, one of the coins named above, or another.
  function offer(fields, currency) {
    const ticker = (field) => /\(([^()]+)\)$/.exec(field.value.trim())?.[1];
    const choices = Object.fromEntries([...fields.fee_asset_id.options].map((option) => [option.value, option]));
    const second = fields.counter_asset_id.offsetParent !== null;
    choices[""].textContent = currency;
    choices["@coin"].textContent = ticker(fields.asset_id) || gettext("The coin itself");
    choices["@counter"].textContent = ticker(fields.counter_asset_id) || gettext("The coin that you got");
    choices["@counter"].hidden = choices["@counter"].disabled = !second;
    if (!second && choices["@counter"].selected) fields.fee_asset_id.value = "";
  }

  function refresh(event) {
    const form = event.target.closest("[data-transaction]");
    if (form) show(form);
  }

  function prepare() {
    for (const form of document.querySelectorAll("[data-transaction]")) {
      show(form);
    }
  }

  document.addEventListener("input", refresh);
  document.addEventListener("change", refresh);
  document.addEventListener("htmx:afterSwap", prepare);
  prepare();
})();
