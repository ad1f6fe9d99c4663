// The page as a whole: what is shown, and what happens when a person asks for something else.

const state = { version: data.versions.length - 1, name: "", selected: -1, search: "", filter: "", sort: "program" };
let found = null;
let matches = [];

const graph = new Graph(byId("lanes"), byId("canvas"), byId("overview"), byId("tip"), (at) => select(at));
const list = new List(byId("list"), (at) => select(at));
const functionNamed = (version, name) => version.functions.find((found) => found.name === name);

// Verdict

function verdict() {
  const { summary } = found;
  if (summary.ops === 0) return "Nothing to place: no ops";
  if (summary.needs_fp16_cast) return "Computes in fp32: the Neural Engine cannot run it";
  if (summary.ane_ops === summary.ops) return "All of it on the Neural Engine";
  if (summary.ane_ops === 0) return summary.unknown_ops ? `Undecided: ${whole(summary.unknown_ops)} of ${whole(summary.ops)} ops may go either way on ${found.chip}` : "None of it on the Neural Engine";
  return `${percent(summary.ane_share)} on the Neural Engine, in ${plural(summary.segments, "segment")}`;
}

function showVerdict() {
  const { summary } = found;
  const first = state.version > 0 ? functionNamed(data.versions[0], found.name)?.summary : null;
  byId("verdict").textContent = verdict();
  const os = `${found.chip.startsWith("M") ? "macOS" : "iOS"} ${found.os}`;
  byId("target").textContent = `${found.name} on ${found.chip} (ANE family ${found.family}, ${found.family_confidence}), ${os}, compute units ${found.units}`;
  const tile = (name, of, show, lower, note) => {
    const now = of(summary), was = first && of(first);
    const better = lower ? now < was : now > was;
    const change = first && was !== now ? el("span", { class: "was" }, `${show(was)} → `) : null;
    const trend = change ? (better ? "better" : "worse") : null;
    return el("div", null, el("dt", null, name),
      el("dd", null, el("span", { class: "number" }, change, el("span", { class: trend }, show(now))),
        el("small", null, note)));
  };
  const [low, high] = summary.cost_interval_ms;
  const spent = Math.max(0, summary.cost_ms - found.segments.reduce((sum, segment) => sum + segment.ms, 0));
  const between = low < high ? `${milliseconds(low)} to ${milliseconds(high)} by what is known` : (spent > 1e-4 ? `${milliseconds(spent)} of it to start and switch devices` : "on one device, without a switch");
  const order = summary.segments_reordered < summary.segments ? `${summary.segments_reordered} in another order of the same ops` : `${plural(summary.switches, "switch").replace(/switchs$/, "switches")} between devices`;
  byId("tiles").replaceChildren(
    tile("Ops on the Neural Engine", (s) => s.ane_share, percent, false, `${whole(summary.ane_ops)} of ${whole(summary.ops)} ops`),
    tile("Segments", (s) => s.segments, whole, true, order),
    tile("Planned time", (s) => s.cost_ms, milliseconds, true, between),
    // The same share twice says nothing.
    summary.ane_supported === summary.ane_ops
      ? tile("Cannot run on the Neural Engine", (s) => s.ops - s.ane_supported, whole, true, summary.ane_ops === summary.ops ? "no op" : "all that can are there")
      : tile("Could run on the Neural Engine", (s) => (s.ops ? s.ane_supported / s.ops : 0), percent, false,
        `${whole(summary.ane_supported)} ops; ${whole(summary.ops - summary.ane_supported)} cannot`),
  );
}

function showVersions() {
  const host = byId("versions");
  if (data.versions.length < 2) return host.replaceChildren();
  const strips = [];
  const rows = data.versions.map((version, at) => {
    const its = functionNamed(version, state.name);
    if (!its) return null;
    const strip = el("canvas", { "aria-hidden": "true" });
    strips.push([strip, its]);
    const radio = el("input", { type: "radio", name: "version", value: at, onchange: () => show(at, state.name) });
    radio.checked = at === state.version;
    const { summary } = its;
    return el("label", null, radio, el("span", null, version.label), strip, el("span", { class: "numbers" },
      `${percent(summary.ane_share)} ANE · ${plural(summary.segments, "segment")} · ${milliseconds(summary.cost_ms)}`));
  });
  host.replaceChildren(el("fieldset", null, el("legend", null, "Before and after"), ...rows));
  showVersions.strips = strips;
}

function drawVersions() {
  const colors = palette();
  for (const [strip, its] of showVersions.strips || []) drawStrip(strip, its, 22, colors);
}

// What to do, what to know

function code(line) {
  const parts = line.split("`");
  return parts.map((part, at) => (at % 2 ? el("code", null, part) : part));
}

/** The op types of a group, the most frequent ones with their number. */
function kindsOf(group, most) {
  const kinds = [...group.kinds].sort((a, b) => b[1] - a[1]);
  const named = kinds.slice(0, most).map(([kind, count]) => (kinds.length > 1 ? `${text(kind)} ${count}` : text(kind)));
  return named.join(", ") + (kinds.length > most ? ", …" : "");
}

function showAdvice() {
  const items = found.advice.map((one) => el("li", { class: one.warns ? "warns" : null },
    ...(one.command ? ["Run ", command(one.command)] : code(one.text)),
    one.command && one.saves ? el("span", { class: "why" }, `saves ${milliseconds(one.saves)} of the plan`) : null, " ",
    ...one.ops.slice(0, 6).flatMap((at) => [link(text(found.ops[at].name), () => go(at)), " "])));
  byId("advice").replaceChildren(...items);
  const { rewrites, tried, untried } = data.versions[state.version];
  byId("rewrites").replaceChildren(...(rewrites.length === 0 ? [
    tried ? el("p", { class: "hint" }, "The named pipelines were tried: none of them saves one percent.") : null,
    untried ? el("p", { class: "hint" }, ...code(untried)) : null,
  ].filter(Boolean) : [
    el("p", { class: "hint" }, "Pipelines that were tried, the best first (ops on the Neural Engine, planned time):"),
    el("ul", null, ...rewrites.slice(0, 8).map((one) => el("li", null,
      el("strong", null, one.pipeline), ` ${one.numbers}, ${plural(one.segments, "segment")}`,
      one.lossy ? el("span", { class: "why" }, "It rounds to fp16: compare the numbers.") : null,
      ...one.risks.map((risk) => el("span", { class: "why" }, `Then mind: ${risk}`)),
      one.command && !found.advice.some((said) => said.command === one.command) ? command(one.command) : null))),
  ]));
  const groups = found.reasons.filter((group) => group.cuts.length || group.reason.refused);
  const cutting = groups.some((group) => group.cuts.length);
  const item = (group) => {
    const parts = [el("strong", null, kindsOf(group, 3)), ": ", `${group.message.replace(/[.\s]*$/, "")}. `];
    if (group.cuts.length) {
      parts.push(`Starts ${plural(group.cuts.length, "segment")} off the ANE: `);
      group.cuts.slice(0, 6).forEach((number) =>
        parts.push(link(`${number + 1}`, () => go(culprit(found, found.segments[number]))), " "));
      if (group.cuts.length > 6) parts.push("… ");
    }
    parts.push(link(plural(group.ops.length, "op"), () => showGroup(group)));
    return el("li", null, ...parts);
  };
  const relevant = cutting ? groups.filter((group) => group.cuts.length) : groups;
  byId("cuts").replaceChildren(...(relevant.length === 0 ? [] : [
    el("p", { class: "hint" }, cutting ? "What cuts the Neural Engine’s part, most cuts first:" : "What cannot run on the Neural Engine, most ops first:"),
    el("ol", null, ...relevant.slice(0, 6).map(item)),
  ]));
}

function showNotes() {
  const { summary, warnings, first_load: load } = found;
  const notes = [];
  const note = (title, why, ops) => notes.push(el("li", null, title, why && el("span", { class: "why" }, why),
    ...(ops || []).slice(0, 6).flatMap((at) => [link(text(found.ops[at].name), () => go(at)), " "])));
  for (const warning of warnings) {
    note(el("strong", null, sentence(warning.title)), `${sentence(warning.text)} (${warning.certainty}${warning.source ? `; ${warning.source}` : ""})`, warning.ops);
  }
  if (found.ops.length < found.total) note(el("strong", null, `The page shows the first ${whole(found.ops.length)} of ${whole(found.total)} ops`), "The numbers above are of all of them; --json has every op.");
  if (data.left_out) note(`${plural(data.left_out, "function")} left out`, "The page would be too large.");
  if (summary.unknown_ops) note(link(`${plural(summary.unknown_ops, "op")} undecided`, () => setFilter("device unknown")), "The costs on this chip are not known well enough to say where.");
  if (summary.tied_ops) note(link(`${plural(summary.tied_ops, "tie")}`, () => setFilter("tie")), "Another device costs the same there: which one a device takes is arbitrary.");
  if (summary.assumed_ops) note(link(`${plural(summary.assumed_ops, "op")} ${summary.assumed_ops === 1 ? "rests" : "rest"} on numbers of other chips or ops`, () => setFilter("confidence assumed")), "Those of this chip are not known for them.");
  for (const island of found.segments.filter((segment) => segment.device === "cpu" && segment.margin > 1e-6).sort((a, b) => a.margin - b.margin).slice(0, 3)) {
    note(link(`Segment ${found.segments.indexOf(island) + 1} misses the ANE by ${milliseconds(island.margin)}`, () => go(island.first)), `${plural(island.ops, "op")} that could run there.`);
  }
  if (load.reported_s?.[1] > 0) note("First load", `${plural(load.segments, "segment")} and ${bytes(load.weights)} of weights are compiled${load.shapes > 1 ? ` for ${load.shapes} shapes` : ""}. Published reports span ${Number(load.reported_s[0].toPrecision(2))} to ${Number(load.reported_s[1].toPrecision(2))} s at this size: a range, not a prediction.`);
  if (state.version > 0) {
    const before = functionNamed(data.versions[0], found.name);
    const change = before && moved(before, found);
    const made = data.versions[0].rewrites.find((one) => data.versions[state.version].label === `after ${one.pipeline}`);
    if (made?.command) note("What writes this version", command(made.command));
    if (change?.matched) {
      const links = change.places.slice(0, 200).map((at) => el("li", null,
        `${DEVICE_NAMES[change.old(found.ops[at])]} → ${DEVICE_NAMES[found.ops[at].device]} `, link(text(found.ops[at].name), () => go(at)), ` ${text(found.ops[at].kind)}`));
      if (change.places.length > 200) links.push(el("li", null, `and ${whole(change.places.length - 200)} more`));
      note(`${whole(change.places.length)} of ${whole(change.matched)} ops that kept their name moved to another device`, `Compared with “${data.versions[0].label}”; ${whole(before.total)} ops became ${whole(found.total)}.`);
      if (links.length) notes[notes.length - 1].append(el("details", null, el("summary", null, "Which ones"), el("ul", null, ...links)));
    }
  }
  byId("notes").replaceChildren(...(notes.length ? notes : [el("li", null, "No warnings, no ties, nothing assumed.")]));
}

// Details

function bars(op) {
  const most = Math.max(...op.ms.map((ms, at) => Math.max(ms || 0, op.range?.[at]?.[1] || 0)), 1e-12);
  return ["ane", "cpu", "gpu"].map((device, at) => {
    const ms = op.ms[at], range = op.range?.[at];
    if (ms === null) return device === "gpu" ? null : el("div", { class: "bar" }, DEVICE_NAMES[device], el("span", { class: "from" }, "cannot run there"), "–");
    if (device === "gpu" && !op.supported.includes("gpu")) return null;
    const fill = el("div", { class: `fill ${device}` });
    fill.style.width = `${(100 * ms) / most}%`;
    const track = el("div", { class: "track" }, fill);
    if (range && range[0] < range[1]) {
      const span = el("div", { class: "span" });
      span.style.left = `${(100 * range[0]) / most}%`;
      span.style.width = `${(100 * (range[1] - range[0])) / most}%`;
      track.append(span);
    }
    const figure = range && range[0] < range[1] ? `${milliseconds(ms)} (${milliseconds(range[0])}–${milliseconds(range[1])})` : milliseconds(ms);
    return el("div", { class: `bar${device === op.device ? " chosen" : ""}` }, DEVICE_NAMES[device], track, figure);
  });
}

function neighbours(title, places) {
  if (!places.length) return [];
  const items = places.slice(0, 12).map((at) =>
    el("li", null, deviceMark(found.ops[at].device), " ", link(text(found.ops[at].name), () => go(at)), ` ${text(found.ops[at].kind)}`));
  if (places.length > 12) items.push(el("li", { class: "from" }, `and ${whole(places.length - 12)} more`));
  return [el("h4", null, title), el("ul", null, ...items)];
}

function marginOf(op) {
  if (op.device === "unknown") return null;
  if (op.tie) return "Tie: another device costs the same, so which one is taken is arbitrary.";
  if (op.margin === undefined) return op.supported.length > 1 ? null : "No other device that the app allows can run it.";
  const more = milliseconds(op.margin);
  return op.device === "ane" ? `Margin ${more}: the cheapest plan with this op elsewhere costs that much more.`
    : `Margin ${more}: the cheapest plan with this op on another device costs that much more.`;
}

/** The pipeline that removes a reason: what to type if it was tried and helps, its name if nobody tried. */
function fixOf(reason) {
  if (reason.fix === null) return null;
  const { rewrites, tried } = data.versions[state.version];
  const known = rewrites.find((one) => one.pipeline === text(reason.fix));
  if (known?.command) return el("p", null, "What removes the reason: ", command(known.command));
  return tried ? null : el("p", null, "What may remove the reason: the pipeline ", el("strong", null, text(reason.fix)));
}

/** What the op works on: results of other ops, weights, attributes. */
function operandsOf(op) {
  if (!op.operands) return [];
  const row = ([param, name, type, value, constant]) => el("li", null, el("strong", null, text(param)), " ",
    value !== null ? el("code", null, text(value)) : name !== null ? `${text(name)} ` : "",
    value === null ? el("span", { class: "from" }, `${shapeOf(text(type))}${constant ? ", constant" : ""}`) : null);
  return [el("h4", null, "Operands and attributes"), el("ul", { class: "operands" }, ...op.operands.map(row))];
}

function showDetails() {
  const host = byId("details");
  const at = state.selected;
  if (at < 0) {
    const dearest = found.ops.map((op, at) => at).sort((a, b) => costOf(found.ops[b]) - costOf(found.ops[a])).slice(0, 8);
    return host.replaceChildren(el("h3", null, "No op selected"), el("p", { class: "from" }, "Choose one in the graph to see why it is where it is."), ...neighbours("Most expensive ops", dearest.filter((at) => costOf(found.ops[at]) > 0)));
  }
  const op = found.ops[at], reason = reasonOf(op);
  const segment = found.segments[op.segment];
  host.replaceChildren(...[
    el("h3", null, text(op.name)),
    el("p", { class: "type" }, `${text(op.kind)}${op.result === undefined ? "" : ` → ${shapeOf(text(op.result))}`}${op.output === undefined ? "" : ` (${text(op.output)})`}`),
    el("p", null, deviceMark(op.device), ` ${LANE_NAMES[op.device]}`, op.backend && op.device === "cpu" ? ` (${op.backend})` : "", ` · op ${whole(at + 1)} of ${whole(found.total)}`),
    reason && el("div", { class: `reason${reason.refused ? " refused" : ""}` },
      el("strong", null, reason.refused ? "Cannot run on the ANE: " : op.device === "unknown" ? "Undecided: " : "Not on the ANE: "), text(reason.message),
      el("p", { class: "from" }, el("code", null, text(reason.code)), ` · ${reason.certainty}: ${CERTAINTY[reason.certainty]}`, text(reason.source) ? ` · source: ${text(reason.source)}` : ""),
      fixOf(reason)),
    ...operandsOf(op),
    el("h4", null, "Planned time"),
    ...bars(op),
    el("p", { class: "from" }, marginOf(op)),
    el("p", { class: "from" }, `Confidence: ${op.confidence} (${CERTAINTY[op.confidence]}).`),
    el("p", { class: "from" }, `${op.flop ? `${operations(op.flop)} operations, ` : ""}${bytes(op.bytes)} read and written${op.weights ? `, ${bytes(op.weights)} of weights` : ""}.`),
    segment && el("h4", null, `Segment ${op.segment + 1} of ${found.summary.segments}`),
    segment && el("p", { class: "from" }, `${plural(segment.ops, "op")} ${segment.device === "unknown" ? "undecided" : `on ${LANE_NAMES[segment.device]}`}, ${milliseconds(segment.ms)}; ${bytes(segment.live_in)} enter, ${bytes(segment.live_out)} leave.`,
      segment.margin === undefined || segment.device === "unknown" ? "" : ` The cheapest plan with all of it on the other device costs ${milliseconds(segment.margin)} more.`),
    ...neighbours("Uses", op.needs),
    ...neighbours("Is used by", found.users[at]),
  ].filter(Boolean));
}

// Tables

function showTables() {
  const groups = found.reasons;
  const all = found.summary.ane_ops === found.summary.ops ? "All ops are on the Neural Engine." : "No reasons are known.";
  const variants = (group) => group.variants.length === 0 ? null : el("span", { class: "from" },
    ` … is ${group.variants.slice(0, 6).map(([what, count]) => `${what} (${whole(count)})`).join(", ")}${group.variants.length > 6 ? ", …" : ""}`);
  byId("reasons").replaceChildren(groups.length === 0 ? el("p", { class: "empty" }, all) : table("Reasons",
    ["Reason", ["Ops", "n"], ["Starts segments", "n extra"], ["Op types", "extra"], ["Source", "extra"], ["Show", "n"]],
    groups.map((group) => [
      [el("span", null, el("code", null, group.code), ` ${group.message}`, variants(group)), "wide"],
      [whole(group.ops.length), "n"], [group.cuts.length ? whole(group.cuts.length) : "", "n extra"],
      [kindsOf(group, 4), "extra"],
      [`${group.reason.certainty}${text(group.reason.source) ? `, ${text(group.reason.source)}` : ""}`, "extra"],
      [link("in graph", () => showGroup(group)), "n"],
    ])));
  const most = showTables.all ? found.segments.length : 60;
  const rows = found.segments.slice(0, most).map((segment, number) => {
    const why = segment.device === "ane" ? null : reasonOf(found.ops[culprit(found, segment)]);
    const begins = found.ops[segment.device === "ane" ? segment.first : culprit(found, segment)];
    return [
      [whole(number + 1), "n"], deviceMark(segment.device), [whole(segment.ops), "n"], [milliseconds(segment.ms), "n"],
      [bytes(segment.live_in), "n extra"], [bytes(segment.live_out), "n extra"], [milliseconds(segment.margin), "n extra"],
      [el("span", null, link(text(begins.name), () => go(found.ops.indexOf(begins))), ` ${text(begins.kind)}`, why ? el("span", { class: "from" }, `: ${text(why.message)}`) : ""), "wide"],
    ];
  });
  byId("segments").replaceChildren(rows.length === 0 ? el("p", { class: "empty" }, "None.") : table("Segments",
    [["#", "n"], "Device", ["Ops", "n"], ["Time", "n"], ["In", "n extra"], ["Out", "n extra"], ["Other device costs", "n extra"], "Begins with, or is off the ANE for"], rows));
  if (most < found.segments.length) byId("segments").append(el("p", { class: "empty" }, link(`Show all ${whole(found.segments.length)}`, () => { showTables.all = true; showTables(); })));
  showListHead();
}

/** Columns of the list; by some of them it can be sorted. */
const COLUMNS = [["#", "n", "program"], ["Device"], ["Name"], ["Type"], ["Time", "n", "time"], ["Result"], ["Weights", "n", "weights"], ["Why not on the ANE"]];

function showListHead() {
  byId("list-head").replaceChildren(...COLUMNS.map(([head, name, sort]) => el("span", { class: name },
    sort ? el("button", { type: "button", class: "sort", "aria-pressed": String(state.sort === sort), onclick: () => sortBy(sort) },
      `${head}${state.sort === sort ? (sort === "program" ? " ↑" : " ↓") : ""}`) : head)));
}

function sortBy(sort) {
  state.sort = sort;
  showListHead();
  showList();
}

/** The matches in the list, in the order that was asked for. */
function showList() {
  const by = { time: (at) => -costOf(found.ops[at]), weights: (at) => -found.ops[at].weights }[state.sort];
  list.show(found, by ? [...matches].sort((a, b) => by(a) - by(b)) : matches);
  list.select(state.selected);
}

function showLegend() {
  const lanes = found.lanes.map((device) => el("span", null, el("i", { class: `swatch ${device}` }), LANE_NAMES[device]));
  const marks = [["✕", "cannot run on the ANE"], ["≈", "tie"], ["?", "rests on assumptions"]];
  byId("legend").replaceChildren(...lanes, ...marks.map(([mark, name]) => el("span", null, el("strong", null, mark), ` ${name}`)));
}

// Search and filter

function showFilters() {
  const option = (value, label) => el("option", { value }, label);
  const count = (test) => found.ops.filter(test).length;
  const groups = found.reasons.slice(0, 40).map((group) => option(`reason ${group.code}`, `${group.code} (${kindsOf(group, 2)}): ${whole(group.ops.length)}`));
  byId("filter").replaceChildren(...[
    option("", "All ops"),
    el("optgroup", { label: "Device" }, ...found.lanes.map((device) => option(`device ${device}`, `${LANE_NAMES[device]}: ${whole(count((op) => op.device === device))}`))),
    groups.length ? el("optgroup", { label: "Reason" }, ...groups) : null,
    el("optgroup", { label: "Confidence" },
      option("could", `could run on the ANE, does not: ${whole(count((op) => op.device !== "ane" && op.ms[0] !== null))}`),
      option("tie", `ties: ${whole(count((op) => op.tie))}`),
      ...["measured", "derived", "assumed"].map((name) => option(`confidence ${name}`, `${name}: ${whole(count((op) => op.confidence === name))}`))),
  ].filter(Boolean));
  byId("filter").value = state.filter;
  if (byId("filter").selectedIndex < 0) setFilter("");
}

function passes(filter) {
  const [what, ...rest] = filter.split(" "), value = rest.join(" ");
  switch (what) {
    case "device": return (op) => op.device === value;
    case "confidence": return (op) => op.confidence === value;
    case "tie": return (op) => op.tie;
    case "could": return (op) => op.device !== "ane" && op.ms[0] !== null;
    case "reason": {
      const group = found.reasons.find((group) => group.code === value);
      const places = new Set((group ? group.ops : []).map((at) => found.ops[at]));
      return (op) => places.has(op);
    }
    default: return () => true;
  }
}

function applySearch() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const test = passes(state.filter);
  const all = !words.length && !state.filter;
  matches = [];
  found.ops.forEach((op, at) => {
    if (test(op) && words.every((word) => op.haystack.includes(word))) matches.push(at);
  });
  graph.highlight(all ? null : new Set(matches));
  showList();
  showMatches(all);
}

function showMatches(all) {
  const place = matches.indexOf(state.selected);
  byId("matches").textContent = all ? "" : place < 0 ? plural(matches.length, "match").replace(/matchs$/, "matches") : `${whole(place + 1)} of ${whole(matches.length)}`;
  byId("previous").disabled = byId("next").disabled = matches.length === 0;
}

function setFilter(filter) {
  state.filter = filter;
  byId("filter").value = filter;
  applySearch();
  if (filter) byId("graph").scrollIntoView({ block: "nearest" });
}

function showGroup(group) {
  state.search = byId("search").value = "";
  setFilter(`reason ${group.code}`);
  step(1);
}

/** To the next match after the selected op, or the previous one; around the end. */
function step(by) {
  if (!matches.length) return;
  const after = by > 0 ? matches.find((at) => at > state.selected) : matches.findLast((at) => at < state.selected);
  go(after ?? (by > 0 ? matches[0] : matches[matches.length - 1]));
}

// Selecting

/** Selects an op; -1 for none. */
function select(at, near) {
  state.selected = at;
  graph.select(at, near);
  list.select(at);
  showDetails();
  showMatches(!state.search && !state.filter);
  byId("said").textContent = at < 0 ? "Nothing selected" : saying(at);
}

/** Selects an op that was asked for elsewhere on the page, and brings the graph into sight. */
function go(at) {
  select(at, true);
  const { top, bottom } = byId("lanes").getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) byId("graph").scrollIntoView({ block: "start" });
}

function saying(at) {
  const op = found.ops[at], reason = reasonOf(op);
  return `${text(op.name)}, ${text(op.kind)}, ${LANE_NAMES[op.device]}, ${milliseconds(costOf(op))}${reason ? `, ${text(reason.message)}` : ""}`;
}

function keyInGraph(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { ops, segments, users } = found, at = state.selected;
  const clamp = (place) => Math.max(0, Math.min(ops.length - 1, place));
  const segment = (by) => segments[Math.max(0, Math.min(segments.length - 1, (ops[at]?.segment ?? -1) + by))]?.first ?? at;
  const first = clamp(graph.opAt(graph.start));
  const moves = {
    ArrowRight: () => (at < 0 ? first : event.shiftKey ? segment(1) : clamp(at + 1)),
    ArrowLeft: () => (at < 0 ? first : event.shiftKey ? segment(-1) : clamp(at - 1)),
    ArrowUp: () => (at < 0 ? first : ops[at].needs[0] ?? at),
    ArrowDown: () => (at < 0 ? first : users[at][0] ?? at),
    Home: () => 0,
    End: () => ops.length - 1,
    Escape: () => -1,
  };
  const acts = { "+": () => graph.zoom(1.5), "=": () => graph.zoom(1.5), "-": () => graph.zoom(1 / 1.5), 0: () => graph.fit(), Enter: () => byId("details").focus() };
  if (moves[event.key] && ops.length) select(moves[event.key]());
  else if (acts[event.key]) acts[event.key]();
  else return;
  byId("tip").hidden = true;
  event.preventDefault();
}

// All of it

function show(version, name) {
  const kept = found && state.selected >= 0 ? text(found.ops[state.selected].name) : null;
  Object.assign(state, { version, name, selected: -1 });
  found = functionNamed(data.versions[version], name) || data.versions[version].functions[0];
  state.name = found.name;
  showTables.all = false;
  showVerdict();
  showVersions();
  showInterface();
  showAdvice();
  showNotes();
  showTables();
  showLegend();
  graph.show(found);
  showFilters();
  applySearch();
  const again = kept === null ? -1 : found.ops.findIndex((op) => text(op.name) === kept);
  select(again);
  drawVersions();
}

/** Who made the page of what, so that it can be made again. */
function showOrigin() {
  byId("origin").replaceChildren(
    el("p", null, `Made by ${data.tool}.`),
    el("ul", null, ...data.files.map(([name, hash]) => el("li", null, name, " ", el("code", null, hash)))));
}

/** What the function takes and gives. */
function showInterface() {
  const ports = (title, ports) => el("p", null, el("strong", null, `${title}: `),
    ports.length ? ports.map(([name, type]) => `${name} ${shapeOf(type)}`).join(", ") : "none");
  byId("interface").replaceChildren(ports("Inputs", found.inputs), ports("Outputs", found.outputs));
}

const THEMES = ["auto", "light", "dark"];
const dark = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";

function setTheme(wanted) {
  theme = THEMES.includes(wanted) ? wanted : "auto";
  const inForce = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  document.documentElement.dataset.theme = inForce;
  byId("theme").textContent = `Theme: ${theme}`;
  graph.redraw();
  drawVersions();
}

/** Pages from a file may not be allowed to keep anything; then the theme is chosen anew each time. */
function remembered(theme) {
  try {
    if (theme) localStorage.setItem("milopt-theme", theme);
    return localStorage.getItem("milopt-theme");
  } catch {
    return null;
  }
}

function start() {
  byId("page").hidden = false;
  byId("title").textContent = data.title;
  setTheme(remembered());
  byId("theme").onclick = () => setTheme(remembered(THEMES[(THEMES.indexOf(theme) + 1) % 3]) || THEMES[(THEMES.indexOf(theme) + 1) % 3]);
  dark.addEventListener("change", () => setTheme(theme));
  addEventListener("resize", drawVersions);
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light";
    graph.draw();
    drawVersions();
  });
  addEventListener("afterprint", () => setTheme(theme));

  showOrigin();
  if (matchMedia("(pointer: coarse)").matches) byId("search").placeholder = "Search name, type, reason";
  const last = data.versions[state.version];
  if (!last?.functions.length) return void (byId("verdict").textContent = "Nothing to place: no functions");
  const names = last.functions.map((found) => found.name);
  byId("function-label").hidden = names.length < 2;
  byId("function").append(...names.map((name) => el("option", { value: name }, name)));
  byId("function").onchange = (event) => show(state.version, event.target.value);
  byId("search").oninput = (event) => { state.search = event.target.value; applySearch(); };
  byId("search").onkeydown = (event) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") { state.search = event.target.value = ""; applySearch(); byId("lanes").focus(); }
  };
  byId("filter").onchange = (event) => setFilter(event.target.value);
  byId("previous").onclick = () => step(-1);
  byId("next").onclick = () => step(1);
  byId("zoom-in").onclick = () => graph.zoom(1.6);
  byId("zoom-out").onclick = () => graph.zoom(1 / 1.6);
  byId("zoom-fit").onclick = () => graph.fit();
  byId("by-time").onclick = () => {
    graph.widen(!graph.byTime);
    byId("by-time").setAttribute("aria-pressed", String(graph.byTime));
  };
  byId("lanes").addEventListener("keydown", keyInGraph);
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName) && document.activeElement.type !== "radio";
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); byId("search").focus(); byId("search").select(); }
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  });
  show(state.version, names[0]);
}

start();
