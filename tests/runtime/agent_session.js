/**
 * Speaks to the agent as the kernel does: stubs in, framed answers out, in a real interpreter.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { createHash, randomBytes } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { setImmediate } = require("node:timers/promises");

const { Nel, PATIENCE, SessionHost, withinPatience } = require("../local/interpreters.js");

// As in the embedded pool: the session's folder is where its interpreter runs.
process.env.ACAJS_SESSION_MARKER ??= "test";

const ROOT = path.join(__dirname, "..", "..");

/** A developer's own environment, where there is one. */
const ENVIRONMENT = path.join(ROOT, ".venv", "bin", "python");

/** Python that can import this repository and its parser. */
const PYTHON =
  process.env.ACAJS_PYTHON ?? (fs.existsSync(ENVIRONMENT) ? ENVIRONMENT : "python3");

const SCRIPT = `
import json
from acajs_kernel.runtime.source import stub, travelling_source
source = travelling_source()
print(json.dumps([source.version, source.install_code, stub({"op": "REQUEST"}), source.parts]))
`;

const [VERSION, INSTALL, STUB, PARTS] = /** @type {[string, string, string, Record<string, [string, string]>]} */ (
  JSON.parse(
    execFileSync(PYTHON, ["-c", SCRIPT], { cwd: ROOT, encoding: "utf8", maxBuffer: 10_000_000 }),
  )
);

/** The parts that operations need. @type {Record<string, string[]>} */
const NEEDED = { complete: ["editor"], inspect: ["editor"] };

/** @typedef {{kind: string, cell: string, seq: number, [field: string]: any}} Event */
/** @typedef {{[field: string]: any, events: Event[]}} Payload */
/** @typedef {{name: string, create: (folder: string) => any}} Kind */

/** The interpreters that the agent must work in. @type {Kind[]} */
const KINDS = [
  { name: "nel", create: (folder) => new Nel(folder) },
  { name: "session_host", create: (folder) => new SessionHost(folder) },
];

/**
 * @param {string} text
 * @returns {string}
 */
function checksum(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/**
 * @param {object} request
 * @returns {string} The code that carries it.
 */
function stub(request) {
  const ascii = JSON.stringify(request).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return STUB.replace('{"op": "REQUEST"}', () => ascii);
}

/**
 * @typedef {object} Frame
 * @property {number} answer
 * @property {number} total
 * @property {number} offset
 * @property {string} text
 */

/**
 * @param {string} frame
 * @returns {Frame} Its parts, after checking them.
 */
function parseFrame(frame) {
  const match = /^acajs1 (\d+) (\d+) (\d+) (\d+) ([0-9a-f]{16}) /.exec(frame);
  if (match === null) {
    throw new Error(`not an answer: ${frame.slice(0, 200)}`);
  }
  const text = frame.slice(match[0].length);
  // eslint-disable-next-line no-control-regex -- ASCII is the claim
  if (!/^[\u0000-\u007e]*$/.test(text)) {
    throw new Error("an answer is not ASCII");
  }
  if (text.length !== Number(match[4]) || checksum(text) !== match[5]) {
    throw new Error("an answer is damaged");
  }
  return { answer: Number(match[1]), total: Number(match[2]), offset: Number(match[3]), text };
}

/** One interpreter with an agent, and a kernel's side of the protocol. */
class AgentSession {
  #lastCell = 0;
  client = randomBytes(8).toString("hex");
  /** @type {string | null} */
  epoch = null;
  acknowledged = 0;
  /** @type {Event[]} */
  events = [];
  /** Executions so far. */
  executions = 0;
  /** What every request carries beside its own fields. @type {object} */
  extra = {};
  /** The parts of the runtime that the agent has got. @type {Set<string>} */
  sent = new Set();

  /** @param {Kind} kind */
  constructor(kind) {
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "acajs-runtime-")));
    this.interpreter = kind.create(this.folder);
  }

  /**
   * Open a session and greet its agent.
   * @param {Kind} kind
   * @param {object} [settings]
   * @returns {Promise<AgentSession>}
   */
  static async open(kind, settings = {}) {
    const session = new AgentSession(kind);
    await withinPatience(session.interpreter.online, "the interpreter");
    await session.hello({ fresh: true, settings: { colors: false, ...settings } });
    return session;
  }

  /**
   * @param {object} fields
   * @returns {Promise<Payload>}
   */
  async hello(fields) {
    this.epoch = null;
    this.acknowledged = 0;
    this.sent.clear();
    const payload = await this.ask({ op: "hello", ...fields });
    this.epoch = payload.epoch;
    return payload;
  }

  /**
   * Run code in the interpreter itself.
   * @param {string} code
   * @returns {Promise<string>} Its raw result, or what it printed.
   */
  async execute(code) {
    this.executions += 1;
    const transcript = await this.interpreter.run(code);
    if (transcript.end !== "result") {
      throw new Error(`the execution failed: ${JSON.stringify(transcript).slice(0, 2000)}`);
    }
    return transcript.stdout !== "" ? transcript.stdout : transcript.results[0]["text/plain"];
  }

  /**
   * Send a request and return its whole answer.
   * @param {object} fields
   * @returns {Promise<Payload>}
   */
  async ask(fields) {
    const { client, epoch } = this;
    const needs = /** @type {any} */ (fields).needs ?? NEEDED[/** @type {any} */ (fields).op];
    const parts = needs === undefined ? {} : { needs, parts: this.#unsent(needs) };
    const request = { client, epoch, ack: this.acknowledged, ...this.extra, ...parts, ...fields };
    const code = stub(request);
    let text = await this.execute(code);
    if (text === "acajs1 absent") {
      text = await this.execute(`${INSTALL}\n${code}`);
    }
    const first = parseFrame(text);
    let whole = first.text;
    while (whole.length < first.total) {
      const part = { ...request, op: "part", answer: first.answer, offset: whole.length };
      whole += parseFrame(await this.execute(stub(part))).text;
    }
    const payload = JSON.parse(whole);
    for (const name of payload.refused === undefined ? needs ?? [] : []) {
      this.sent.add(name);
    }
    for (const event of payload.events ?? []) {
      if (event.seq > this.acknowledged) {
        this.acknowledged = event.seq;
        this.events.push(event);
      }
    }
    return payload;
  }

  /**
   * @param {string[]} needs
   * @returns {Record<string, [string, string]>} The parts of these that the agent has not got.
   */
  #unsent(needs) {
    return Object.fromEntries(Object.entries(PARTS).filter(([name]) => needs.includes(name) && !this.sent.has(name)));
  }

  /**
   * Start a cell.
   * @param {string} code
   * @param {object} [fields]
   * @returns {Promise<{cell: string, payload: Payload}>}
   */
  async start(code, fields = {}) {
    this.#lastCell += 1;
    const cell = `cell-${this.#lastCell}`;
    const label = `In[${this.#lastCell}]`;
    const payload = await this.ask({ op: "run", cell, code, label, wait: 0, ...fields });
    return { cell, payload };
  }

  /**
   * Run a cell to its end.
   * @param {string} code
   * @param {object} [fields]
   * @returns {Promise<CellResult>}
   */
  async run(code, fields = {}) {
    const { cell } = await this.start(code, { wait: 2000, ...fields });
    return this.finish(cell);
  }

  /**
   * Poll until a cell has ended.
   * @param {string} cell
   * @returns {Promise<CellResult>}
   */
  async finish(cell) {
    await this.until(() => this.eventsOf(cell).some((event) => event.kind === "done"), cell);
    return new CellResult(this.eventsOf(cell));
  }

  /**
   * Poll until something is true.
   * @param {() => boolean} condition
   * @param {string} [cell]
   * @returns {Promise<void>}
   */
  async until(condition, cell) {
    const deadline = Date.now() + 20_000;
    while (!condition()) {
      if (Date.now() > deadline) {
        throw new Error(`not in time; events: ${JSON.stringify(this.events).slice(-2000)}`);
      }
      await this.ask({ op: "poll", wait: 1000, ...(cell === undefined ? {} : { cell }) });
    }
  }

  /**
   * @param {string} cell
   * @returns {Event[]}
   */
  eventsOf(cell) {
    return this.events.filter((event) => event.cell === cell);
  }

  /** The latest event that tells of a restart. */
  get lastRestart() {
    return this.events.filter((event) => event.kind === "restarted").pop();
  }

  /** End the interpreter. */
  async close() {
    await this.interpreter.close();
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What a cell brought. */
class CellResult {
  /** @param {Event[]} events */
  constructor(events) {
    this.events = events;
    /** @type {Event} */
    this.done = /** @type {Event} */ (events.find((event) => event.kind === "done"));
    /** @type {Event | undefined} */
    this.error = events.find((event) => event.kind === "error");
    this.results = events.filter((event) => event.kind === "result");
    this.displays = events.filter((event) => event.kind === "display");
    this.stdout = this.#text("stdout");
    this.stderr = this.#text("stderr");
    /** @type {string | undefined} */
    this.text = this.results[0]?.data["text/plain"];
  }

  /**
   * @param {string} name
   * @returns {string}
   */
  #text(name) {
    return this.events
      .filter((event) => event.kind === "stream" && event.name === name)
      .map((event) => event.text)
      .join("");
  }
}

/**
 * @param {number} pid
 * @returns {boolean} Whether the process runs; one that only waits to be buried does not.
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    const status = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^ Z/.test(status.slice(status.lastIndexOf(")") + 1));
  } catch (error) {
    // Without /proc the signal has said all there is.
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT" && !fs.existsSync("/proc");
  }
}

/**
 * Wait for a process's end.
 * @param {number} pid
 * @returns {Promise<void>}
 */
async function gone(pid) {
  const deadline = performance.now() + PATIENCE;
  while (isAlive(pid)) {
    assert.ok(performance.now() < deadline, `process ${pid} lives on`);
    await setImmediate();
  }
}

module.exports = { AgentSession, INSTALL, KINDS, PARTS, VERSION, gone, isAlive, parseFrame, stub };
