/**
 * The runner's control thread: writes the pipe of events, and serves interrupts and input
 * while the main thread is busy.
 */
"use strict";

/**
 * @typedef {object} ControlData
 * @property {SharedArrayBuffer} memory The ring's.
 * @property {Int32Array} slots
 * @property {typeof import("./ring.js").SLOTS} indices
 * @property {typeof import("./ring.js").WRITERS} writers
 * @property {import("node:worker_threads").MessagePort} port Takes the replies to blocking prompts.
 * @property {import("node:worker_threads").MessagePort} waking Brings a message where there is something to write.
 */

/**
 * The thread's whole program; it is handed over as text and uses nothing from outside.
 * @param {ReturnType<typeof import("../agent/descendants.js").defineDescendants>} descendants
 * @returns {void}
 */
function controlThread({ childrenOf, killTree }) {
  const fs = require("node:fs");
  const net = require("node:net");
  const { workerData } = require("node:worker_threads");

  /** Descriptors of the agent's pipes. */
  const CONTROL = 4;
  const EVENTS = 5;

  /** Milliseconds for the main thread to show that it is not busy. */
  const PATIENCE = 20;

  /** Interrupts that are passed over while a cell ends. */
  const REPETITIONS = 3;

  /** Bytes that are written at once. */
  const SLICE = 64 * 1024;

  const LINE_BREAK = 10;

  /** Writes before an interrupt or input that has come in the meantime is looked at. */
  const SLICES_A_TURN = 4;

  const { memory, slots, indices, writers, port, waking } = /** @type {ControlData} */ (workerData);
  const bytes = Buffer.from(memory);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  /** Children that are none of the main thread's present call. @type {number[]} */
  let spared = [];
  /** How often a wait for a child was ended since the main thread has read an interrupt. */
  let attempts = 0;
  let lastAcknowledged = 0;
  let patience = REPETITIONS;
  /** The cell that is interrupted. */
  let interrupted = "";

  /**
   * End the process: the other end of its pipes is gone, and with it the session.
   * @returns {never}
   */
  function die() {
    process.kill(process.pid, "SIGKILL");
    throw new Error("killed");
  }

  /**
   * @param {number} start
   * @param {number} length
   * @returns {number} How many bytes were written.
   */
  function writeSome(start, length) {
    try {
      return fs.writeSync(EVENTS, bytes, start, length);
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === "EBADF") {
        // User code has closed it. The agent sees that, and ends this process.
        return length;
      }
      if (code !== "EAGAIN") {
        return die();
      }
      // The pipe does not block on this system, and is full.
      Atomics.wait(sleeper, 0, 0, 1);
      return 0;
    }
  }

  /** Write what is in the ring, until there is no more or something else wants its turn. */
  function pump() {
    const { control, handedOver, nobody } = writers;
    Atomics.compareExchange(slots, indices.writer, handedOver, control);
    if (Atomics.load(slots, indices.writer) !== control) {
      return;
    }
    for (let turn = 0; turn < SLICES_A_TURN; turn += 1) {
      const read = Atomics.load(slots, indices.read);
      const count = (Atomics.load(slots, indices.written) - read) >>> 0;
      if (count === 0) {
        Atomics.store(slots, indices.writer, nobody);
        // What was added before would not have woken this thread.
        const isEmpty = Atomics.load(slots, indices.written) === read;
        if (isEmpty || Atomics.compareExchange(slots, indices.writer, nobody, control) !== nobody) {
          return;
        }
        continue;
      }
      const start = read & (bytes.length - 1);
      const most = Math.min(count, bytes.length - start, SLICE);
      // Up to the end of a line: user code may write to the pipe in between.
      const end = most < count ? bytes.lastIndexOf(LINE_BREAK, start + most - 1) + 1 : 0;
      const length = writeSome(start, end > start ? end - start : most);
      Atomics.store(slots, indices.read, (read + length) | 0);
      Atomics.notify(slots, indices.read);
    }
    setImmediate(pump);
  }

  /**
   * @param {number} number An interrupt's.
   * @returns {boolean} Whether the main thread has read it.
   */
  function isAcknowledged(number) {
    return Atomics.load(slots, indices.acknowledged) >= number;
  }

  /**
   * Let the main thread's wait for a child process end, so that its code goes on with an error.
   * @returns {boolean} Whether that may do: it was waiting for one, and this is the first time.
   */
  function endSpawned() {
    const acknowledged = Atomics.load(slots, indices.acknowledged);
    if (acknowledged !== lastAcknowledged) {
      lastAcknowledged = acknowledged;
      attempts = 0;
    }
    if (Atomics.compareExchange(slots, indices.spawning, 1, 2) === 0) {
      return false;
    }
    attempts += 1;
    for (const child of childrenOf(process.pid)) {
      if (!spared.includes(child)) {
        killTree(child, attempts === 1 ? "SIGTERM" : "SIGKILL");
      }
    }
    return attempts === 1;
  }

  /**
   * End what the main thread executes, if it does not read messages. See `Interrupts`.
   * @param {number} number The interrupt's.
   * @param {string} cell
   * @returns {void}
   */
  function interrupt(number, cell) {
    if (cell !== interrupted) {
      interrupted = cell;
      patience = REPETITIONS;
    }
    if (endSpawned()) {
      return;
    }
    // The main thread is about to end the cell, and must not be ended itself in doing so;
    // but for code that does not let it.
    patience = Atomics.load(slots, indices.ending) === 1 ? patience - 1 : REPETITIONS;
    if (patience > 0 && patience < REPETITIONS) {
      return;
    }
    const before = Atomics.load(slots, indices.interrupt);
    if (before === 2 || Atomics.compareExchange(slots, indices.interrupt, before, 1) !== before) {
      // An earlier one is on its way; the agent repeats this one if need be.
      return;
    }
    const deadline = performance.now() + PATIENCE;
    while (!isAcknowledged(number)) {
      const rest = deadline - performance.now();
      if (rest <= 0) {
        break;
      }
      Atomics.wait(slots, indices.acknowledged, Atomics.load(slots, indices.acknowledged), rest);
    }
    if (isAcknowledged(number)) {
      Atomics.compareExchange(slots, indices.interrupt, 1, 0);
    } else if (Atomics.compareExchange(slots, indices.interrupt, 1, 2) === 1) {
      // Connected for as long as it takes: a connection would delay the process's exit.
      const inspector = require("node:inspector");
      const session = new inspector.Session();
      session.connectToMainThread();
      session.post("Runtime.terminateExecution", () => {
        Atomics.compareExchange(slots, indices.interrupt, 2, 3);
        session.disconnect();
      });
    }
  }

  let rest = "";
  const pipe = new net.Socket({ fd: CONTROL, readable: true, writable: false });
  pipe.setEncoding("utf8");
  pipe.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = /** @type {string} */ (lines.pop());
    for (const line of lines) {
      const message = JSON.parse(line);
      if (message.type === "interrupt") {
        interrupt(message.number, message.cell);
      } else if (message.type === "input") {
        port.postMessage(message);
        Atomics.add(slots, indices.replies, 1);
        Atomics.notify(slots, indices.replies);
      }
    }
  });
  pipe.on("end", die);
  pipe.on("error", die);
  waking.on("message", (message) => {
    spared = message?.spared ?? spared;
    pump();
  });
}

module.exports = { controlThread };
