// Small tools to put things on the page. Texts go in as text, whatever is in them.

const byId = (id) => document.getElementById(id);

/** An element with properties (`class`, `onclick`, attributes) and children (elements or texts). */
function el(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child || child === 0));
  return made;
}

const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
const link = (label, act) => el("button", { type: "button", class: "link", onclick: act }, label);
const deviceMark = (device) => el("span", { class: `device ${device}` }, DEVICE_NAMES[device]);
const plural = (count, what) => `${whole(count)} ${what}${count === 1 ? "" : "s"}`;
const whole = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
/** Only all is 100 %, only nothing is 0. */
const percent = (share) => `${share <= 0 ? 0 : share >= 1 ? 100 : Math.min(99.9, Math.max(0.1, Math.round(1000 * share) / 10))} %`;

function milliseconds(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms === 0) return "0 ms";
  if (ms < 1e-5) return "<0.01 µs";
  if (ms >= 100) return `${whole(Math.round(ms))} ms`;
  if (ms >= 0.1) return `${ms.toPrecision(3)} ms`;
  return `${Number((1000 * ms).toPrecision(2))} µs`;
}

function bytes(count) {
  if (count < 1e3) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}

function operations(count) {
  if (count < 1e3) return `${Math.round(count)}`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} thousand`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} million` : `${(count / 1e9).toFixed(2)} billion`;
}

/** Something to type, with a button that copies it where the browser allows that. */
function command(line) {
  const done = el("span", { class: "copied", role: "status" });
  const copy = el("button", { type: "button", class: "copy", "aria-label": `Copy ${line}`, onclick: () => {
    navigator.clipboard?.writeText(line).then(() => (done.textContent = "copied"), () => (done.textContent = "select and copy"));
  } }, "Copy");
  return el("span", { class: "command" }, el("code", { class: "fix" }, line), navigator.clipboard ? copy : null, done);
}

/** A table; cells are `[content, class]` or the content alone. */
function table(label, heads, rows) {
  const cell = (tag) => (content) => {
    const [inner, name] = Array.isArray(content) ? content : [content];
    return el(tag, { class: name, scope: tag === "th" ? "col" : null }, inner);
  };
  return el("table", { "aria-label": label },
    el("thead", null, el("tr", null, ...heads.map(cell("th")))),
    el("tbody", null, ...rows.map((row) => el("tr", null, ...row.map(cell("td"))))));
}
