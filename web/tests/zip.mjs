// Reads zip archives of stored files, as the page writes them, and holds their bytes against files.
import { closeSync, fstatSync, openSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const CHUNK = 16 << 20;

/** Files below a folder, and folders in which nothing is, by their paths in it. */
export function paths(root, prefix = "") {
  const names = readdirSync(join(root, prefix)).sort();
  if (!names.length) return [`${prefix}/`];
  return names.flatMap((name) => {
    const path = prefix ? `${prefix}/${name}` : name;
    return statSync(join(root, path)).isDirectory() ? paths(root, path) : [path];
  });
}

/** `{ size, read(at, length) }` of a file. */
export function file(path) {
  const open = openSync(path);
  const read = (at, length) => {
    const bytes = Buffer.alloc(length);
    if (readSync(open, bytes, 0, length, at) !== length) throw new Error(`${path} ends early`);
    return bytes;
  };
  return { size: fstatSync(open).size, read, close: () => closeSync(open) };
}

/** The entries of an archive: path, size, checksum, and where the bytes are. */
export function entries({ size, read }) {
  const end = read(size - 22, 22);
  if (end.readUInt32LE(0) !== 0x06054b50) throw new Error("the archive has no end");
  const count = end.readUInt16LE(10), list = read(end.readUInt32LE(16), end.readUInt32LE(12));
  const found = [];
  for (let at = 0; found.length < count; ) {
    if (list.readUInt32LE(at) !== 0x02014b50 || list.readUInt16LE(at + 10) !== 0) throw new Error("not an entry of a stored file");
    const name = list.readUInt16LE(at + 28), extra = list.readUInt16LE(at + 30);
    const start = list.readUInt32LE(at + 42);
    const local = read(start, 30);
    // What stands before a file says the same as the list.
    for (const [here, there] of [[14, 16], [18, 20], [22, 24]]) {
      if (local.readUInt32LE(here) !== list.readUInt32LE(at + there)) throw new Error("a file's head and the list differ");
    }
    found.push({
      path: list.toString("utf8", at + 46, at + 46 + name),
      crc: list.readUInt32LE(at + 16),
      size: list.readUInt32LE(at + 24),
      start: start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28),
    });
    at += 46 + name + extra;
  }
  return found;
}

/** Throws unless an archive holds exactly what a folder does, under the archive's own folder. Gives the bytes. */
export function holdAgainst(archive, folder) {
  const found = new Map(entries(archive).map((entry) => [entry.path.replace(/^[^/]+\//, ""), entry]));
  const expected = paths(folder);
  if ([...found.keys()].sort().join("\n") !== [...expected].sort().join("\n")) {
    throw new Error(`other files than in ${folder}: ${[...found.keys()]}`);
  }
  let bytes = 0;
  for (const path of expected.filter((path) => !path.endsWith("/"))) {
    const native = file(join(folder, path)), { start, size, crc } = found.get(path);
    if (size !== native.size) throw new Error(`${path} has ${size} bytes, not ${native.size}`);
    let sum = 0;
    for (let at = 0; at < size; at += CHUNK) {
      const length = Math.min(CHUNK, size - at), own = archive.read(start + at, length);
      if (!own.equals(native.read(at, length))) throw new Error(`${path} differs from the native one`);
      sum = crc32(own, sum);
    }
    if (sum !== crc) throw new Error(`${path} has another checksum than the archive says`);
    native.close();
    bytes += size;
  }
  return { files: expected.length, bytes };
}
