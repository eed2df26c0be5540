/**
 * The runner as a child process: starting it, its pipes, how it ended.
 *
 * Pipes: descriptor 3 takes messages for the runner's main thread, 4 for its control
 * thread, which serves them while the main thread is busy, and 5 brings its events.
 * Descriptors 1 and 2 bring what native code and child processes print.
 * Messages are lines, of JSON mostly.
 */
"use strict";

const { spawn } = require("node:child_process");
const { StringDecoder } = require("node:string_decoder");

const { defineDescendants } = require("./descendants.js");

/** Milliseconds to wait for the pipes of a runner that has ended: its children may hold them. */
const CLOSE_MILLISECONDS = 300;

/** Characters of its last words that are searched for the reason of a death. */
const LAST_WORDS = 4096;

/**
 * Reads the runner's source from descriptor 3 and runs it. It is no part of the
 * command line because that is limited (128 KiB an argument on Linux) and public.
 * `import()` works in the text of `--eval` and nowhere else.
 */
const BOOTSTRAP = `(() => {
  const fs = require("node:fs");
  const read = (length) => {
    const buffer = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      try {
        const count = fs.readSync(3, buffer, done, length - done, null);
        if (count === 0) process.exit(0);
        done += count;
      } catch (error) {
        if (error.code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
    return buffer.toString("latin1");
  };
  const source = read(Number(read(10)));
  require("node:vm").runInThisContext(source, { filename: "acajs:runner" })(require)("runner.js")(
    (name, options) => options ? import(name, options) : import(name));
})()`;

/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {import("node:stream").Writable} Writable */
/** @typedef {{kind: string, [field: string]: any}} RunnerMessage */
/**
 * @typedef {object} Ending How a runner ended.
 * @property {"exit" | "crash" | "memory" | "killed"} reason
 * @property {number | null} code Its exit code.
 * @property {string | null} signal The signal that ended it.
 */
/**
 * @typedef {object} RunnerListener
 * @property {(message: RunnerMessage) => void} onMessage
 * @property {(name: "stdout" | "stderr", text: string) => void} onText
 * @property {(ending: Ending) => void} onEnd Called once, after all its output.
 */
/**
 * @typedef {object} RunnerOptions
 * @property {string} source The runner's program, in ASCII.
 * @property {string} folder Where it works.
 * @property {number} heapMegabytes
 */

const { parse, stringify } = JSON;
const { killTree } = defineDescendants();
const startTimer = setTimeout;
const stopTimer = clearTimeout;

/**
 * An interrupt leaves callbacks without their end, which Node must tolerate; and
 * where it can, Node is to tell the user's code of one cell from that of another.
 * @returns {string[]}
 */
function flags() {
  const wanted = ["--no-force-async-hooks-checks", "--experimental-async-context-frame"];
  const known = process.allowedNodeEnvironmentFlags;
  return wanted.filter((flag) => known.has(flag));
}

/**
 * Call back with every whole line of a pipe.
 * @param {Readable} pipe
 * @param {(line: string) => void} onLine
 * @param {() => void} onRest Called when there is no more for now.
 * @returns {void}
 */
function readLines(pipe, onLine, onRest) {
  const decoder = new StringDecoder("utf8");
  /** @type {string[]} */
  let pieces = [];
  pipe.on("data", (/** @type {Buffer} */ chunk) => {
    const text = decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      pieces.push(text.slice(start, end));
      const line = pieces.length === 1 ? /** @type {string} */ (pieces[0]) : pieces.join("");
      pieces = [];
      start = end + 1;
      onLine(line);
    }
    if (start < text.length) {
      pieces.push(text.slice(start));
    }
    onRest();
  });
}

/** One runner, from its start to its end. */
class RunnerProcess {
  /** Whether it is made to wait by leaving its output unread; after its end all is read. */
  isPaused = false;
  /** @type {import("node:child_process").ChildProcess} */
  #child;
  /** @type {RunnerListener} */
  #listener;
  #ended = false;
  #killed = false;
  #lastWords = "";
  #hasReport = false;
  /** Whose text is coming. @type {RunnerMessage} */
  #stream = { kind: "stream", cell: "", name: "stdout" };
  #text = "";
  /** @type {string[]} */
  #pieces = [];
  /** @type {Readable[]} */
  #outputs;
  /** @type {Writable} */
  #main;
  /** @type {Writable} */
  #control;

  /**
   * Start a runner. It may fail later: then `onEnd` is called.
   * @param {RunnerOptions} options
   * @param {RunnerListener} listener
   */
  constructor(options, listener) {
    this.#listener = listener;
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${options.heapMegabytes}`, ...flags(), "--eval", BOOTSTRAP],
      {
        cwd: options.folder,
        stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
        windowsHide: true,
      },
    );
    const [, stdout, stderr, main, control, events] = /** @type {any[]} */ (this.#child.stdio);
    this.#main = main;
    this.#control = control;
    this.#outputs = [stdout, stderr, events];
    for (const pipe of [stdout, stderr, main, control, events]) {
      // A runner that dies breaks its pipes; what matters of it comes with "exit".
      pipe.on("error", () => undefined);
    }
    this.#child.on("error", (error) => this.#fail(error));
    this.#child.on("exit", (code, signal) => this.#exited(code, signal));
    this.#main.write(String(options.source.length).padStart(10, "0"));
    this.#main.write(options.source, "latin1");
    readLines(
      events,
      (line) => this.#read(line),
      () => this.#closeText(),
    );
    this.#readText(stdout, "stdout");
    this.#readText(stderr, "stderr");
  }

  /** The process's number, or undefined when it could not be started. */
  get pid() {
    return this.#child.pid;
  }

  /**
   * Send a message to the main thread.
   * @param {object} message
   * @returns {void}
   */
  send(message) {
    this.#main.write(`${stringify(message)}\n`);
  }

  /**
   * Send a message to the control thread.
   * @param {object} message
   * @returns {void}
   */
  sendControl(message) {
    this.#control.write(`${stringify(message)}\n`);
  }

  /**
   * Stop reading, so that a runner that prints on blocks, or read on.
   * @param {boolean} isPaused
   * @returns {void}
   */
  setPaused(isPaused) {
    this.isPaused = isPaused;
    for (const pipe of this.#outputs) {
      if (isPaused) {
        pipe.pause();
      } else {
        pipe.resume();
      }
    }
  }

  /** Kill it and the processes that it started. */
  kill() {
    this.#killed = true;
    this.setPaused(false);
    if (this.#child.pid !== undefined && this.#child.exitCode === null) {
      killTree(this.#child.pid);
    }
  }

  /** Kill it and hear no more of it. */
  abandon() {
    this.#ended = true;
    this.kill();
    for (const pipe of this.#outputs) {
      pipe.destroy();
    }
  }

  /**
   * Take a line of the events; `runner/output.js` tells what lines there are.
   * @param {string} line
   * @returns {void}
   */
  #read(line) {
    if (this.#ended) {
      return;
    }
    const mark = line[0];
    if (mark === '"') {
      this.#text += parse(line);
      return;
    }
    this.#closeText();
    if (mark === "+" || mark === "=") {
      this.#pieces.push(line.slice(1));
      if (mark === "+") {
        return;
      }
    }
    // Pieces without a last one are of a message that an interrupt has cut off.
    const message = parse(mark === "=" ? this.#pieces.join("") : line);
    this.#pieces = [];
    if (message.kind === "stream") {
      this.#stream = message;
    } else {
      this.#listener.onMessage(message);
    }
  }

  /** Hand on the text that has come. */
  #closeText() {
    if (this.#text !== "") {
      const text = this.#text;
      this.#text = "";
      this.#listener.onMessage({ ...this.#stream, text });
    }
  }

  /**
   * @param {Readable} pipe
   * @param {"stdout" | "stderr"} name
   * @returns {void}
   */
  #readText(pipe, name) {
    const decoder = new StringDecoder("utf8");
    pipe.on("data", (/** @type {Buffer} */ chunk) => {
      let text = decoder.write(chunk);
      if (name === "stderr") {
        this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
        text = this.#withoutReport(text);
      }
      if (text !== "" && !this.#ended) {
        this.#listener.onText(name, text);
      }
    });
  }

  /**
   * V8's report on a full heap is long, and says nothing that the cell's error does not say.
   * @param {string} text
   * @returns {string}
   */
  #withoutReport(text) {
    const start = text.indexOf("<--- Last few GCs --->");
    if (this.#hasReport || start >= 0) {
      this.#lastWords = this.#hasReport ? this.#lastWords : text.slice(start);
      const before = this.#hasReport ? "" : text.slice(0, start).trimEnd();
      this.#hasReport = true;
      return before;
    }
    return text;
  }

  /**
   * @param {Error} error
   * @returns {void}
   */
  #fail(error) {
    this.#lastWords = error.message;
    if (this.#child.pid === undefined) {
      this.#end({ reason: "crash", code: null, signal: null });
    }
  }

  /**
   * @param {number | null} code
   * @param {string | null} signal
   * @returns {void}
   */
  #exited(code, signal) {
    const finish = () => {
      stopTimer(timer);
      this.#end({ reason: this.#reason(code, signal), code, signal });
    };
    const timer = startTimer(finish, CLOSE_MILLISECONDS);
    this.#child.on("close", finish);
    for (const pipe of this.#outputs) {
      pipe.resume();
    }
  }

  /**
   * @param {number | null} code
   * @param {string | null} signal
   * @returns {Ending["reason"]}
   */
  #reason(code, signal) {
    if (this.#killed) {
      return "killed";
    }
    // V8 writes this before it aborts, with SIGABRT or, below a shell, exit code 134.
    const isFull = this.#hasReport || /heap out of memory|Allocation failed/.test(this.#lastWords);
    if (isFull && code !== 0) {
      return "memory";
    }
    return signal === null && code !== 134 ? "exit" : "crash";
  }

  /**
   * @param {Ending} ending
   * @returns {void}
   */
  #end(ending) {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    for (const pipe of this.#outputs) {
      pipe.destroy();
    }
    this.#listener.onEnd(ending);
  }

  /** What it wrote last to its standard error, or why it could not be started. */
  get lastWords() {
    return this.#lastWords;
  }
}

module.exports = { RunnerProcess };
