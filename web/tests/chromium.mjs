// Chromium without a window, driven by its own protocol through a pipe: no package is needed for it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Starts it with one empty page. */
export async function chromium(program) {
  const profile = mkdtempSync(join(tmpdir(), "milopt-chromium-"));
  const child = spawn(program, [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking",
    "--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank",
  ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const ended = new Promise((done) => child.once("exit", done));
  const [into, from] = [child.stdio[3], child.stdio[4]];
  const waiting = new Map(), listeners = new Set();
  let next = 0, rest = Buffer.alloc(0);
  from.on("data", (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
      const message = JSON.parse(rest.toString("utf8", 0, end));
      if (message.id === undefined) {
        for (const listener of listeners) listener(message);
        continue;
      }
      const { done, failed } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) failed(new Error(message.error.message));
      else done(message.result);
    }
  });
  child.once("exit", () => waiting.forEach(({ failed }) => failed(new Error("Chromium ended"))));
  const send = (method, params = {}, sessionId = undefined) => new Promise((done, failed) => {
    waiting.set(++next, { done, failed });
    into.write(`${JSON.stringify({ id: next, method, params, sessionId })}\0`);
  });

  const { targetInfos } = await send("Target.getTargets");
  const { sessionId } = await send("Target.attachToTarget", { targetId: targetInfos.find(({ type }) => type === "page").targetId, flatten: true });
  const page = new Page((method, params) => send(method, params, sessionId), listeners);
  for (const domain of ["Page", "Runtime", "Network", "DOM", "Log"]) await page.send(`${domain}.enable`);
  return {
    page,
    send,
    close: async () => {
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

class Page {
  constructor(send, listeners) {
    this.send = send;
    this.listeners = listeners;
  }

  on(method, act) {
    this.listeners.add((message) => message.method === method && act(message.params));
  }

  /** The value of an expression on the page. */
  async value(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /** Waits until an expression is true. */
  async until(expression, seconds = 60) {
    const end = Date.now() + 1000 * seconds;
    while (!(await this.value(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`after ${seconds} s still not: ${expression}; the page says: ${await this.value("document.body.innerText.slice(0, 2000)")}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Puts files into an input, as its dialog would. */
  async choose(selector, files) {
    const { root } = await this.send("DOM.getDocument");
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.send("DOM.setFileInputFiles", { nodeId, files });
  }

  /** Drops files or folders into the middle of the page. */
  async drop(files) {
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) await this.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  }

  async press(key, modifiers = 0) {
    const codes = { Tab: 9, Enter: 13, " ": 32 };
    const event = { key, code: key === " " ? "Space" : key, windowsVirtualKeyCode: codes[key], modifiers, text: key === "Enter" ? "\r" : key === " " ? " " : undefined };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot");
    return Buffer.from(data, "base64");
  }
}
