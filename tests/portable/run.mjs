// node run.mjs MODULE.wasm PACKAGE PIPELINE CHIP NATIVE REPORT
// Rewrites a package in WebAssembly and compares with the package and the estimate (JSON) that the native command wrote.
import { deepStrictEqual } from "node:assert";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const [module, input, pipeline, chip, native, report] = process.argv.slice(2);

const files = (root, prefix = "") =>
  readdirSync(join(root, prefix)).sort().flatMap((name) => {
    const path = prefix ? `${prefix}/${name}` : name;
    return statSync(join(root, path)).isDirectory() ? files(root, path) : [[path, readFileSync(join(root, path))]];
  });

const sized = (bytes) => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return [size, bytes];
};

const { instance } = await WebAssembly.instantiate(readFileSync(module), {});
const { memory, input: room, run, output } = instance.exports;
const buffers = [...files(input), ["pipeline", Buffer.from(pipeline)], ["chip", Buffer.from(chip)]];
const message = Buffer.concat(buffers.flatMap(([name, bytes]) => [...sized(Buffer.from(name)), ...sized(bytes)]));
const start = performance.now();
const at = room(message.length) >>> 0;
new Uint8Array(memory.buffer, at, message.length).set(message);
const len = run() >>> 0;
let rest = Buffer.from(memory.buffer.slice(output() >>> 0, (output() >>> 0) + len));
const seconds = (performance.now() - start) / 1000;

const answer = new Map();
const piece = () => {
  const size = rest.readUInt32LE(0);
  const bytes = rest.subarray(4, 4 + size);
  rest = rest.subarray(4 + size);
  return bytes;
};
while (rest.length) {
  const name = piece().toString();
  answer.set(name, piece());
}
if (answer.has("error")) throw new Error(`${input}: ${answer.get("error")}`);

const estimate = JSON.parse(answer.get("report.json").toString());
answer.delete("report.json");
// The command also tries pipelines and says which to run.
const { advice: _, ...said } = JSON.parse(readFileSync(report, "utf8"));
deepStrictEqual(estimate, said, "the estimates differ");
const expected = new Map(files(native));
deepStrictEqual([...answer.keys()].sort(), [...expected.keys()].sort(), "the files differ");
for (const [name, bytes] of expected) {
  if (!bytes.equals(answer.get(name))) throw new Error(`${name} differs from the native one`);
}
const bytes = [...expected.values()].reduce((sum, file) => sum + file.length, 0);
const { ops, ane_ops, segments } = Object.values(estimate.functions)[0].summary;
console.log(`${input}: ${expected.size} files, ${bytes} bytes, equal to the native ones; ` +
  `${ane_ops} of ${ops} ops on the ANE in ${segments} segments; ${seconds.toFixed(2)} s`);
