// What a model is: its name, its numbers, its interface, what is in it.

import { byId, bytes, el, milliseconds, percent, plural, table, whole } from "./dom.js";

/** A function of each kind: `(state)` shows the model as it is. */
export function showModel(state) {
  const { summary, now } = state;
  document.title = `${state.name} · milopt`;
  byId("name").textContent = state.name;
  byId("facts").textContent = [
    summary.kind === "mlprogram" ? "ML Program" : `Model of type ${summary.kind}`,
    summary.target ? `runs from ${summary.target} on` : `specification ${summary.specification_version}`,
    state.programs > 1 ? plural(state.programs, "program") : null,
    `${bytes(state.bytes)} as it came`,
  ].filter(Boolean).join(" · ");
  showProblems(state);
  showInterface(summary);
  showContents(summary, now);
}

function showProblems({ warnings, verify, missing }) {
  const list = (items) => el("ul", null, items.slice(0, 8).map((item) => el("li", null, item)),
    items.length > 8 ? el("li", null, `and ${items.length - 8} more`) : null);
  const broken = verify.violations.map(({ message, op, function: of, code }) =>
    `${message}${op ? ` (${[of, op].filter(Boolean).join(", ")})` : ""} [${code}]`);
  byId("problems").replaceChildren(...[
    warnings.length ? el("div", { class: "warning" }, el("p", null, missing.length ? "Something is missing, so the model can be looked at and not saved:" : "What is odd about it:"), list(warnings)) : null,
    broken.length ? el("div", { class: "warning" }, el("p", null, "It broke rules when it came:"), list(broken)) : null,
  ].filter(Boolean));
}

/** Numbers before and after, with whether that is better. */
export function showTiles(state, estimate) {
  const changed = state.steps.length > 0;
  const tile = (name, shown, before, now, value) => el("div", null, el("dt", null, name),
    el("dd", null, el("span", { class: "number" }, shown(now)),
      changed && before !== undefined
        ? el("span", { class: `was ${value(now) < value(before) ? "better" : value(now) > value(before) ? "worse" : ""}` },
          shown(before) === shown(now) ? "as before" : `was ${shown(before)}`)
        : null));
  const less = (number) => number;
  const { before, now } = state;
  const tiles = [];
  if (state.programs) {
    tiles.push(tile("Ops", whole, before.ops, now.ops, less));
    tiles.push(tile("Weights", bytes, before.weight_bytes, now.weight_bytes, less));
  }
  if (estimate) {
    const share = ({ ane_ops, ops }) => percent(ane_ops, ops);
    tiles.push(tile("On the Neural Engine", share, estimate.before ?? undefined, estimate.now, ({ ane_ops, ops }) => (ops ? -ane_ops / ops : 0)));
    tiles.push(tile("Segments", ({ segments }) => whole(segments), estimate.before ?? undefined, estimate.now, ({ segments }) => segments));
    tiles.push(tile("Planned time", ({ cost_ms }) => milliseconds(cost_ms), estimate.before ?? undefined, estimate.now, ({ cost_ms }) => cost_ms));
  }
  byId("tiles").replaceChildren(...tiles);
}

function typeOf(feature) {
  const parts = [feature.color ? `${feature.type}, ${feature.color}` : feature.type];
  if (feature.shape?.length) parts.push(feature.shape.join(" × "));
  return parts.join(" ");
}

function otherShapes({ flexible, optional }) {
  const range = ({ lower, upper }) => (lower === upper ? `${lower}` : `${lower} to ${upper ?? "any"}`);
  return [
    flexible?.enumerated ? `or ${flexible.enumerated.slice(1).map((shape) => shape.join(" × ")).join(", ")}` : null,
    flexible?.ranges ? flexible.ranges.map(range).join(" × ") : null,
    optional ? "may be left out" : null,
  ].filter(Boolean).join("; ");
}

function showInterface(summary) {
  const shown = [];
  const several = Object.keys(summary.functions).length > 1;
  for (const [name, found] of Object.entries(summary.functions)) {
    if (several) shown.push(el("h3", null, `Function ${name}`));
    const rows = (what, features) => features.map((feature) => [what, el("code", null, feature.name), el("div", null, typeOf(feature),
      otherShapes(feature) ? el("div", { class: "hint" }, otherShapes(feature)) : null,
      feature.doc ? el("div", { class: "hint" }, feature.doc) : null)]);
    shown.push(table(`Interface of ${name}`, ["", "Name", "Type"],
      [...rows("in", found.inputs), ...rows("state", found.states), ...rows("out", found.outputs)]));
  }
  byId("interface").replaceChildren(...shown);
}

function showContents(summary, now) {
  const shown = [];
  if (summary.not_shown) shown.push(el("p", null, `${summary.not_shown.charAt(0).toUpperCase()}${summary.not_shown.slice(1)}.`));
  for (const [at, member] of (summary.members ?? []).entries()) {
    shown.push(el("h3", null, `${at + 1}. ${member.name ?? "member"}: ${member.kind === "mlprogram" ? "ML Program" : member.kind}`), ...contents(member));
  }
  shown.push(...contents(summary));
  const metadata = Object.entries(summary.metadata ?? {});
  if (metadata.length) shown.push(el("h3", null, "Said of itself"), table("Metadata", ["", ""], metadata.map(([key, value]) => [key, value])));
  if (!shown.length) shown.push(el("p", { class: "hint" }, now.ops ? "" : "Nothing that runs."));
  byId("contents").replaceChildren(...shown);
}

function contents(summary) {
  const ops = new Map();
  for (const found of Object.values(summary.functions)) {
    for (const [kind, count] of Object.entries(found.ops ?? {})) ops.set(kind, (ops.get(kind) ?? 0) + count);
  }
  const shown = [];
  if (summary.weights?.tensors) {
    const rows = Object.entries(summary.weights.precisions ?? {}).filter(([, { bytes: size }]) => size).sort((a, b) => b[1].bytes - a[1].bytes);
    shown.push(el("p", null, `${plural(summary.weights.tensors, "weight")}, ${bytes(summary.weights.bytes)}: `,
      rows.map(([form, { bytes: size }]) => `${form} ${bytes(size)}`).join(", ")));
  }
  if (ops.size) {
    const rows = [...ops].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
    shown.push(table("Ops by type", ["Op", ["Count", "n"]], rows.map(([kind, count]) => [el("code", null, kind), [whole(count), "n"]])));
  }
  return shown;
}
