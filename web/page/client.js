// The worker as the rest of the page sees it: questions with answers that come later.

/** Asks the worker. One that was stopped or broke is made anew, and is what it was before that question. */
export class Client {
  #worker = null;
  #module = null;
  #waiting = new Map();
  #next = 0;
  /** What made the model what it is, to be done again. */
  #opened = null;
  #steps = [];
  /** Questions up to this one only did that. */
  #restored = 0;

  /** Called with `{ done, all, what }` while something takes its time. */
  onprogress = () => {};

  async load(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} is not there (${answer.status}): see README.md for how the page is built`);
    const bytes = await answer.arrayBuffer();
    this.#module = await WebAssembly.compile(bytes);
    this.#start();
    return bytes.byteLength;
  }

  #start() {
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => (data.progress ? this.onprogress(data.progress) : this.#answered(data));
    this.#worker.onerror = (event) => this.#fail(event.message || "the worker does not start");
    this.#worker.postMessage({ module: this.#module });
  }

  #answered({ id, answer, error, broken }) {
    if (broken) {
      // What breaks while it is done again is not done once more.
      if (id <= this.#restored) [this.#opened, this.#steps] = [null, []];
      return this.#again(error);
    }
    const { done, failed } = this.#waiting.get(id);
    this.#waiting.delete(id);
    return error === undefined ? done(answer) : failed(new Error(error));
  }

  #fail(message) {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { failed } of waiting) failed(new Error(message));
  }

  #send(request) {
    return new Promise((done, failed) => {
      this.#waiting.set(++this.#next, { done, failed });
      this.#worker.postMessage({ id: this.#next, request });
    });
  }

  /** The answer to a request; throws an `Error` with a sentence. */
  async ask(request) {
    const answer = await this.#send(request);
    if (request.do === "open") [this.#opened, this.#steps] = [request, []];
    if (request.do === "run" || request.do === "compress") this.#steps.push(request);
    if (request.do === "undo") this.#steps.pop();
    if (request.do === "reset") this.#steps = [];
    return answer;
  }

  /** Ends what is being done. What asked for it gets an error. */
  stop() {
    this.#again("stopped");
  }

  /** What waits gets an error. Later questions wait until the new worker has done again what was done. */
  #again(message) {
    this.#fail(message);
    this.#worker.terminate();
    this.#start();
    // Where the files are gone, the next question says so.
    for (const request of [this.#opened, ...this.#steps].filter(Boolean)) this.#send(request).catch(() => {});
    this.#restored = this.#next;
  }
}
