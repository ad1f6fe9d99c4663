// Where the work is done, so that the page stays alive: files are read here in ranges, and a download is put together.

import { Broken, milopt } from "./milopt.js";

/** Bytes that are kept before the browser gets them, which may put them on disk. */
const PIECE = 8 << 20;

const reader = new FileReaderSync();
const files = [];
let download = null;
let ask = null;
let told = 0;

const host = {
  read: (file, offset, length) => {
    const bytes = reader.readAsArrayBuffer(files[file].slice(offset, offset + length));
    if (bytes.byteLength !== length) throw new Error("the file is shorter than it was");
    return new Uint8Array(bytes);
  },
  put: (bytes) => download.put(bytes),
  copy: (file, start, end) => download.copy(files[file].slice(start, end)),
  head: (bytes) => download.head(bytes),
  tell: (done, all, what) => {
    if (performance.now() - told < 60 && done < all) return;
    told = performance.now();
    postMessage({ progress: { done, all, what: what() } });
  },
};

/** What will be downloaded: pieces that the browser holds. Parts of files that were opened are named, not copied. */
class Download {
  #parts = [];
  #since = [];
  #piece = new Uint8Array(PIECE);
  #filled = 0;

  put(bytes) {
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.subarray(at, at + PIECE - this.#filled);
      this.#piece.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === PIECE) this.#flush();
    }
  }

  copy(blob) {
    this.#flush();
    this.#since.push(blob);
  }

  /** These bytes come before all that came since the last call. */
  head(bytes) {
    this.#flush();
    this.#parts.push(new Blob([bytes]), ...this.#since);
    this.#since = [];
  }

  finish() {
    this.#flush();
    return new Blob([...this.#parts, ...this.#since], { type: "application/zip" });
  }

  #flush() {
    if (this.#filled) this.#since.push(new Blob([this.#piece.subarray(0, this.#filled)]));
    this.#filled = 0;
  }
}

/** Opens what was dropped: `[{ path, file }]`. What was open stays open until that is done. */
async function open(name, dropped) {
  const before = files.length;
  try {
    const isArchive = dropped.length === 1 && (await isZip(dropped[0].file));
    const found = isArchive ? await unpack(dropped[0].file) : dropped.map(({ path, file }) => ({ path, file: keep(file), len: file.size }));
    const answer = ask({ do: "open", name: isArchive ? name.replace(/\.zip$/i, "") : name, files: found });
    files.fill(null, 0, before);
    return answer;
  } catch (error) {
    files.length = before;
    throw error;
  }
}

/** The number by which milopt asks for a file. */
const keep = (file) => files.push(file) - 1;

async function isZip(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return start.length === 4 && start.every((byte, at) => byte === [0x50, 0x4b, 3, 4][at]);
}

/** The files of a model in an archive. */
async function unpack(archive) {
  const number = keep(archive);
  const found = [];
  for (const { path, start, stored, len, deflated, crc } of ask({ do: "archive", file: { file: number, len: archive.size } })) {
    if (!deflated) {
      found.push({ path, file: number, start, len, crc });
      continue;
    }
    postMessage({ progress: { done: 0, all: 0, what: `Unpacking ${path}` } });
    const unpacked = await inflate(path, archive.slice(start, start + stored));
    if (unpacked.size !== len) throw new Error(`the zip archive is damaged: ${path} has not the size that it should have`);
    found.push({ path, file: keep(unpacked), len, crc });
  }
  return found;
}

/** The browser inflates, and keeps what comes of it where it keeps large files. */
async function inflate(path, packed) {
  try {
    return await new Response(packed.stream().pipeThrough(new DecompressionStream("deflate-raw"))).blob();
  } catch {
    throw new Error(`the zip archive is damaged: ${path} cannot be unpacked`);
  }
}

async function answer(request) {
  if (request.do === "open") return open(request.name, request.files);
  if (request.do !== "write") return ask(request);
  download = new Download();
  try {
    return { ...ask(request), blob: download.finish() };
  } finally {
    download = null;
  }
}

// One request at a time, in their order.
let last = Promise.resolve();
onmessage = ({ data: { module, id, request } }) => {
  last = last.then(async () => {
    try {
      if (module) ask = await milopt(module, host);
      else postMessage({ id, answer: await answer(request) });
    } catch (error) {
      postMessage({ id, error: error.message, broken: error instanceof Broken });
    }
  });
};
