// Runs before the first paint: where the person left the choice to the device, take the device's theme; and leave out
// the columns that this browser was told to leave out, so that nothing moves afterwards.
"use strict";
// Words are looked up as Django does it: in English, which they are written in, they are what they are.
window.gettext ||= (text) => text;
window.ngettext ||= (one, many, count) => (count === 1 ? one : many);
window.interpolate ||= (text, facts) => text.replace(/%\((\w+)\)s/g, (_, name) => String(facts[name]));
(() => {
  const root = document.documentElement;
  try { root.dataset.without = localStorage.getItem("tickfolio-columns-left-out") || ""; } catch { /* it keeps nothing */ }
  if (root.dataset.theme !== "system") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follow);
  follow();
})();
