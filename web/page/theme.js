// Light or dark: as the system has it, or as somebody chose.

import { byId } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";

/** Browsers may forbid pages to keep anything; then the theme is chosen anew each time. */
function remembered(chosen) {
  try {
    if (chosen) localStorage.setItem("milopt-theme", chosen);
    return localStorage.getItem("milopt-theme");
  } catch {
    return chosen;
  }
}

function set(wanted) {
  theme = THEMES.includes(wanted) ? wanted : "auto";
  document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
  byId("theme").textContent = `Theme: ${theme}`;
  changed();
}

let changed = () => {};

/** Calls back whenever it changes. */
export function startTheme(back) {
  set(remembered());
  system.addEventListener("change", () => set(theme));
  byId("theme").onclick = () => {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remembered(next);
    set(next);
  };
  changed = back;
}
