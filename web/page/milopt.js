// milopt in WebAssembly: requests and answers in JSON. Used by the page's worker, and by the tests in node.

/** Says what no request can be answered after: the module has to be made anew. */
export class Broken extends Error {}

/**
 * Makes a module that can be asked. `host` has `read(file, offset, length)`, which gives the bytes, and may have
 * `put(bytes)`, `copy(file, start, end)` and `head(bytes)` for what is written, and `tell(done, all, what)`.
 */
export async function milopt(module, host) {
  let broken = "";
  const text = new TextDecoder();
  const done = (act) => {
    try {
      act();
      return 0;
    } catch {
      return 1;
    }
  };
  // Memory may have moved since the last call.
  const memory = (at, length) => new Uint8Array(exports.memory.buffer, at >>> 0, length >>> 0);
  const imports = {
    read: (file, offset, at, length) => done(() => memory(at, length).set(host.read(file, Number(offset), length >>> 0))),
    put: (at, length) => done(() => host.put(memory(at, length))),
    copy: (file, start, end) => done(() => host.copy(file, Number(start), Number(end))),
    head: (at, length) => done(() => host.head(memory(at, length))),
    tell: (finished, all, at, length) => host.tell?.(finished, all, () => text.decode(memory(at, length))),
    fault: (at, length) => { broken = text.decode(memory(at, length)); },
  };
  const { exports } = await WebAssembly.instantiate(module, { host: imports });

  /** Answers a request; throws what milopt says against it. */
  return function ask(request) {
    let answer;
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(request));
      memory(exports.room(bytes.length), bytes.length).set(bytes);
      const length = exports.call();
      answer = JSON.parse(text.decode(memory(exports.answer(), length)));
    } catch (error) {
      // Without a panic it is memory that ran out: 4 GiB are all that there is, less where the system has less.
      throw new Broken(broken ? `milopt failed, which is a fault in it: ${broken}` : `milopt ran out of memory (${error.message})`);
    }
    if (answer.error) throw new Error(answer.error.message);
    return answer.ok;
  };
}
