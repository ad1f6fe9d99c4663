// The drawing: a lane for each device, ops in program order from left to right, segments as bands, costs underneath.
// It draws what is in sight; from afar, segments instead of ops. So it is as quick with 20,000 ops as with 50.

const HEAD = 42, LANE = 92, COSTS = 62, BLOCK = 30;
const FAR = 3; // Pixels per op from which on ops are drawn one by one.
const NEAREST = 170; // The most pixels per op.
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** The colours of the theme in force. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  return new Proxy({}, {
    get: (known, name) => (known[name] ??= style.getPropertyValue(`--${name}`).trim()),
  });
}

/** Makes a canvas as sharp as the screen; returns its context and size in CSS pixels. */
function prepare(canvas, height) {
  const width = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
  const size = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width };
}

/** The whole program as a strip: the ANE's segments in the upper half, all others in the lower one. */
function drawStrip(canvas, found, height, colors, places = found.places) {
  const { context, width } = prepare(canvas, height);
  const scale = width / Math.max(1, found.ops.length), half = height / 2;
  for (const segment of found.segments) {
    context.fillStyle = colors[segment.device];
    const x = places[segment.first] * scale, w = Math.max(1, places[segment.end] * scale - x - 0.5);
    context.fillRect(x, segment.device === "ane" ? 1 : half + 1, w, half - 2);
  }
  return { context, width, scale };
}

class Graph {
  /** `pick(at)` is called when a person chooses an op; -1 for none. */
  constructor(host, canvas, overview, tip, pick) {
    Object.assign(this, { host, canvas, overview, tip, pick });
    this.found = null;
    this.selected = -1;
    this.matches = null;
    this.byTime = false;
    this.pointers = new Map();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(host);
  }

  show(found) {
    this.found = found;
    this.selected = -1;
    this.matches = null;
    this.height = HEAD + LANE * found.lanes.length + COSTS;
    this.canvas.style.height = `${this.height}px`;
    this.fit();
  }

  // Where things are

  get width() { return this.canvas.clientWidth || 1; }
  get least() { return Math.min(NEAREST, this.width / Math.max(1, this.length)); }
  get most() { return this.byTime ? 40 * NEAREST : NEAREST; }
  /** The line on which ops stand: each as wide as the others, or as its planned time is long. `start` is a place on it. */
  get places() { return this.byTime ? this.found.placesByTime : this.found.places; }
  get length() { return this.places[this.found.ops.length]; }
  place(at) {
    const whole = Math.floor(at), { places } = this;
    return whole >= places.length - 1 ? this.length : places[whole] + (at - whole) * (places[whole + 1] - places[whole]);
  }
  x(at) { return (this.place(at) - this.start) * this.scale; }
  widthOf(at) { return (this.places[at + 1] - this.places[at]) * this.scale; }
  blockWidth(at) { return this.byTime ? Math.max(1, this.widthOf(at) - 1) : Math.max(1.5, Math.min(this.scale * 0.84, 140)); }
  /** The op at a place on the line. */
  opAt(place) {
    const { places } = this;
    let low = 0, high = this.found.ops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[middle + 1] <= place) low = middle + 1; else high = middle;
    }
    return low;
  }
  laneTop(device) { return HEAD + LANE * this.found.lanes.indexOf(device); }
  blockTop(device) { return this.laneTop(device) + 38; }
  /** Middle of an op's block. */
  centre(at) { return [this.x(at + 0.5), this.blockTop(this.found.ops[at].device) + BLOCK / 2]; }

  /** Each op as wide as its planned time is long, or all as wide as each other. */
  widen(byTime) {
    const kept = this.selected;
    this.byTime = byTime;
    this.fit();
    if (kept >= 0) this.select(kept);
  }

  fit() {
    this.fitted = true;
    this.start = 0;
    this.scale = this.least;
    this.redraw();
  }

  resize() {
    if (!this.found) return;
    if (this.fitted) this.scale = this.least;
    this.clamp();
  }

  clamp() {
    this.scale = Math.min(this.most, Math.max(this.least, this.scale));
    this.fitted = this.scale <= this.least * 1.0001;
    const most = this.length - this.width / this.scale;
    this.start = Math.max(0, Math.min(this.start, most));
    this.redraw();
  }

  /** Zooms around the pointer; without one about the selected op, which comes to the middle. */
  zoom(factor, x) {
    const centred = x === undefined && this.selected >= 0;
    const near = x ?? this.width / 2;
    const place = centred ? this.place(this.selected + 0.5) : this.start + near / this.scale;
    this.scale = Math.min(this.most, Math.max(this.least, this.scale * factor));
    this.start = place - (centred ? this.width / 2 : near) / this.scale;
    this.clamp();
  }

  pan(pixels) {
    this.start += pixels / this.scale;
    this.clamp();
  }

  /** Selects an op and brings it into sight, near enough to be told from its neighbours. */
  select(at, near) {
    this.selected = at;
    if (at >= 0) {
      if (near && this.widthOf(at) < 28) {
        this.scale = Math.min(this.most, Math.max((28 * this.scale) / this.widthOf(at), this.least));
        this.start = this.place(at + 0.5) - this.width / this.scale / 2;
      }
      const x = this.x(at), wide = this.widthOf(at), margin = Math.min(this.width / 4, 2 * wide);
      if (x < margin) this.start -= (margin - x) / this.scale;
      if (x + wide > this.width - margin) this.start += (x + wide + margin - this.width) / this.scale;
    }
    this.clamp();
  }

  highlight(matches) {
    this.matches = matches;
    this.redraw();
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.draw());
  }

  // Drawing

  draw() {
    this.waiting = false;
    if (!this.found) return;
    const colors = palette();
    const { context } = prepare(this.canvas, this.height);
    const from = this.opAt(this.start);
    const to = Math.min(this.found.ops.length, this.opAt(this.start + this.width / this.scale) + 2);
    const sight = { from, to, segments: this.segmentsIn(from, to) };
    this.drawLanes(context, colors);
    this.drawSegments(context, colors, sight);
    if (this.byTime || this.scale >= FAR) {
      if (!this.byTime || to - from < 400) this.drawEdges(context, colors, sight);
      this.drawOps(context, colors, sight);
    } else {
      this.drawFar(context, colors, sight);
    }
    this.drawCosts(context, colors, sight);
    this.drawSelection(context, colors);
    this.drawLaneNames(context, colors);
    this.drawOverview(colors);
  }

  segmentsIn(from, to) {
    const { segments } = this.found;
    let low = 0, high = segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (segments[middle].end <= from) low = middle + 1; else high = middle;
    }
    const found = [];
    for (let number = low; number < segments.length && segments[number].first < to; number++) found.push(number);
    return found;
  }

  drawLanes(context, colors) {
    context.lineWidth = 1;
    context.strokeStyle = colors.line;
    for (let lane = 0; lane <= this.found.lanes.length; lane++) {
      const y = HEAD + lane * LANE + 0.5;
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(this.width, y);
      context.stroke();
    }
  }

  /** Over the drawing, so that they can be read wherever it stands. */
  drawLaneNames(context, colors) {
    context.font = `600 12px ${FONT}`;
    context.textBaseline = "middle";
    for (const device of this.found.lanes) {
      const y = this.laneTop(device) + 11;
      context.globalAlpha = 0.85;
      context.fillStyle = colors.paper;
      context.fillRect(4, y - 8, context.measureText(LANE_NAMES[device]).width + 22, 16);
      context.globalAlpha = 1;
      context.fillStyle = colors[device];
      context.fillRect(8, y - 5, 9, 9);
      context.fillStyle = colors.ink;
      context.fillText(LANE_NAMES[device], 22, y);
    }
  }

  drawSegments(context, colors, { segments }) {
    context.textBaseline = "middle";
    context.font = `12px ${FONT}`;
    let drawn = -10;
    const narrow = [];
    for (const number of segments) {
      const segment = this.found.segments[number];
      const x = this.x(segment.first), width = this.x(segment.end) - x;
      context.fillStyle = colors[`${segment.device}-tint`];
      context.fillRect(x, this.laneTop(segment.device) + 1, Math.max(1, width), LANE - 1);
      if (number > 0 && x - drawn >= 4) {
        drawn = x;
        context.strokeStyle = colors.soft;
        context.setLineDash([3, 3]);
        context.beginPath();
        context.moveTo(Math.round(x) + 0.5, 4);
        context.lineTo(Math.round(x) + 0.5, HEAD + LANE * this.found.lanes.length);
        context.stroke();
        context.setLineDash([]);
      }
      const left = Math.max(x, 0), room = Math.min(x + width, this.width) - left;
      const labels = [
        `${number + 1} · ${DEVICE_NAMES[segment.device]} · ${plural(segment.ops, "op")} · ${milliseconds(segment.ms)}`,
        `${number + 1} · ${plural(segment.ops, "op")}`, `${number + 1}`,
      ];
      const label = labels.find((label) => context.measureText(label).width + 10 < room);
      if (label) {
        context.fillStyle = colors.soft;
        context.fillText(label, left + 6, 12);
      }
      if (!label || label.length < 6) narrow.push(number);
    }
    this.drawFlags(context, colors, narrow);
  }

  /** Segments that are too narrow for their name and cost much all the same have it on a line of its own, the most expensive first. */
  drawFlags(context, colors, narrow) {
    const { segments, summary } = this.found;
    const taken = [];
    const dear = narrow.filter((number) => segments[number].ms > 0.03 * summary.cost_ms);
    for (const number of dear.sort((a, b) => segments[b].ms - segments[a].ms)) {
      const segment = segments[number];
      const label = `${number + 1} · ${DEVICE_NAMES[segment.device]} · ${milliseconds(segment.ms)}`;
      const width = context.measureText(label).width;
      const middle = (this.x(segment.first) + this.x(segment.end)) / 2;
      const left = Math.max(4, Math.min(middle - width / 2, this.width - width - 4));
      if (middle < 0 || middle > this.width || taken.some(([from, to]) => left < to + 8 && left + width > from - 8)) continue;
      taken.push([left, left + width]);
      context.fillStyle = colors.paper;
      context.fillRect(left - 3, 22, width + 6, 15);
      context.fillStyle = colors.ink;
      context.fillText(label, left, 30);
      context.fillRect(middle - 0.5, 36, 1, HEAD - 36);
    }
  }

  /** A line from producer to user: along the lane to the next op, in an arc past others, in an S to another lane. */
  edge(context, from, to) {
    const [x0, y0] = this.centre(from), [x1, y1] = this.centre(to);
    const half = Math.min(this.blockWidth(to) / 2, 70);
    context.moveTo(x0 + Math.min(this.blockWidth(from) / 2, 70), y0);
    if (y0 !== y1) {
      const middle = (x0 + x1) / 2;
      context.bezierCurveTo(middle, y0, middle, y1, x1 - half, y1);
    } else if (to - from === 1) {
      context.lineTo(x1 - half, y1);
    } else {
      const rise = Math.min(42, BLOCK / 2 + 6 + 3 * Math.log2(Math.abs(to - from)));
      context.bezierCurveTo(x0 + half + 12, y0 + rise * 1.15, x1 - half - 12, y1 + rise * 1.15, x1 - half, y1);
    }
  }

  drawEdges(context, colors, { from, to }) {
    context.strokeStyle = colors.soft;
    context.globalAlpha = this.scale < 8 ? 0.35 : 0.7;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = from; at < to; at++) {
      for (const need of this.found.ops[at].needs) this.edge(context, need, at);
      for (const user of this.found.users[at].slice(0, 32)) if (user >= to) this.edge(context, at, user);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  drawOps(context, colors, { from, to }) {
    for (let at = from; at < to; at++) {
      const op = this.found.ops[at], width = this.blockWidth(at);
      const x = this.x(at + 0.5) - width / 2, y = this.blockTop(op.device);
      context.globalAlpha = this.matches && !this.matches.has(at) ? 0.22 : 1;
      context.fillStyle = colors[op.device];
      context.beginPath();
      context.roundRect(x, y, width, BLOCK, Math.min(6, width / 4));
      context.fill();
      if (width >= 10) this.drawMarks(context, colors, op, x + width / 2, y);
      if (width >= 38) {
        context.font = `600 12px ${FONT}`;
        context.textBaseline = "middle";
        context.textAlign = "center";
        context.fillStyle = op.device === "cpu" ? "#15191f" : colors.on;
        context.fillText(this.cut(context, text(op.kind), width - 8), x + width / 2, y + BLOCK / 2);
        context.textAlign = "start";
      }
    }
    context.globalAlpha = 1;
  }

  /** What sets an op apart: ✕ cannot run on the ANE, ≈ a tie, ? rests on assumptions. */
  drawMarks(context, colors, op, x, y) {
    const marks = `${reasonOf(op)?.refused ? "✕" : ""}${op.tie ? "≈" : ""}${op.confidence === "assumed" ? "?" : ""}`;
    if (!marks) return;
    context.font = `700 12px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillStyle = colors.ink;
    context.fillText(marks, x, y - 4);
    context.textAlign = "start";
  }

  cut(context, label, room) {
    if (context.measureText(label).width <= room) return label;
    let letters = Math.floor((label.length * room) / context.measureText(label).width);
    while (letters > 1 && context.measureText(`${label.slice(0, letters)}…`).width > room) letters--;
    return `${label.slice(0, letters)}…`;
  }

  drawFar(context, colors, { from, to, segments }) {
    context.globalAlpha = this.matches ? 0.25 : 1;
    for (const number of segments) {
      const segment = this.found.segments[number];
      context.fillStyle = colors[segment.device];
      const width = Math.max(1, this.x(segment.end) - this.x(segment.first));
      context.fillRect(this.x(segment.first), this.blockTop(segment.device), width, BLOCK);
    }
    context.globalAlpha = 1;
    for (let at = from; at < to; at++) {
      const { device } = this.found.ops[at];
      if (device !== "none" && !this.matches?.has(at)) continue;
      context.fillStyle = colors[device];
      context.fillRect(this.x(at), this.blockTop(device) - 4, Math.max(1.5, this.scale), BLOCK + 8);
    }
  }

  /** Bars of what each op costs where it is; from afar, of the most expensive op in a pixel. */
  drawCosts(context, colors, { from, to }) {
    const base = this.height - 6, room = COSTS - 24;
    const most = this.found.mostMs || 1;
    let pixel = null, high = 0, wide = 1, device = "ane";
    const bar = () => {
      if (pixel === null) return;
      context.fillStyle = colors[device];
      context.fillRect(pixel, base - high, wide, high);
    };
    for (let at = from; at < to; at++) {
      const op = this.found.ops[at], width = this.blockWidth(at), x = this.x(at + 0.5) - width / 2;
      const height = (costOf(op) / most) * room;
      if (Math.floor(x) !== pixel) {
        bar();
        [pixel, high] = [Math.floor(x), 0];
      }
      if (height > high) [high, wide, device] = [height, width, op.device];
    }
    bar();
    context.fillStyle = colors.soft;
    context.font = `12px ${FONT}`;
    context.textBaseline = "middle";
    context.fillText(`planned cost, up to ${milliseconds(this.found.mostMs)} per op`, 8, this.height - COSTS + 11);
  }

  drawSelection(context, colors) {
    const at = this.selected;
    if (at < 0) return;
    const op = this.found.ops[at];
    context.strokeStyle = colors.pick;
    context.lineWidth = 2;
    context.beginPath();
    for (const need of op.needs) this.edge(context, need, at);
    for (const user of this.found.users[at].slice(0, 200)) this.edge(context, at, user);
    context.stroke();
    const width = Math.max(4, this.blockWidth(at) + 4);
    context.lineWidth = 3;
    context.beginPath();
    context.roundRect(this.x(at + 0.5) - width / 2, this.blockTop(op.device) - 2, width, BLOCK + 4, 6);
    context.stroke();
  }

  drawOverview(colors) {
    const { context, width, scale } = drawStrip(this.overview, this.found, 34, colors, this.byTime ? this.found.placesByTime.map((place) => (place * this.found.ops.length) / this.length) : this.found.places);
    const whole = (scale * this.found.ops.length) / this.length;
    const x = this.start * whole, w = Math.max(4, (this.width / this.scale) * whole);
    context.fillStyle = colors.ink;
    context.globalAlpha = 0.12;
    context.fillRect(0, 0, x, 34);
    context.fillRect(x + w, 0, width, 34);
    context.globalAlpha = 1;
    context.strokeStyle = colors.pick;
    context.lineWidth = 2;
    context.strokeRect(Math.min(x + 1, width - 4), 1, Math.min(w, width - x) - 2, 32);
  }

  // Pointers and wheel

  listen() {
    const { host, overview } = this;
    host.addEventListener("pointerdown", (event) => {
      this.pointers.set(event.pointerId, event.offsetX);
      this.travelled = 0;
      host.setPointerCapture(event.pointerId);
    });
    host.addEventListener("pointermove", (event) => this.move(event));
    const end = (event) => {
      const click = event.type === "pointerup" && this.pointers.size === 1 && this.travelled < 5;
      this.pointers.delete(event.pointerId);
      host.classList.remove("dragging");
      if (click) this.pick(this.hit(event));
    };
    host.addEventListener("pointerup", end);
    host.addEventListener("pointercancel", end);
    host.addEventListener("pointerleave", () => (this.tip.hidden = true));
    host.addEventListener("wheel", (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (!sideways && !event.ctrlKey && !event.metaKey && document.activeElement !== host) return;
      event.preventDefault();
      const line = event.deltaMode === 1 ? 16 : 1;
      if (sideways) this.pan(line * (event.deltaX || event.deltaY));
      else this.zoom(Math.exp(-line * event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event.offsetX);
    }, { passive: false });
    const jump = (event) => {
      if (!event.buttons) return;
      const at = (event.offsetX / overview.clientWidth) * this.length;
      this.start = at - this.width / this.scale / 2;
      this.clamp();
    };
    overview.addEventListener("pointerdown", (event) => {
      overview.setPointerCapture(event.pointerId);
      jump(event);
    });
    overview.addEventListener("pointermove", jump);
  }

  move(event) {
    if (!this.pointers.has(event.pointerId)) return this.hover(event);
    const before = this.pointers.get(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
    this.tip.hidden = true;
    if (this.pointers.size === 1) {
      this.travelled += Math.abs(event.offsetX - before);
      if (this.travelled >= 5) this.host.classList.add("dragging");
      return this.pan(before - event.offsetX);
    }
    this.travelled = 99;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
    const apart = Math.abs(before - other);
    if (apart > 8) this.zoom(Math.abs(event.offsetX - other) / apart, (event.offsetX + other) / 2);
  }

  /** The op under a pointer; from afar the nearest on the lane that it points at. */
  hit(event) {
    const { ops, lanes } = this.found;
    const at = this.opAt(this.start + event.offsetX / this.scale);
    if (at < 0 || at >= ops.length) return -1;
    const lane = lanes[Math.floor((event.offsetY - HEAD) / LANE)];
    const reach = this.widthOf(at) < 12 ? Math.ceil(5 / Math.max(0.05, this.widthOf(at))) : 0;
    for (let off = 0; off <= reach; off++) {
      for (const near of [at - off, at + off]) if (ops[near]?.device === lane) return near;
    }
    return lane && reach === 0 && ops[at].device !== lane ? -1 : at;
  }

  hover(event) {
    const at = event.pointerType === "touch" ? -1 : this.hit(event);
    this.tip.hidden = at < 0;
    if (at < 0) return;
    const op = this.found.ops[at];
    this.tip.textContent = `${text(op.name)} · ${text(op.kind)} · ${milliseconds(costOf(op))}`;
    const left = Math.min(event.offsetX + 14, this.width - this.tip.offsetWidth - 6);
    this.tip.style.left = `${Math.max(4, left)}px`;
    this.tip.style.top = `${Math.min(event.offsetY + 16, this.height - this.tip.offsetHeight - 4)}px`;
  }
}
