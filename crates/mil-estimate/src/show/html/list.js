// All ops as a list of which only the rows in sight are on the page.

/** `tensor<fp16, [1, 64]>` as `fp16 1 × 64`. */
const shapeOf = (type) => type.replace(/^tensor<(\w+), \[(.*)\]>$/, (_, element, sizes) => `${element} ${sizes.replaceAll(", ", " × ")}`);

const ROW = 28;

/** A long name without its middle: what sets names apart stands at their ends. */
const inMiddle = (name, letters) => (name.length <= letters ? name : `${name.slice(0, Math.ceil(letters / 2) - 1)}…${name.slice(-Math.floor(letters / 2))}`);

class List {
  constructor(host, pick) {
    Object.assign(this, { host, pick, found: null, shown: [], selected: -1 });
    this.filler = el("div", { role: "presentation" });
    host.append(this.filler);
    host.addEventListener("scroll", () => this.draw());
    host.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** Shows these ops (places in the function). */
  show(found, shown) {
    Object.assign(this, { found, shown });
    this.places = new Map(shown.map((at, place) => [at, place]));
    this.filler.style.height = `${Math.max(1, shown.length) * ROW}px`;
    this.host.scrollTop = 0;
    this.draw();
  }

  select(at) {
    this.selected = at;
    const place = this.places?.get(at);
    if (place !== undefined) {
      const top = place * ROW, { scrollTop, clientHeight } = this.host;
      if (top < scrollTop) this.host.scrollTop = top;
      if (top + ROW > scrollTop + clientHeight) this.host.scrollTop = top + ROW - clientHeight;
    }
    this.draw();
  }

  draw() {
    if (!this.found) return;
    const from = Math.max(0, Math.floor(this.host.scrollTop / ROW) - 5);
    const to = Math.min(this.shown.length, from + Math.ceil(this.host.clientHeight / ROW) + 10);
    const rows = [];
    for (let place = from; place < to; place++) rows.push(this.row(place));
    if (!this.shown.length) rows.push(el("p", { class: "empty" }, "No op matches."));
    this.filler.replaceChildren(...rows);
    const inSight = rows.some((row) => row.getAttribute("aria-selected") === "true");
    if (inSight) this.host.setAttribute("aria-activedescendant", `op-${this.selected}`);
    else this.host.removeAttribute("aria-activedescendant");
  }

  row(place) {
    const at = this.shown[place], op = this.found.ops[at], reason = reasonOf(op);
    const row = el("div", {
      class: "row", role: "option", id: `op-${at}`, "aria-selected": String(at === this.selected),
      "aria-setsize": this.shown.length, "aria-posinset": place + 1, onclick: () => this.pick(at),
    },
    el("span", { class: "n" }, String(at + 1)),
    el("span", null, deviceMark(op.device)),
    el("span", { title: text(op.name) }, inMiddle(text(op.name), this.host.clientWidth < 700 ? 17 : 80)),
    el("span", null, text(op.kind)),
    el("span", { class: "n" }, milliseconds(costOf(op))),
    el("span", { title: op.result === undefined ? null : text(op.result) }, op.result === undefined ? "" : shapeOf(text(op.result))),
    el("span", { class: "n" }, op.weights ? bytes(op.weights) : ""),
    el("span", { title: reason ? text(reason.message) : null }, reason ? text(reason.message) : op.tie ? "tie" : ""));
    row.style.top = `${place * ROW}px`;
    return row;
  }

  key(event) {
    const page = Math.floor(this.host.clientHeight / ROW);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || !this.shown.length) return;
    event.preventDefault();
    const place = (this.places.get(this.selected) ?? (step > 0 ? -1 : this.shown.length)) + step;
    this.pick(this.shown[Math.max(0, Math.min(this.shown.length - 1, place))]);
  }
}
