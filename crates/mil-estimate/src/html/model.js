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
  found.lanes = DEVICES.filter((device) => device === "ane" || device === "cpu" || ops.some((op) => op.device === device));
  found.mostMs = ops.reduce((most, op) => Math.max(most, costOf(op)), 0);
  found.reasons = reasonsOf(found);
}

/** The op that a segment off the ANE is off it for: the first that cannot run there, else the first. */
function culprit(found, segment) {
  for (let at = segment.first; at < segment.end; at++) if (reasonOf(found.ops[at])?.refused) return at;
  return segment.first;
}

/** Reasons as Core ML words them, the ones that cut the ANE's part most often first. */
function reasonsOf(found) {
  const groups = new Map();
  const groupOf = (at) => {
    const op = found.ops[at], reason = reasonOf(op);
    if (!reason) return null;
    const key = reason.refused ? `${text(reason.code)} ${text(reason.message)}` : text(reason.code);
    if (!groups.has(key)) groups.set(key, { key, reason, ops: [], cuts: [], kinds: new Map() });
    return groups.get(key);
  };
  found.ops.forEach((op, at) => {
    const group = groupOf(at);
    if (!group) return;
    group.ops.push(at);
    group.kinds.set(op.kind, (group.kinds.get(op.kind) || 0) + 1);
  });
  const onAne = found.segments.some((segment) => segment.device === "ane");
  found.segments.forEach((segment, number) => {
    if (segment.device === "ane" || !onAne) return;
    groupOf(culprit(found, segment))?.cuts.push(number);
  });
  return [...groups.values()].sort((a, b) =>
    b.cuts.length - a.cuts.length || b.reason.refused - a.reason.refused || b.ops.length - a.ops.length);
}

/** The message of a group: that of one op, unless it speaks of that op's own numbers. */
function messageOf(group) {
  switch (text(group.reason.code)) {
    case "not_worth_switching": return "The ANE could run them; the time saved is shorter than the switches.";
    case "gpu_cheaper": return "The GPU makes a cheaper plan.";
    default: return text(group.reason.message);
  }
}

/** Ops of both versions by output name, of which the device differs. */
function moved(before, after) {
  const nameOf = (op) => text(op.output ?? op.name);
  const was = new Map(before.ops.map((op) => [nameOf(op), op.device]));
  const same = after.ops.filter((op) => was.has(nameOf(op)));
  return { matched: same.length, moved: same.filter((op) => was.get(nameOf(op)) !== op.device).length };
}
