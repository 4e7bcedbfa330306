// The form of a transaction: what it comes to, and what the fee may be paid in. Shown only; the server decides both.
"use strict";
(() => {
  // Exact, on whole numbers of the last decimal.
  function decimal(text) {
    if (/^[1-9]\d{0,2},\d{3}$/.test(text.trim())) return null; // 1,234 can be read in two ways
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

  function refresh(event) {
    const form = event.target.closest("[data-transaction]");
    if (form) show(form);
  }

  function prepare() {
    for (const form of document.querySelectorAll("[data-transaction]")) {
      form.querySelector(".outcome").hidden = false;
      show(form);
    }
  }

  document.addEventListener("input", refresh);
  document.addEventListener("change", refresh);
  document.addEventListener("htmx:afterSwap", prepare);
  prepare();
})();
