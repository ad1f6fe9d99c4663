// The page: one model at a time, and what people do with it.

import { Client } from "./client.js";
import { byId, bytes, el, plural, save } from "./dom.js";
import { chosen, dropped } from "./files.js";
import { outcome, showHelp, showSteps } from "./steps.js";
import { startTheme } from "./theme.js";
import { showModel, showTiles } from "./view.js";

/** Models of more ops are not rewritten unasked, not even on copies. */
const TRIED_UNASKED = 2000;
/** Systems that chips are estimated for, newest first. */
const SYSTEMS = { macOS: ["26", "15", "14"], iOS: ["26", "18", "17"] };

/** What the named pipelines are for; one that is not here is shown without words. */
const PIPELINES = {
  none: "Leaves the model as it is.",
  cleanup: "Removes what does nothing and what is there twice.",
  default: "Fewer ops, the same numbers.",
  fp16: "What default does, then computing in fp16, which the Neural Engine needs.",
  ane: "What fp16 does, then other forms of ops that the Neural Engine refuses, where that pays on the chip.",
  static: "Shapes that are always the same become fixed, then what default does.",
  llm: "Caches become states, in fp16, in the forms and the attention that the Neural Engine takes.",
  coremltools: "The passes of coremltools 9.0 in their order.",
};

const client = new Client();
let about = null;
/** The model as milopt sees it, its estimate, and the page of the report that is shown. */
let state = null;
let estimate = null;
let report = "chip";
/** What is asked for counts up; what comes late for an older model is not shown. */
let turn = 0;

const say = (text) => { byId("said").textContent = text; };
const target = () => ({ chip: byId("chip").value, os: byId("os").value, units: byId("units").value });

function fault(error) {
  byId("fault").hidden = false;
  // Names keep their spelling.
  byId("fault-text").textContent = error.message.replace(/^[a-z]+(?= )/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  byId("fault").scrollIntoView({ block: "nearest" });
}

/** Shows that something is being done, and what goes wrong with it; `undefined` then. */
let busy = 0;
async function doing(what, act, failed = fault) {
  busy += 1;
  const shown = setTimeout(() => { byId("busy").hidden = false; }, 150);
  progress({ done: 0, all: 0, what });
  say(what);
  document.body.setAttribute("aria-busy", "true");
  try {
    return await act();
  } catch (error) {
    if (error.message !== "stopped") failed(error);
    else say("Stopped");
  } finally {
    clearTimeout(shown);
    busy -= 1;
    byId("busy").hidden = !busy;
    if (!busy) document.body.removeAttribute("aria-busy");
  }
}

function progress({ done, all, what }) {
  const inBytes = ["writing", "checking"].includes(what);
  byId("busy-text").textContent = inBytes ? `${what === "writing" ? "Writing" : "Checking"}, ${bytes(done)}` : what;
  if (all > 0) Object.assign(byId("busy-bar"), { max: all, value: done });
  else byId("busy-bar").removeAttribute("value");
}

// Opening

async function open(found) {
  byId("fault").hidden = true;
  const opened = await doing(`Opening ${found.name}`, async () => {
    const { name, files } = await found.files();
    if (!files.length) throw new Error("nothing was dropped that has files in it");
    return client.ask({ do: "open", name, files });
  });
  if (!opened) return;
  byId("start").hidden = true;
  byId("model").hidden = false;
  await show(opened);
  byId("name").focus();
  say(`${opened.name} is open`);
}

function close() {
  turn += 1;
  state = null;
  document.title = "milopt: Core ML models in the browser";
  byId("model").hidden = true;
  byId("start").hidden = false;
  byId("pick-folder").focus();
}

async function example() {
  const answer = await fetch("example.zip");
  if (!answer.ok) throw new Error("the example is not there: see README.md for how the page is built");
  return { name: "example.zip", files: [{ path: "example.zip", file: await answer.blob() }] };
}

// Showing

/** Shows the model as it is now, then what takes longer to find out. */
async function show(now) {
  const own = ++turn;
  [state, estimate] = [now, null];
  const hasProgram = state.programs > 0, isWhole = !state.missing.length;
  for (const id of ["run", "compress"]) for (const control of byId(id).elements) control.disabled = !hasProgram || !isWhole;
  for (const id of ["suggest", "suggest-all"]) byId(id).disabled = !hasProgram;
  for (const id of ["target", "strip", "report"]) byId(id).hidden = !hasProgram;
  byId("download").disabled = !isWhole;
  byId("download").textContent = state.steps.length ? "Download the result" : "Download as a package";
  byId("compress-note").textContent = hasProgram && isOld(state.summary) ? "The model is for iOS17 or older: palettes of 3 bits, palettes for groups, 4 bit integers and blocks need iOS18, which it is made for then." : "";
  showModel(state);
  showTiles(state, null);
  showSteps(state);
  showHelp(null);
  byId("differences").open = false;
  if (!hasProgram) return;
  await place(own);
  if (own === turn && state.now.ops <= TRIED_UNASKED && !state.steps.length) await suggest(false, own);
}

const isOld = ({ target: release }) => Number.parseFloat((release ?? "").replace("iOS", "")) < 18;

async function place(own = turn) {
  const found = await doing("Estimating where it runs", () => client.ask({ do: "estimate", target: target() }));
  if (!found || own !== turn) return;
  estimate = found;
  byId("target-warning").textContent = found.warning ?? "";
  showTiles(state, estimate);
  const strip = byId("strip");
  URL.revokeObjectURL(strip.src);
  strip.src = URL.createObjectURL(new Blob([found.svg], { type: "image/svg+xml" }));
  strip.alt = `Which device runs which part of the program: ${plural(found.now.segments, "segment")}, ${found.now.ane_ops} of ${plural(found.now.ops, "op")} on the Neural Engine`;
  strip.hidden = false;
  await showReport(own);
}

async function showReport(own = turn) {
  byId("report-chip").setAttribute("aria-pressed", String(report === "chip"));
  byId("report-devices").setAttribute("aria-pressed", String(report === "devices"));
  if (report === "devices" && !estimate.devices) {
    const found = await doing("Estimating for every device", () => client.ask({ do: "devices" }));
    if (!found || own !== turn) return;
    estimate.devices = found.page;
  }
  send();
}

/** Gives the frame its page, in the theme of this one. */
function send() {
  const page = report === "devices" ? estimate?.devices : estimate?.page;
  if (page) byId("frame").contentWindow.postMessage({ page, theme: document.documentElement.dataset.theme }, "*");
}

async function suggest(all, own = turn) {
  const found = await doing(all ? "Trying every known fix" : "Trying the named pipelines", () => client.ask({ do: "suggest", all, target: target() }));
  if (!found || own !== turn) return;
  showHelp(found, (pipeline) => change(`Running ${pipeline}`, { do: "run", pipeline, release: null, target: target() }));
  if (found.found?.length) await place(own);
}

// Changing

/** Does something to the model. What is wrong with it is shown where it was asked for. */
async function change(what, request, faultId = null) {
  const failed = (error) => {
    if (!faultId) return fault(error);
    byId(faultId).textContent = error.message;
    byId(faultId).hidden = false;
  };
  for (const id of ["pipeline-fault", "compress-fault", "fault"]) byId(id).hidden = true;
  const changed = await doing(what, () => client.ask(request), failed);
  if (!changed) return;
  await show(changed);
  const last = changed.steps.at(-1);
  if (last) byId("done").focus();
  say(last ? outcome(last.report) : "The model is as it came");
}

function run(event) {
  event.preventDefault();
  const pipeline = byId("pipeline").value.trim();
  if (!pipeline) return byId("pipeline").focus();
  change("Running", { do: "run", pipeline, release: byId("release").value || null, target: target() }, "pipeline-fault");
}

function compress(event) {
  event.preventDefault();
  const number = (id) => (byId(id).value === "" ? null : Number(byId(id).value));
  const forms = {
    palette: () => ({ kind: "palette", bits: number("bits"), group_size: number("groups"), per_channel_scale: byId("per-channel").checked }),
    integers: () => ({ kind: "integers", dtype: byId("dtype").value, block_size: number("blocks") }),
    zeros: () => ({ kind: "zeros", part: number("part") }),
  };
  const form = forms[byId("form").value]();
  const isNew = form.bits === 3 || form.group_size || form.block_size || form.per_channel_scale || /int4/.test(form.dtype);
  const raise = isNew && isOld(state.summary) ? "iOS18" : null;
  change("Compressing", { do: "compress", form, weight_threshold: number("threshold"), raise_target: raise }, "compress-fault");
}

async function download() {
  const written = await doing("Writing", () => client.ask({ do: "write" }));
  if (!written) return;
  save(written.blob, written.name);
  say(`${written.name}, ${bytes(written.bytes)}, is in your downloads`);
}

async function compare() {
  if (!byId("differences").open) return;
  const found = await doing("Comparing", () => client.ask({ do: "compare" }));
  if (found) byId("differences-text").textContent = [found.text, found.table, found.details].map((text) => text.trimEnd()).filter(Boolean).join("\n\n");
}

// Controls

function showSystems() {
  const { platform, first_os: first } = about.chips.find(({ name }) => name === byId("chip").value);
  const kept = byId("os").selectedIndex;
  byId("os").replaceChildren(...SYSTEMS[platform].filter((version) => Number(version) >= first).map((version) => el("option", { value: `${platform}${version}` }, `${platform} ${version}`)));
  byId("os").selectedIndex = Math.min(Math.max(0, kept), byId("os").length - 1);
}

function showPipelines() {
  const named = about.pipelines.map(({ name }) => el("label", null, el("input", { type: "radio", name: "named", value: name }), name));
  byId("pipelines").replaceChildren(...named);
  byId("pipelines").onchange = ({ target: { value } }) => {
    byId("pipeline").value = value;
    showPipeline();
  };
}

/** What the pipeline in the text is, where it is a named one. */
function showPipeline() {
  const known = about.pipelines.find(({ name }) => name === byId("pipeline").value.trim());
  for (const radio of byId("pipelines").querySelectorAll("input")) radio.checked = radio.value === known?.name;
  byId("pipeline-fault").hidden = true;
  byId("pipeline-about").textContent = !known ? "" : [PIPELINES[known.name],
    known.steps.length ? `${known.steps.length} passes.` : null,
    known.lossy ? "It rounds numbers: compare them on your inputs." : null].filter(Boolean).join(" ");
}

function showPasses() {
  const words = byId("passes-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = about.passes.filter(({ id, summary }) => words.every((word) => `${id} ${summary}`.toLowerCase().includes(word)));
  const add = (id) => () => {
    const text = byId("pipeline").value.trim();
    byId("pipeline").value = text ? `${text},${id}` : id;
    showPipeline();
    byId("pipeline").focus();
  };
  byId("passes-list").replaceChildren(...found.map(({ id, summary }) => el("li", null,
    el("button", { type: "button", onclick: add(id), "aria-label": `Add ${id} to the pipeline` }, el("code", null, id)), el("p", null, summary.replaceAll("`", "")))));
}

function showForms() {
  for (const label of document.querySelectorAll("[data-form]")) label.hidden = label.dataset.form !== byId("form").value;
}

function listen() {
  const picked = ({ target: input }) => {
    open({ name: input.files[0]?.name ?? "", files: async () => chosen(input) }).finally(() => { input.value = ""; });
  };
  byId("pick-folder").onchange = picked;
  byId("pick-files").onchange = picked;
  byId("example").onclick = () => open({ name: "an example", files: example });
  byId("close").onclick = close;
  byId("download").onclick = download;
  byId("stop").onclick = () => client.stop();
  byId("fault-close").onclick = () => { byId("fault").hidden = true; };

  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    const files = dropped(event.dataTransfer);
    open({ name: "what was dropped", files: () => files });
  });

  byId("chip").onchange = () => { showSystems(); retarget(); };
  byId("os").onchange = byId("units").onchange = retarget;
  byId("run").onsubmit = run;
  byId("pipeline").oninput = showPipeline;
  byId("pipeline").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("run").requestSubmit(); };
  byId("passes-search").oninput = showPasses;
  byId("passes").ontoggle = showPasses;
  byId("compress").onsubmit = compress;
  byId("form").onchange = showForms;
  byId("suggest").onclick = () => suggest(false);
  byId("suggest-all").onclick = () => suggest(true);
  byId("undo").onclick = () => change("Undoing", { do: "undo" });
  byId("reset").onclick = () => change("Undoing", { do: "reset" });
  byId("differences").ontoggle = compare;
  byId("report-chip").onclick = () => { report = "chip"; showReport(); };
  byId("report-devices").onclick = () => { report = "devices"; showReport(); };
  byId("report-whole").onclick = () => byId("frame").requestFullscreen?.();
  byId("report-save").onclick = () => {
    const page = report === "devices" ? estimate?.devices : estimate?.page;
    if (page) save(new Blob([page], { type: "text/html" }), `${state.name}-${report === "devices" ? "devices" : byId("chip").value}.html`);
  };
  byId("frame").onload = send;
}

function retarget() {
  showHelp(null);
  place();
}

async function start() {
  startTheme(send);
  client.onprogress = progress;
  await doing("Loading", async () => {
    await client.load("milopt.wasm");
    about = await client.ask({ do: "about" });
  });
  if (!about) return;
  byId("version").textContent = `milopt ${about.version}.`;
  byId("chip").append(...["macOS", "iOS"].map((platform) => el("optgroup", { label: platform === "macOS" ? "Macs and iPads" : "iPhones and iPads" },
    about.chips.filter((chip) => chip.platform === platform).map(({ name }) => el("option", { selected: name === "M4" }, name)))));
  byId("release").append(...about.releases.map((name) => el("option", { value: name }, name)));
  showSystems();
  showPipelines();
  showForms();
  listen();
  document.body.dataset.ready = "";
}

start();
