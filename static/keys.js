// Keys for what is done often: / searches, n adds a transaction, r a reminder, ? tells of them. Whoever is disturbed by
// them switches them off in that dialog; this browser remembers.
"use strict";
(() => {
  const OFF = "tickfolio-keys-off";
  const help = document.getElementById("help");
  if (!help) return;
  const box = help.querySelector("[data-keys-on]");
  try { box.checked = localStorage.getItem(OFF) !== "yes"; } catch { /* then they are on */ }
  box.addEventListener("change", () => {
    try { localStorage.setItem(OFF, box.checked ? "no" : "yes"); } catch { /* then it holds for this page */ }
  });
  for (const button of document.querySelectorAll("[data-help]")) {
    button.addEventListener("click", () => {
      const menu = button.closest("details");
      if (menu) menu.open = false;
      help.showModal();
    });
  }
  help.addEventListener("click", (event) => {
    if (event.target === help || event.target.closest("[data-close]")) help.close();
  });

  const writes = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const visible = (selector) => [...document.querySelectorAll(selector)].find((one) => one.offsetParent !== null);

  // Where the page has such a link itself, it knows more: which coin, which portfolio.
  function open(path) {
    const link = visible(`main a[href^="${path}"]`) || help.querySelector(`a[href="${path}"]`);
    if (link.hasAttribute("hx-get")) htmx.ajax("GET", link.getAttribute("hx-get"), { target: "#dialog-body", source: link });
    else location.assign(link.href);
  }

  const deeds = {
    "/": () => {
      const field = visible("main input[type=search]");
      if (field) field.focus();
      else location.assign(help.querySelector("[data-search]").href);
    },
    n: () => open(help.dataset.newTransaction),
    r: () => open(help.dataset.newReminder),
    "?": () => help.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const deed = deeds[event.key];
    if (!deed || !box.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    if (writes(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    deed();
  });
})();
