// Small tools to put things on the page. Texts go in as text, whatever is in them.

export const byId = (id) => document.getElementById(id);

/** An element with properties (`class`, `onclick`, attributes) and children (elements or texts). */
export function el(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return made;
}

export const whole = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
export const plural = (count, what) => `${whole(count)} ${what}${count === 1 ? "" : "s"}`;

export function bytes(count) {
  const units = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];
  const [size, unit] = units.find(([size]) => count >= size) ?? [1, count === 1 ? "byte" : "bytes"];
  return `${size === 1 ? count : Number((count / size).toPrecision(3))} ${unit}`;
}

export function milliseconds(ms) {
  if (ms === 0) return "0 ms";
  return ms >= 0.1 ? `${Number(ms.toPrecision(3))} ms` : `${Number((1000 * ms).toPrecision(2))} µs`;
}

/** Only all is 100 %, only nothing is 0. */
export function percent(part, all) {
  const share = all ? part / all : 0;
  return `${share <= 0 ? 0 : share >= 1 ? 100 : Math.min(99.9, Math.max(0.1, Math.round(1000 * share) / 10))} %`;
}

/** A table; cells are contents, or `[content, class]`. */
export function table(label, heads, rows) {
  const cell = (tag) => (content) => {
    const [inner, name] = Array.isArray(content) ? content : [content];
    return el(tag, { class: name, scope: tag === "th" ? "col" : null }, inner);
  };
  // A table that is too wide is scrolled, by keyboard too.
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el("table", null,
      heads.some(Boolean) ? el("thead", null, el("tr", null, ...heads.map(cell("th")))) : null,
      el("tbody", null, ...rows.map((row) => el("tr", null, ...row.map(cell("td")))))));
}

/** Something to type, with a button that copies it where the browser allows that. */
export function command(line) {
  const copy = el("button", { type: "button", class: "small", "aria-label": `Copy ${line}`, onclick: () =>
    navigator.clipboard.writeText(line).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Select it"; }) }, "Copy");
  return el("div", { class: "command" }, el("code", null, line), navigator.clipboard ? copy : null);
}

/** Hands a file to the browser's downloads. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  // The browser needs it until it has read all of it, which nothing tells.
  setTimeout(() => URL.revokeObjectURL(url), 10 * 60 * 1000);
}
