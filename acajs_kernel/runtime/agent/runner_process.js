/**
 * The runner as a child process: starting it, its pipes, how it ended.
 *
 * Pipes: descriptor 3 takes messages for the runner's main thread, 4 for its control
 * thread, which serves them while the main thread is busy, and 5 brings its events.
 * Descriptors 1 and 2 bring what native code and child processes print; where there are
 * named pipes the runner puts those in their place before it does anything else.
 * Messages are lines, of JSON mostly.
 */
"use strict";

const { spawn } = require("node:child_process");
const { StringDecoder } = require("node:string_decoder");

const { boundary } = require("../text.js");
const { toAsciiJson } = require("./answers.js");
const { defineDescendants } = require("./descendants.js");
const { createNamedPipes } = require("./named_pipes.js");
const { RunnerLines } = require("./runner_lines.js");

/** Milliseconds to wait for the pipes of a runner that has ended: its children may hold them. */
const CLOSE_MILLISECONDS = 300;

/** Milliseconds from the end of a pipe to that of the process whose end it is. */
const CUT_MILLISECONDS = 200;

/** Characters of its last words that are searched for the reason of a death. */
const LAST_WORDS = 4096;

/**
 * Reads the runner's source from descriptor 3 and runs it. It is no part of the
 * command line because that is limited (128 KiB an argument on Linux) and public.
 * The runner has a realm of its own, whose names and prototypes cells do not reach.
 * `import()` works in the text of `--eval`, in functions that it has made of texts, and
 * nowhere else: hence it makes those of cells too.
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
  const { construct } = Reflect;
  const { defineProperty, setPrototypeOf } = Object;
  for (const made of [function () {}, async function () {}, function* () {}, async function* () {}]) {
    const original = made.constructor;
    const { name, prototype } = original;
    const target = function (...texts) {
      return construct(original, texts, new.target === undefined || new.target === target ? original : new.target);
    };
    target.prototype = prototype;
    const constructor = target.bind();
    defineProperty(constructor, "name", { value: name });
    defineProperty(constructor, "length", { value: 1 });
    defineProperty(constructor, "prototype", { value: prototype });
    defineProperty(prototype, "constructor", { value: constructor });
    if (name === "Function") globalThis.Function = constructor;
    else setPrototypeOf(constructor, globalThis.Function);
  }
  const pipes = JSON.parse(read(Number(read(10))));
  const source = read(Number(read(10)));
  for (const [index, path] of pipes.entries()) {
    // The lowest free descriptor is the one that was closed: no other thread opens any yet.
    fs.closeSync(index + 1);
    fs.openSync(path, fs.constants.O_WRONLY);
  }
  const vm = require("node:vm");
  const realm = vm.createContext(vm.constants?.DONT_CONTEXTIFY ?? {});
  const load = vm.runInContext(source, realm, { filename: "acajs:runner" })(require, globalThis);
  load("runner.js")((name, options) => options ? import(name, options) : import(name), load);
})()`;

/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {import("node:stream").Writable} Writable */
/** @typedef {{kind: string, [field: string]: any}} RunnerMessage */
/**
 * @typedef {object} Ending How a runner ended.
 * @property {"exit" | "crash" | "memory" | "killed" | "closed"} reason
 * @property {number | null} code Its exit code.
 * @property {string | null} signal The signal that ended it.
 */
/**
 * @typedef {object} RunnerListener
 * @property {(message: RunnerMessage) => void} onMessage
 * @property {() => void} onBroken Called for a line that the runner cannot have written.
 * @property {(name: "stdout" | "stderr", text: string) => void} onText
 * @property {(ending: Ending) => void} onEnd Called once, after all its output.
 */
/**
 * @typedef {object} RunnerOptions
 * @property {string} source The runner's program, in ASCII.
 * @property {string} folder Where it works.
 * @property {number} heapMegabytes
 */

const { stringify } = JSON;
const { killTree } = defineDescendants();
const soon = setImmediate;
const startTimer = setTimeout;
const stopTimer = clearTimeout;

/**
 * An interrupt leaves callbacks without their end, which Node must tolerate; and
 * where it can, Node is to tell the user's code of one cell from that of another.
 * @returns {string[]}
 */
function flags() {
  const wanted = [
    "--no-force-async-hooks-checks",
    "--experimental-async-context-frame",
    "--experimental-import-meta-resolve", // takes what a specifier is relative to
  ];
  const known = process.allowedNodeEnvironmentFlags;
  return wanted.filter((flag) => known.has(flag));
}

/** One runner, from its start to its end. */
class RunnerProcess {
  /** Whether it is made to wait by leaving its output unread; after its end all is read. */
  isPaused = false;
  /** The parts of its program that it has been given. @type {Set<string>} */
  parts = new Set();
  /** @type {import("node:child_process").ChildProcess} */
  #child;
  /** @type {RunnerListener} */
  #listener;
  #ended = false;
  #killed = false;
  #lastWords = "";
  #hasReport = false;
  /** Whether one of its pipes has ended: soon it has ended too, or is ended. */
  #isCut = false;
  #wasCut = false;
  /** @type {RunnerMessage | null} */
  #lastDone = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #cutTimer;
  /** @type {Readable[]} */
  #outputs;
  /** @type {import("./named_pipes.js").NamedPipes | null} */
  #namedPipes;
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
    // Made while the runner starts.
    this.#namedPipes = createNamedPipes();
    const { paths = [], readers = [] } = this.#namedPipes ?? {};
    this.#outputs = [stdout, stderr, events, ...readers];
    for (const pipe of [stdout, stderr, main, control, events, ...readers]) {
      // A runner that dies breaks its pipes; what matters of it comes with "exit".
      pipe.on("error", () => undefined);
    }
    // The runner closes the first two at its start, where it opens others in their place.
    for (const pipe of readers.length > 0 ? [main, control, events, ...readers] : [main, control, events, stdout, stderr]) {
      pipe.on("close", () => this.#cut());
    }
    // Nothing comes through these two, but their end does.
    main.resume();
    control.resume();
    this.#child.on("error", (error) => this.#fail(error));
    this.#child.on("exit", (code, signal) => this.#exited(code, signal));
    for (const text of [toAsciiJson(paths), options.source]) {
      this.#main.write(String(text.length).padStart(10, "0"));
      this.#main.write(text, "latin1");
    }
    const lines = new RunnerLines({
      onMessage: (message) => this.#receive(message),
      onBroken: () => this.#ended || listener.onBroken(),
    });
    events.on("data", (/** @type {Buffer} */ chunk) => lines.take(chunk));
    for (const [index, pipe] of [stdout, stderr, ...readers].entries()) {
      this.#readText(pipe, index % 2 === 0 ? "stdout" : "stderr");
    }
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
    this.#namedPipes?.release();
    this.kill();
    for (const pipe of this.#outputs) {
      pipe.destroy();
    }
  }

  /**
   * @param {RunnerMessage} message
   * @returns {void}
   */
  #receive(message) {
    if (message.kind === "ready") {
      this.#namedPipes?.release();
    }
    if (message.kind === "done") {
      // What was written to descriptors 1 and 2 before is read within one more turn of the loop.
      soon(() => soon(() => this.#pass(message)));
    } else {
      this.#pass(message);
    }
  }

  /**
   * Hand on a message. The end of a cell waits for the process, if that is about to end too.
   * @param {RunnerMessage} message
   * @returns {void}
   */
  #pass(message) {
    if (this.#isCut && message.kind === "done") {
      this.#lastDone = message;
    } else if (!this.#ended) {
      this.#listener.onMessage(message);
    }
  }

  /**
   * A pipe has ended. If the process lives on, its code has closed a descriptor that the runtime
   * needs, and nothing more could be told to it, or heard of it.
   */
  #cut() {
    if (this.#isCut || this.#ended) {
      return;
    }
    this.#isCut = true;
    this.#cutTimer = startTimer(() => {
      const { pid, exitCode, signalCode } = this.#child;
      if (pid !== undefined && exitCode === null && signalCode === null) {
        this.#wasCut = true;
        killTree(pid);
      }
    }, CUT_MILLISECONDS);
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
        const words = this.#lastWords + text;
        this.#lastWords = words.slice(boundary(words, Math.max(0, words.length - LAST_WORDS)));
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
      stopTimer(this.#cutTimer);
      this.#end({ reason: this.#reason(code, signal), code, signal });
    };
    const timer = startTimer(finish, CLOSE_MILLISECONDS);
    this.#namedPipes?.release();
    let open = 1;
    const closed = () => {
      open -= 1;
      if (open === 0) {
        finish();
      }
    };
    this.#child.on("close", closed);
    for (const pipe of this.#namedPipes?.readers ?? []) {
      if (!pipe.destroyed) {
        open += 1;
        pipe.on("close", closed);
      }
    }
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
    if (this.#wasCut) {
      return "closed";
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
    this.#namedPipes?.release();
    for (const pipe of this.#outputs) {
      pipe.destroy();
    }
    if (this.#lastDone !== null && ending.reason !== "closed") {
      this.#listener.onMessage(this.#lastDone);
    }
    this.#listener.onEnd(ending);
  }

  /** What it wrote last to its standard error, or why it could not be started. */
  get lastWords() {
    return this.#lastWords;
  }
}

module.exports = { RunnerProcess };
