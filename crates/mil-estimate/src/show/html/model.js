// What the page knows: the data, and what follows from it. Nothing here touches the page.

const data = JSON.parse(document.getElementById("data").textContent);
const DEVICES = ["ane", "cpu", "gpu", "unknown", "none"];
const DEVICE_NAMES = { ane: "ANE", cpu: "CPU", gpu: "GPU", unknown: "?", none: "none" };
const LANE_NAMES = {
  ane: "Neural Engine", cpu: "CPU", gpu: "GPU", unknown: "undecided", none: "no device",
};
const CERTAINTY = {
  measured: "seen in a plan that Core ML made on this family of chips",
  derived: "follows from what was seen",
  assumed: "taken from another family, system or op",
};

const text = (at) => data.texts[at];
const reasonOf = (op) => (op.reason === undefined ? null : data.reasons[op.reason]);
/** What the op costs where it is; where that is undecided, on the fastest device that it may be on. */
function costOf(op) {
  if (op.device !== "unknown") return op.ms[DEVICES.indexOf(op.device)] || 0;
  return Math.min(...op.supported.map((device) => op.ms[DEVICES.indexOf(device)] ?? Infinity));
}

for (const version of data.versions) for (const found of version.functions) complete(found);

/** Adds what is asked for often: who uses an op, in which segment it is, what a search looks at. */
function complete(found) {
  const { ops, segments } = found;
  found.users = ops.map(() => []);
  ops.forEach((op, at) => {
    op.needs = [...new Set(op.needs || [])].filter((from) => from < ops.length);
    for (const from of op.needs) found.users[from].push(at);
    const reason = reasonOf(op);
    op.segment = -1;
    op.haystack = [op.name, op.kind, op.output, reason?.code, reason?.message]
      .map((part) => (part === undefined ? "" : text(part))).join("\n").toLowerCase();
  });
  segments.forEach((segment, number) => {
    for (let at = segment.first; at < segment.end; at++) if (ops[at].device !== "none") ops[at].segment = number;
  });
  found.places = places(ops.map(() => 1));
  found.placesByTime = places(ops.map(costOf));
  found.lanes = DEVICES.filter((device) => device === "ane" || device === "cpu" || ops.some((op) => op.device === device));
  found.mostMs = ops.reduce((most, op) => Math.max(most, costOf(op)), 0);
  found.reasons = reasonsOf(found);
}

/** Where each op begins, and the last one ends, on a line as long as there are ops. No op is without any width. */
function places(widths) {
  const total = widths.reduce((sum, width) => sum + width, 0);
  const found = new Float64Array(widths.length + 1);
  widths.forEach((width, at) => (found[at + 1] = found[at] + (total > 0 ? 0.03 + (0.97 * width * widths.length) / total : 1)));
  return found;
}

/** The op that a segment off the ANE is off it for: the first that cannot run there, else the first. */
function culprit(found, segment) {
  for (let at = segment.first; at < segment.end; at++) if (reasonOf(found.ops[at])?.refused) return at;
  return segment.first;
}

/** Rules that keep ops off the ANE, those that cut the ANE's part most often first. */
function reasonsOf(found) {
  const groups = found.groups.filter((group) => group.ops.length).map((group) => {
    const kinds = new Map();
    for (const at of group.ops) kinds.set(found.ops[at].kind, (kinds.get(found.ops[at].kind) || 0) + 1);
    return { ...group, reason: reasonOf(found.ops[group.ops[0]]), kinds, cuts: [] };
  });
  const byCode = new Map(groups.map((group) => [group.code, group]));
  const onAne = found.segments.some((segment) => segment.device === "ane");
  found.segments.forEach((segment, number) => {
    if (segment.device === "ane" || !onAne) return;
    const reason = reasonOf(found.ops[culprit(found, segment)]);
    if (reason) byCode.get(text(reason.code))?.cuts.push(number);
  });
  return groups.sort((a, b) =>
    b.cuts.length - a.cuts.length || b.reason.refused - a.reason.refused || b.ops.length - a.ops.length);
}

/** Ops of the version after that have the name of one before: how many, and the places of those on another device. */
function moved(before, after) {
  const nameOf = (op) => text(op.output ?? op.name);
  const was = new Map(before.ops.map((op) => [nameOf(op), op.device]));
  // A pass that casts an op gives it a name of its own.
  const old = (op) => was.get(nameOf(op)) ?? was.get(nameOf(op).replace(/_cast_fp16$/, ""));
  const places = after.ops.map((op, at) => at).filter((at) => old(after.ops[at]) !== undefined);
  return { matched: places.length, places: places.filter((at) => old(after.ops[at]) !== after.ops[at].device), old };
}
