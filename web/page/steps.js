// What was done to the model, and what would help.

import { byId, bytes, command, el, milliseconds, plural, table, whole } from "./dom.js";

const change = (before, after, shown) => (before === after ? shown(after) : `${shown(before)} → ${shown(after)}`);

/** The steps so far, with what to type for each. */
export function showSteps({ steps }) {
  byId("done").hidden = !steps.length;
  byId("steps").replaceChildren(...steps.map(({ command: line, report }) => el("li", null,
    el("p", null, outcome(report)),
    report.flatMap(({ notes }) => notes.map((note) => el("p", { class: "hint" }, note))),
    command(line),
    details(report))));
}

/** What came of a step, in a sentence. */
export function outcome(report) {
  const sum = (key) => report.reduce((all, program) => all + program[key], 0);
  if (!report.some(({ changed }) => changed)) return "Nothing to do: the model is as it was.";
  const ops = change(sum("ops_before"), sum("ops_after"), (count) => plural(count, "op"));
  const weights = change(sum("weight_bytes_before"), sum("weight_bytes_after"), bytes);
  return `${ops}, ${weights} of weights`;
}

function details(report) {
  const passes = report.flatMap((program) => program.passes);
  const weights = passes.flatMap((pass) => pass.details ?? []).filter(({ weight }) => weight !== undefined);
  const done = weights.filter(({ bytes_before: before }) => before !== undefined);
  const skipped = new Map();
  for (const { skipped: why } of weights) if (why) skipped.set(why, (skipped.get(why) ?? 0) + 1);
  const acted = passes.filter(({ changed }) => changed);
  return [
    done.length ? el("details", null, el("summary", null, `${plural(done.length, "weight")} compressed`),
      table("Weights that were compressed", ["Weight", ["Size", "n"], ["Signal to noise", "n"]], done.map((weight) => [
        el("div", null, el("code", null, weight.weight), el("div", { class: "hint" }, weight.type)),
        [change(weight.bytes_before, weight.bytes_after, bytes), "n"], [fidelity(weight), "n"]]))) : null,
    weights.length && !done.length ? el("p", { class: "hint" }, "No weight was compressed.") : null,
    [...skipped].map(([why, count]) => el("p", { class: "hint" }, `${plural(count, "weight")} left alone: ${why}`)),
    acted.length ? el("details", null, el("summary", null, `${plural(acted.length, "pass").replace(/passs$/, "passes")} changed something`),
      table("Passes that changed something", ["Pass", ["Ops", "n"], "Counted"], acted.map((pass) => [
        el("code", null, pass.id), [change(pass.ops_before, pass.ops_after, whole), "n"],
        Object.entries(pass.statistics ?? {}).map(([name, count]) => `${name} ${count}`).join(", ")]))) : null,
  ];
}

function fidelity({ signal, noise }) {
  if (noise === undefined || signal === undefined) return "";
  return noise === 0 ? "nothing lost" : `${(10 * Math.log10(signal / noise)).toFixed(1)} dB`;
}

/** What would help; `apply(pipeline)` runs one. */
export function showHelp(found, apply) {
  const hint = (text) => el("p", { class: "hint" }, text);
  if (!found) return byId("help").replaceChildren(hint("Pipelines are tried on copies of the model; what pays off on the chip is listed."));
  if (found.untried) return byId("help").replaceChildren(hint(found.untried));
  const rows = found.found.map((one) => el("li", null,
    el("div", null,
      el("p", null, el("code", null, one.pipeline)),
      el("p", { class: "numbers" },
        `${change(one.before.cost_ms, one.after.cost_ms, milliseconds)}, ${change(one.before.segments, one.after.segments, (count) => plural(count, "segment"))}, ${whole(one.after.ane_ops)} of ${whole(one.after.ops)} ops on the Neural Engine`)),
    el("button", { type: "button", class: "small", onclick: () => apply(one.pipeline), "aria-label": `Apply ${one.pipeline}` }, "Apply"),
    one.lossy ? el("p", { class: "risk hint" }, "It rounds to fp16: compare the numbers.") : null,
    one.risks.map((risk) => el("p", { class: "risk hint" }, risk))));
  byId("help").replaceChildren(...[
    rows.length ? el("ul", null, rows) : hint(found.all ? "No known fix lowers the cost by one percent, or the segments." : "None of the named pipelines lowers the cost by one percent, or the segments."),
    ...(found.failed ?? []).map(([pipeline, why]) => hint(`${pipeline} cannot be run here: ${why}`)),
  ]);
}
