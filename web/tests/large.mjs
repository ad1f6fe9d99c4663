// node large.mjs MILOPT FOLDER
// Makes FOLDER/large.mlpackage, whose weight file of 2 GiB is sparse: on disk it takes next to nothing.
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const [milopt, folder] = process.argv.slice(2);
const LAYERS = 8, SIDE = 8192, BYTES = 4 * SIDE * SIDE;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const weights = openSync(join(folder, "large.weights.bin"), "w");
const header = Buffer.alloc(64);
header.writeUInt32LE(LAYERS, 0);
header.writeUInt32LE(2, 4);
writeSync(weights, header, 0, 64, 0);
const lines = [];
for (let layer = 0; layer < LAYERS; layer++) {
  const at = 64 + layer * (64 + BYTES);
  const record = Buffer.alloc(64 + 64);
  record.writeUInt32LE(0xdeadbeef, 0);
  record.writeUInt32LE(2, 4);
  record.writeBigUInt64LE(BigInt(BYTES), 8);
  record.writeBigUInt64LE(BigInt(at + 64), 16);
  // Weights that are equal would be stored once.
  for (let place = 0; place < 16; place++) record.writeFloatLE((layer + 1) / (place + 3), 64 + 4 * place);
  writeSync(weights, record, 0, record.length, at);
  const [taken, given] = [layer ? `h${layer - 1}` : "x", layer === LAYERS - 1 ? "y" : `h${layer}`];
  lines.push(
    `        tensor<fp32, [${SIDE}, ${SIDE}]> w${layer} = const()[name = string("w${layer}"), val = tensor<fp32, [${SIDE}, ${SIDE}]>(BLOBFILE(path = string("@model_path/weights/weight.bin"), offset = uint64(${at})))];`,
    `        tensor<fp32, [1, ${SIDE}]> ${given} = linear(weight = w${layer}, x = ${taken})[name = string("${given}")];`);
}
ftruncateSync(weights, 64 + LAYERS * (64 + BYTES));
closeSync(weights);
writeFileSync(join(folder, "large.mil"), `program(1.3)\n{\n    func main<ios17>(tensor<fp32, [1, ${SIDE}]> x) {\n${lines.join("\n")}\n    } -> (y);\n}\n`);

const made = join(folder, "large.mlpackage");
execFileSync(milopt, ["run", join(folder, "large.mil"), "-o", made, "--pipeline", "none"], { stdio: ["ignore", "ignore", "inherit"] });
// What was copied has the same bytes, and no holes.
renameSync(join(folder, "large.weights.bin"), join(made, "Data/com.apple.CoreML/weights/weight.bin"));
rmSync(join(folder, "large.mil"));
