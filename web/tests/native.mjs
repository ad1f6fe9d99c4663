// node native.mjs MODULE.wasm PACKAGE PIPELINE CHIP NATIVE REPORT
// Rewrites a package in WebAssembly and compares with the package and the estimate (JSON) that the native command wrote.
import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { milopt } from "../page/milopt.js";
import { holdAgainst, paths } from "./zip.mjs";

const [module, input, pipeline, chip, native, report] = process.argv.slice(2);
const target = { chip, os: "26", units: "cpu-and-ne" };
const names = paths(input).filter((path) => !path.endsWith("/"));
const files = names.map((path) => readFileSync(join(input, path)));
const [parts, since] = [[], []];
const ask = await milopt(await WebAssembly.compile(readFileSync(module)), {
  read: (file, offset, length) => files[file].subarray(offset, offset + length),
  put: (bytes) => since.push(Buffer.from(bytes)),
  copy: (file, start, end) => since.push(files[file].subarray(start, end)),
  head: (bytes) => parts.push(Buffer.from(bytes), ...since.splice(0)),
});

const start = performance.now();
ask({ do: "open", name: basename(input), files: names.map((path, file) => ({ path, file, len: files[file].length })) });
ask({ do: "run", pipeline, release: null, target });
const estimate = ask({ do: "placement", target });
ask({ do: "write" });
const seconds = (performance.now() - start) / 1000;

// The command also tries pipelines and says which to run, and says what files it looked at.
const { advice: _advice, key: _key, content: _content, ...said } = JSON.parse(readFileSync(report, "utf8"));
deepStrictEqual(estimate, said, "the estimates differ");
const archive = Buffer.concat([...parts, ...since]);
const equal = holdAgainst({ size: archive.length, read: (at, length) => archive.subarray(at, at + length) }, native);
const { ops, ane_ops, segments } = Object.values(estimate.functions)[0].summary;
console.log(`${input}: ${equal.files} files, ${equal.bytes} bytes, equal to the native ones; ` +
  `${ane_ops} of ${ops} ops on the ANE in ${segments} segments; ${seconds.toFixed(2)} s`);
