/**
 * The line protocol between the embedded pool and one session's interpreter.
 *
 * Messages are JSON, one a line, both ways. Writing is synchronous, so that what
 * a cell printed arrives even when the cell then blocks the event loop or ends
 * the process. Output of bursts is joined: at first every piece is one message,
 * beyond that the pieces of the same cell and stream travel together.
 */
"use strict";

const fs = require("node:fs");
const { StringDecoder } = require("node:string_decoder");

const { writeText } = require("../runtime/runner/bytes.js");
const { pinned } = require("../runtime/runner/realm.js");

/** Messages that a burst of output may use up before its pieces are joined. */
const BURST_MESSAGES = 1000;

/** Messages that every further millisecond allows. */
const MESSAGES_PER_MILLISECOND = 20;

/** Characters of joined output that are sent without waiting for more. */
const JOINED_CHARACTERS = 64 * 1024;

/** Milliseconds to rest before asking again whether a full channel has room: at first. */
const SHORTEST_REST = 0.1;

/** The same when the pool takes its time. */
const LONGEST_REST = 5;

// User code runs in the same realm and may replace what the protocol depends on.
const { parse, stringify } = JSON;
const { writeSync } = fs;
const bufferFrom = Buffer.from;
const now = performance.now.bind(performance);
const schedule = setImmediate;
const killProcess = process.kill.bind(process);
const ownPid = process.pid;
const atomicsWait = Atomics.wait;
const restingPlace = new Int32Array(new SharedArrayBuffer(4));

/**
 * End this process at once.
 *
 * A signal and not `process.exit()`: handlers of user code must neither run nor
 * delay the end once the pool is gone, as a container's end would not wait for them.
 * @returns {void}
 */
function endProcess() {
  killProcess(ownPid, "SIGKILL");
}

/**
 * Write a message as a line of JSON that any UTF-8 decoder accepts.
 *
 * A lone surrogate becomes U+FFFD, which is also what becomes of it on its way
 * through the service's own sockets.
 * @param {object} message What to write; throws a `TypeError` if JSON cannot hold it.
 * @returns {string} The line, without its end.
 */
function toLine(message) {
  const line = stringify(message);
  if (!line.includes("\\ud")) {
    return line;
  }
  // JSON.stringify escapes lone surrogates only; an escaped backslash is skipped.
  return line.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) =>
    escape === "\\\\" ? escape : "\ufffd",
  );
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
function toBytes(text) {
  if (text.length > JOINED_CHARACTERS) {
    return bufferFrom(text);
  }
  // Node's own would write a short text by a method that user code may have replaced.
  const room = new Uint8Array(text.length * 3);
  return room.subarray(0, writeText(room, text, 0));
}

/** Sends messages, in order, and joins bursts of output. */
class Sender {
  /** @type {number} */
  #descriptor;
  #credit = BURST_MESSAGES;
  #creditedAt = now();
  /** @type {{id: unknown, name: "stdout" | "stderr", text: string} | null} */
  #pending = null;
  #scheduled = false;

  /** @param {number} descriptor The file descriptor to write to. */
  constructor(descriptor) {
    this.#descriptor = descriptor;
  }

  /**
   * Send a message after everything that was sent before.
   * @param {object} message The message; a `TypeError` says that JSON cannot hold it.
   * @returns {void}
   */
  send(message) {
    const line = toLine(message);
    this.flush();
    this.#write(line);
  }

  /**
   * Send what a cell printed, at once or joined with what it prints next.
   * @param {unknown} id The cell's id.
   * @param {"stdout" | "stderr"} name The stream.
   * @param {string} text What was printed.
   * @returns {void}
   */
  sendOutput(id, name, text) {
    if (this.#pending && this.#pending.id === id && this.#pending.name === name) {
      this.#pending.text += text;
    } else {
      this.flush();
      this.#pending = { id, name, text };
    }
    const time = now();
    const earned = (time - this.#creditedAt) * MESSAGES_PER_MILLISECOND;
    this.#credit = Math.min(BURST_MESSAGES, this.#credit + earned);
    this.#creditedAt = time;
    if (this.#credit >= 1) {
      this.#credit -= 1;
      this.flush();
    } else if (this.#pending.text.length >= JOINED_CHARACTERS) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      schedule(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  /**
   * Send joined output that is still here.
   * @returns {void}
   */
  flush() {
    if (this.#pending) {
      const { id, name, text } = this.#pending;
      this.#pending = null;
      this.#write(toLine({ id, [name]: text }));
    }
  }

  /** @param {string} line The message as JSON. */
  #write(line) {
    const bytes = toBytes(`${line}\n`);
    let written = 0;
    let rest = SHORTEST_REST;
    while (written < bytes.length) {
      try {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written);
        rest = SHORTEST_REST;
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") {
          endProcess(); // The pool is gone: nobody is left to run anything for.
          return;
        }
        // The pool has not read yet. It lives, or the write would fail: this ends.
        atomicsWait(restingPlace, 0, 0, rest);
        rest = Math.min(rest * 2, LONGEST_REST);
      }
    }
  }
}

/**
 * Read a line.
 * @param {string} line What came.
 * @returns {unknown} Its value, or undefined if it is not JSON.
 */
function read(line) {
  try {
    return parse(line);
  } catch {
    return undefined;
  }
}

/**
 * Call back with each line that a stream brings; end the process at its end.
 * @param {import("node:stream").Readable} input The stream of lines.
 * @param {(message: unknown, number: number) => void} onLine Called once a line, in order,
 *   with its value and its number, from 1; the value is undefined if the line is not JSON.
 * @returns {void}
 */
function receive(input, onLine) {
  const decoder = pinned(new StringDecoder("utf8"));
  let number = 0;
  /** @type {string[]} */
  let parts = [];
  input.on("data", (/** @type {Buffer} */ chunk) => {
    const text = decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      parts.push(text.slice(start, end));
      start = end + 1;
      const line = parts.join("");
      parts = [];
      number += 1;
      onLine(read(line), number);
    }
    if (start < text.length) {
      parts.push(text.slice(start));
    }
  });
  input.on("error", endProcess);
  input.on("close", endProcess);
  input.on("end", endProcess);
}

module.exports = { Sender, receive };

// Stack traces that users see name the interpreter's own code as on the service.
//# sourceURL=[eval]
