/**
 * Runs cells in the npm package `nel` and in the embedded pool's `session_host.js`,
 * and tells of both in the same words.
 */
"use strict";

const { spawn } = require("node:child_process");
const path = require("node:path");

/** The file under test. */
const HOST = path.join(__dirname, "..", "..", "acajs_kernel", "local", "session_host.js");

/** The package that the host stands in for; it has no types. @type {string} */
const NEL = "nel";

/** Milliseconds that anything may take, on a busy machine, before a test fails. */
const PATIENCE = 30_000;

/** What nel's server says to a reply that nothing asked for. */
const BARRIER_ANSWER = /^TypeError: Cannot read properties of undefined \(reading '\$\$'\)/;

/** @typedef {{ename: unknown, evalue: unknown, traceback: string[]}} ErrorReport */
/** @typedef {Record<string, unknown>} Message */

/**
 * All that one cell brought.
 * @typedef {object} Transcript
 * @property {string} stdout What it printed.
 * @property {string} stderr What it printed as errors.
 * @property {unknown[]} results The bundles that it sent, in order.
 * @property {ErrorReport[]} errors The errors that it sent, in order.
 * @property {unknown[]} displays Its display messages.
 * @property {unknown[]} requests Its requests to the user interface.
 * @property {"open" | "result" | "error" | "exit"} end How it ended, if it did.
 * @property {number | null} [exitCode] The interpreter's exit code, if that ended it.
 */

/** @returns {Transcript} That of a cell from which nothing has come. */
function emptyTranscript() {
  return {
    stdout: "",
    stderr: "",
    results: [],
    errors: [],
    displays: [],
    requests: [],
    end: "open",
  };
}

/**
 * Fail instead of waiting for ever.
 * @template T
 * @param {Promise<T>} promise What to wait for.
 * @param {string} what What it is, for the message.
 * @returns {Promise<T>}
 */
async function withinPatience(promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const expiry = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, expiry]));
  } finally {
    clearTimeout(timer);
  }
}

/** An interpreter process and the transcripts of its cells. */
class Interpreter {
  /** @type {Map<number, {transcript: Transcript, settle: () => void}>} */
  #cells = new Map();
  #latest = 0;
  /** @type {(message: Message) => void} */
  #online = () => {};

  /** @param {import("node:child_process").ChildProcess} child The process. */
  constructor(child) {
    this.child = child;
    /** @type {Promise<Message>} The first message. */
    this.online = new Promise((resolve) => {
      this.#online = resolve;
    });
    this.exit = new Promise((resolve) => {
      child.on("exit", (code, signal) => {
        for (const { transcript, settle } of this.#cells.values()) {
          if (transcript.end === "open") {
            transcript.end = "exit";
            transcript.exitCode = code;
          }
          settle();
        }
        resolve({ code, signal });
      });
    });
  }

  /**
   * Send a cell without waiting for its end.
   * @param {string} code The cell's text.
   * @returns {{transcript: Transcript, ended: Promise<Transcript>}}
   */
  start(code) {
    this.#latest += 1;
    const transcript = emptyTranscript();
    const ended = new Promise((resolve) => {
      this.#cells.set(this.#latest, { transcript, settle: () => resolve(transcript) });
    });
    this.submit(this.#latest, code);
    return { transcript, ended: withinPatience(ended, JSON.stringify(code.slice(0, 80))) };
  }

  /**
   * Run a cell to its end, or to the interpreter's.
   * @param {string} code The cell's text.
   * @returns {Promise<Transcript>}
   */
  run(code) {
    return this.start(code).ended;
  }

  /**
   * End the process and wait until it is gone.
   * @returns {Promise<void>}
   */
  async close() {
    this.child.kill("SIGKILL");
    await withinPatience(this.exit, "the interpreter's end");
  }

  /**
   * Send a cell's text to the process.
   * @param {number} _id The cell's id.
   * @param {string} _code The cell's text.
   * @returns {void}
   */
  submit(_id, _code) {
    throw new Error("each kind of interpreter has its own way");
  }

  /**
   * Wait until nothing more can come from the cells that have ended.
   * @returns {Promise<void>}
   */
  async drain() {
    // The host's messages come in order, and a cell's last one is its end.
  }

  /**
   * Say which cell a message counts for.
   * @param {unknown} id The cell that the message names, if it names one.
   * @returns {Transcript | undefined} That cell's transcript, if it takes messages.
   */
  receiverOf(id) {
    const transcript = this.#cells.get(Number(id))?.transcript;
    return transcript?.end === "open" ? transcript : undefined;
  }

  /** @returns {Transcript | undefined} The latest cell's, if it has not ended. */
  latestOpen() {
    return this.receiverOf(this.#latest);
  }

  /**
   * Take a message from the process.
   * @param {Message} message The message.
   * @returns {void}
   */
  receive(message) {
    if (message.status) {
      this.#online(message);
      return;
    }
    const transcript =
      message.id === undefined ? this.latestOpen() : this.receiverOf(message.id);
    if (!transcript) {
      return;
    }
    if (message.stdout !== undefined) {
      transcript.stdout += message.stdout;
    } else if (message.stderr !== undefined) {
      transcript.stderr += message.stderr;
    } else if (message.display !== undefined) {
      transcript.displays.push(message.display);
    } else if (message.request !== undefined) {
      transcript.requests.push(message.request);
    } else {
      this.#takeResult(transcript, message);
    }
  }

  /**
   * @param {Transcript} transcript
   * @param {Message} message
   */
  #takeResult(transcript, message) {
    if (message.error === undefined) {
      transcript.results.push(message.mime);
    } else {
      transcript.errors.push(/** @type {ErrorReport} */ (message.error));
    }
    if (message.end) {
      transcript.end = message.error === undefined ? "result" : "error";
      this.#cells.get(Number(message.id))?.settle();
    }
  }
}

/** The server of the npm package `nel`, driven as its own `Session` drives it. */
class Nel extends Interpreter {
  /** @param {string} cwd Where the process runs. */
  constructor(cwd) {
    // nel's own `Session` starts it with these arguments and descriptors.
    const { Session } = /** @type {{Session: {_args: string[]}}} */ (require(NEL));
    super(
      spawn(process.execPath, Session._args, {
        cwd,
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      }),
    );
    this.child.on("message", (message) => this.receive(/** @type {Message} */ (message)));
  }

  /**
   * A reply that nothing asked for fails inside nel's server, which says so: a barrier
   * that, unlike a cell, leaves the globals as they are.
   * @returns {Promise<void>}
   * @override
   */
  async drain() {
    const answer = new Promise((resolve) => {
      this.#drained = () => resolve(undefined);
    });
    this.child.send(["reply", null, 0, 0]);
    await withinPatience(Promise.race([answer, this.exit]), "an answer of nel's server");
  }

  /**
   * @param {Message} message
   * @override
   */
  receive(message) {
    if (message.id === undefined && BARRIER_ANSWER.test(String(message.stderr))) {
      this.#drained();
    } else {
      super.receive(message);
    }
  }

  #drained = () => {};

  /**
   * @param {number} id
   * @param {string} code
   * @override
   */
  submit(id, code) {
    this.child.send(["run", code, id]);
  }

  /**
   * Like nel's `Session`: what comes for a cell that has ended counts for the latest
   * one; after the end of that it is lost on its way through the service.
   * @param {unknown} id
   * @returns {Transcript | undefined}
   * @override
   */
  receiverOf(id) {
    return super.receiverOf(id) ?? this.#latestIfOther(id);
  }

  /** @param {unknown} id */
  #latestIfOther(id) {
    const latest = this.started;
    return latest === id ? undefined : super.receiverOf(latest);
  }

  /** Number of the latest cell. */
  started = 0;

  /**
   * @param {string} code
   * @override
   */
  start(code) {
    this.started += 1;
    return super.start(code);
  }
}

/** The embedded pool's interpreter. */
class SessionHost extends Interpreter {
  /**
   * Messages for a cell that was not running: there must be none.
   * @type {Message[]}
   */
  strays = [];
  /** Messages received so far. */
  received = 0;

  /**
   * @param {string} cwd Where the process runs.
   * @param {"fd" | "stdio"} [channel] Which kind of channel to use.
   */
  constructor(cwd, channel = "fd") {
    const isStdio = channel === "stdio";
    super(
      spawn(process.execPath, [HOST, isStdio ? "--channel=stdio" : "--channel-fd=3"], {
        cwd,
        stdio: isStdio ? ["pipe", "pipe", "inherit"] : ["ignore", "ignore", "ignore", "pipe"],
      }),
    );
    const { stdio } = this.child;
    /** @type {import("node:stream").Writable} */
    this.input = /** @type {import("node:stream").Writable} */ (stdio[isStdio ? 0 : 3]);
    const output = /** @type {import("node:stream").Readable} */ (stdio[isStdio ? 1 : 3]);
    this.output = output;
    let partial = "";
    output.setEncoding("utf8");
    output.on("data", (/** @type {string} */ chunk) => {
      const lines = chunk.split("\n");
      lines[0] = partial + lines[0];
      partial = lines.pop() ?? "";
      for (const line of lines) {
        this.received += 1;
        const message = JSON.parse(line);
        this.receive(message);
        output.emit("message", message);
      }
    });
    // The process may be gone before it has read all.
    output.on("error", () => {});
    this.input.on("error", () => {});
  }

  /**
   * @param {number} id
   * @param {string} code
   * @override
   */
  submit(id, code) {
    this.input.write(`${JSON.stringify({ id, code })}\n`);
  }

  /**
   * @param {Message} message
   * @override
   */
  receive(message) {
    if (message.id !== undefined && !this.receiverOf(message.id)) {
      this.strays.push(message);
    }
    super.receive(message);
  }
}

module.exports = { HOST, Nel, PATIENCE, SessionHost, withinPatience };
