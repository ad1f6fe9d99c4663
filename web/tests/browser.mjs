// node browser.mjs PAGE MILOPT CHROMIUM WORK [SHOTS]
// Does on the page, in Chromium, what people do, and holds downloads against what the command MILOPT writes.
// PAGE is the built folder, WORK one for what is written, SHOTS one for screenshots.
import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium } from "./chromium.mjs";
import { file, holdAgainst } from "./zip.mjs";

const [folder, milopt, program, work, shots] = process.argv.slice(2);
const fixture = (name) => resolve(`fixtures/${name}.mlpackage`);
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml", wasm: "application/wasm", zip: "application/zip" };
/** The page and all that it loads, compressed as servers do: it has 2.40 million, and is to become smaller. */
const MOST_BYTES = 2.5e6;

// The size of it

const packed = readdirSync(folder).map((name) => [name, gzipSync(readFileSync(join(folder, name)), { level: 9 }).length]);
const size = packed.reduce((sum, [, bytes]) => sum + bytes, 0);
console.log(`size: ${size} bytes compressed, ${packed.sort((a, b) => b[1] - a[1]).slice(0, 3).map(([name, bytes]) => `${name} ${bytes}`).join(", ")}, …`);
assert(size < MOST_BYTES, `the page has ${size} bytes compressed, more than ${MOST_BYTES}`);

// The page

const asked = [];
const server = createServer(({ url }, answer) => {
  const path = new URL(url, "http://local").pathname.replace(/\/$/, "/index.html");
  asked.push(path);
  try {
    const bytes = readFileSync(join(folder, basename(path)));
    answer.writeHead(200, { "content-type": TYPES[path.split(".").at(-1)] ?? "application/octet-stream" }).end(bytes);
  } catch {
    answer.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;
mkdirSync(work, { recursive: true });
if (shots) mkdirSync(shots, { recursive: true });
const browser = await chromium(program);
const { page } = browser;

const faults = [];
page.on("Network.requestWillBeSent", ({ request: { url } }) => {
  if (!url.startsWith(`${origin}/`) && !/^(blob|data|about):/.test(url)) faults.push(`asked for ${url}`);
});
page.on("Runtime.exceptionThrown", ({ exceptionDetails: { exception, text } }) => faults.push(exception?.description ?? text));
page.on("Log.entryAdded", ({ entry: { level, text, url } }) => level === "error" && faults.push(`${text} ${url ?? ""}`));

const idle = (seconds) => page.until("!document.body.hasAttribute('aria-busy')", seconds);
const click = (id) => page.value(`document.getElementById("${id}").click()`);
const set = (id, value) => page.value(`{ const e = document.getElementById("${id}"); e.value = ${JSON.stringify(value)}; e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); }`);
const text = (id) => page.value(`document.getElementById("${id}").innerText`);
const shown = (id) => page.value(`!document.getElementById("${id}").hidden`);

/** The whole page, in a window that is as high. */
async function shoot(name, width, height, scheme, mobile = false) {
  if (!shots) return;
  const resize = (height) => page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile });
  await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await resize(height);
  await resize(Math.max(height, await page.value("document.documentElement.scrollHeight")));
  // The report is drawn by another process.
  await new Promise((done) => setTimeout(done, 1000));
  writeFileSync(join(shots, `${name}.png`), await page.screenshot());
  await resize(900);
}

const LIGHT = [1280, 900, "light"], DARK = [1280, 900, "dark"], PHONE = [390, 844, "light", true];

/** Clicks on download; gives the path of what came. */
const downloads = resolve(work, "downloads");
async function download(seconds = 60) {
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(downloads);
  await click("download");
  await idle(seconds);
  const end = Date.now() + 1000 * seconds;
  for (;;) {
    const found = readdirSync(downloads).filter((name) => !/\.(crdownload|tmp)$/.test(name) && !name.startsWith(".com."));
    if (found.length) return join(downloads, found[0]);
    assert(Date.now() < end, `nothing was downloaded: ${await page.value("document.body.innerText.slice(0, 400)")}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** What the page wrote is what the command writes; gives what there is to say of it. */
async function sameAs(args, input, seconds) {
  const native = join(work, "native.mlpackage");
  rmSync(native, { recursive: true, force: true });
  execFileSync(milopt, [args[0], input, "-o", native, ...args.slice(1)], { stdio: ["ignore", "ignore", "inherit"] });
  const archive = file(await download(seconds));
  const { files, bytes } = holdAgainst(archive, native);
  archive.close();
  rmSync(downloads, { recursive: true, force: true });
  rmSync(native, { recursive: true, force: true });
  return `${files} files, ${bytes} bytes, equal to those of the command`;
}

async function opened(name, seconds = 60) {
  await page.until(`!document.getElementById("model").hidden && document.getElementById("name").textContent === ${JSON.stringify(name)}`, seconds);
  await idle(seconds);
  assert.equal(await shown("fault"), false, await text("fault-text"));
}

async function reopen(name) {
  await click("close");
  await page.choose("#pick-folder", [fixture(name)]);
  await opened(`${name}.mlpackage`);
}

async function changed() {
  await idle(120);
  for (const id of ["fault", "pipeline-fault", "compress-fault"]) assert.equal(await shown(id), false, await text(id));
}

try {
  await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
  await page.send("Emulation.setDeviceMetricsOverride", { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false });
  const start = Date.now();
  await page.send("Page.navigate", { url: `${origin}/` });
  await page.until("document.body?.dataset.ready !== undefined");
  console.log(`load: ${Date.now() - start} ms, ${asked.length} files`);
  await shoot("empty-light", ...LIGHT);
  await shoot("empty-dark", ...DARK);
  await shoot("empty-phone", ...PHONE);
  // By keyboard: the link that skips, the theme, then the ways to open something.
  const focused = [];
  for (let turn = 0; turn < 5; turn++) {
    await page.press("Tab");
    focused.push(await page.value("document.activeElement.id || document.activeElement.className"));
  }
  assert.deepEqual(focused, ["skip", "theme", "pick-folder", "pick-files", "example"]);
  // The rest needs no network. The example is asked for before.
  await page.press("Enter");
  await opened("star_hourglass.mlpackage");
  await page.send("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });

  // A folder that is dropped; what helps; a pipeline.
  await click("close");
  await page.drop([fixture("star_hourglass")]);
  await opened("star_hourglass.mlpackage");
  assert.match(await text("facts"), /ML Program · runs from iOS1\d on/);
  assert.match(await text("interface"), /fp32 1 × 3 × /);
  assert.match(await text("help"), /fp16[\s\S]*ops on the Neural Engine/);
  assert.match(await text("tiles"), /On the Neural Engine\s*0 %/i);
  await shoot("opened-light", ...LIGHT);
  await page.value(`[...document.querySelectorAll("#help button")].find((button) => button.ariaLabel === "Apply fp16").click()`);
  await changed();
  assert.match(await text("tiles"), /On the Neural Engine\s*100 %\s*was 0 %/i);
  assert.match(await text("steps"), /milopt run star_hourglass.mlpackage -o star_hourglass-opt.mlpackage --pipeline fp16/);
  console.log(`star_hourglass, fp16: ${await sameAs(["run", "--pipeline", "fp16"], fixture("star_hourglass"))}`);
  await click("undo");
  await changed();
  assert.equal(await shown("done"), false);
  console.log(`star_hourglass, as it came: ${await sameAs(["run", "--pipeline", "none"], fixture("star_hourglass"))}`);

  // A pipeline in words that is wrong, then one that is right.
  await set("pipeline", "fuse_conv,{");
  await page.value(`document.getElementById("run").requestSubmit()`);
  await idle();
  assert.match(await text("pipeline-fault"), /there is no pass or pipeline fuse_conv; is it fuse_conv_bn/);
  await shoot("pipeline-error", ...LIGHT);
  const pipeline = "default,fixpoint(noop_elimination,dead_code_elimination){max=3}";
  await set("pipeline", pipeline);
  await page.value(`document.getElementById("run").requestSubmit()`);
  await changed();
  console.log(`star_hourglass, text: ${await sameAs(["run", "--pipeline", pipeline], fixture("star_hourglass"))}`);

  // Compressed, with what each weight loses.
  await reopen("star_hourglass");
  await set("form", "palette");
  await set("bits", "4");
  await page.value(`document.getElementById("compress").requestSubmit()`);
  await changed();
  await page.value(`document.querySelector("#steps details").open = true`);
  assert.match(await text("steps"), /weights compressed[\s\S]* dB/);
  await click("report-devices");
  await idle();
  await click("report-chip");
  await page.value(`document.getElementById("differences").open = true`);
  await page.until(`document.getElementById("differences-text").textContent.length > 100`);
  await shoot("run-light", ...LIGHT);
  await shoot("run-dark", ...DARK);
  await shoot("run-phone", ...PHONE);
  console.log(`star_hourglass, 4 bits: ${await sameAs(["compress", "--palettize", "4", "--weight-threshold", "2048"], fixture("star_hourglass"))}`);
  await reopen("decoder");
  await set("form", "integers");
  await set("threshold", "0");
  await page.value(`document.getElementById("compress").requestSubmit()`);
  await changed();
  console.log(`decoder, int8: ${await sameAs(["compress", "--quantize", "int8", "--weight-threshold", "0"], fixture("decoder"))}`);

  // Every control has a name for those who hear the page.
  const { nodes } = await page.send("Accessibility.getFullAXTree");
  const controls = nodes.filter(({ role, ignored }) => !ignored && ["button", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton", "link", "img", "progressbar"].includes(role?.value));
  const unnamed = controls.filter(({ name }) => !name?.value);
  assert(controls.length > 15 && !unnamed.length, `${controls.length} controls, without a name: ${JSON.stringify(unnamed.map(({ role, properties }) => [role.value, properties]))}`);

  // A pipeline of models.
  await reopen("pipeline");
  assert.match(await text("facts"), /pipeline · .* · 2 programs/);
  await set("pipeline", "default");
  await page.value(`document.getElementById("run").requestSubmit()`);
  await changed();
  console.log(`pipeline: ${await sameAs(["run", "--pipeline", "default"], fixture("pipeline"))}`);

  // Something that takes long is stopped, and the model is still there.
  await reopen("star_hourglass");
  await click("suggest-all");
  await click("stop");
  await idle();
  await set("pipeline", "cleanup");
  await page.value(`document.getElementById("run").requestSubmit()`);
  await changed();
  assert.match(await text("steps"), /--pipeline cleanup/);

  // Damaged packages, and what is no model: sentences.
  await click("close");
  const damaged = resolve(work, "damaged.mlpackage");
  rmSync(damaged, { recursive: true, force: true });
  cpSync(fixture("star_hourglass"), damaged, { recursive: true });
  truncateSync(join(damaged, "Data/com.apple.CoreML/weights/weight.bin"), 1000);
  const garbled = resolve(work, "example.zip");
  const bytes = readFileSync(join(folder, "example.zip"));
  bytes.fill(0x55, 2000, 2400);
  writeFileSync(garbled, bytes);
  const note = resolve(work, "note.txt");
  writeFileSync(note, "not a model\n");
  for (const [path, words] of [[damaged, /^Cannot open damaged\.mlpackage: .*weights\/weight\.bin/], [garbled, /^The zip archive is damaged: star_hourglass/], [note, /^note\.txt is not a Core ML model: it is text$/]]) {
    await page.drop([path]);
    await idle();
    assert.match(await text("fault-text"), words);
    assert.equal(await shown("model"), false);
    console.log(`${basename(path)}: ${await text("fault-text")}`);
  }
  await page.drop([damaged]);
  await idle();
  await shoot("error-light", ...LIGHT);

  // Two gigabytes.
  const large = resolve(work, "large/large.mlpackage");
  execFileSync(process.execPath, ["web/tests/large.mjs", milopt, resolve(work, "large")], { stdio: "inherit" });
  const gigabytes = statSync(join(large, "Data/com.apple.CoreML/weights/weight.bin")).size / 2 ** 30;
  for (const [name, pipeline] of [["cleanup", "cleanup"], ["rounded", "fp16"]]) {
    const begun = Date.now();
    const lap = () => `${((Date.now() - begun) / 1000).toFixed(1)} s`;
    await page.choose("#pick-folder", [large]);
    await opened("large.mlpackage", 120);
    const openedAt = lap();
    await set("pipeline", pipeline);
    await page.value(`document.getElementById("run").requestSubmit()`);
    await idle(300);
    await changed();
    const ranAt = lap();
    const equal = await sameAs(["run", "--pipeline", pipeline], large, 300);
    console.log(`${gigabytes.toFixed(2)} GiB, ${name}: open after ${openedAt}, run after ${ranAt}, all after ${lap()}; ${equal}`);
    await click("close");
  }
  assert.deepEqual(faults.filter((fault) => !/ERR_INTERNET_DISCONNECTED/.test(fault)), []);
} finally {
  await browser.close();
  server.close();
  rmSync(work, { recursive: true, force: true });
}
