/**
 * `process.stdout`, `process.stderr` and the console of the user's code.
 */
"use strict";

const { Console } = require("node:console");
const { Writable } = require("node:stream");
const { StringDecoder } = require("node:string_decoder");

const { toBytes, toText, view } = require("./bytes.js");
const { adopt, pinned } = require("./realm.js");

/** @typedef {import("./output.js").Output} Output */
/** @typedef {import("./output.js").StreamName} StreamName */

/** Encodings whose strings are text as they are. */
const TEXT_ENCODINGS = new Set(["utf8", "utf-8", "ucs2", "ucs-2", "utf16le", "utf-16le", "buffer"]);

const later = process.nextTick;

/**
 * A stream for `process.stdout` or `process.stderr`.
 *
 * Its `write` does without the buffering of Node's streams: the text is on its way when
 * `write` returns, whatever the code does next.
 * @param {Output} output
 * @param {StreamName} name
 * @param {number} descriptor What user code sees as `fd`.
 * @returns {Writable}
 */
function createStream(output, name, descriptor) {
  const decoder = pinned(new StringDecoder("utf8"));
  const stream = new Writable({ decodeStrings: false });
  /**
   * @param {unknown} chunk
   * @param {unknown} [encoding]
   * @param {unknown} [callback]
   * @returns {boolean}
   */
  const write = (chunk, encoding, callback) => {
    if (typeof chunk === "string") {
      const isText = typeof encoding !== "string" || TEXT_ENCODINGS.has(encoding.toLowerCase());
      output.print(
        name,
        isText ? chunk : toText(toBytes(chunk, /** @type {BufferEncoding} */ (encoding))),
      );
    } else if (ArrayBuffer.isView(chunk)) {
      const bytes = view(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      output.print(name, decoder.write(bytes));
    } else {
      // Node's own words and code for the same mistake.
      throw Object.assign(
        new TypeError('The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView.'),
        { code: "ERR_INVALID_ARG_TYPE" },
      );
    }
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") {
      later(done);
    }
    return true;
  };
  /**
   * Print the last chunk; the stream stays open, as the process's own do.
   * @param {unknown} [chunk]
   * @param {unknown} [encoding]
   * @param {unknown} [callback]
   * @returns {Writable}
   */
  const end = (chunk, encoding, callback) => {
    const done = [chunk, encoding, callback].find((argument) => typeof argument === "function");
    if (chunk !== undefined && chunk !== null && typeof chunk !== "function") {
      write(chunk, encoding, callback);
    } else if (done !== undefined) {
      later(/** @type {() => void} */ (done));
    }
    return stream;
  };
  const inert = () => stream;
  Object.assign(stream, adopt({ write, end, destroy: inert, destroySoon: inert, fd: descriptor }));
  return stream;
}

/**
 * Let everything that prints print to the notebook.
 * @param {Output} output
 * @returns {void}
 */
function capturePrinting(output) {
  const stdout = createStream(output, "stdout", 1);
  const stderr = createStream(output, "stderr", 2);
  for (const [name, value] of Object.entries({ stdout, stderr })) {
    Object.defineProperty(process, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  // Node's own console would hand every value to the inspector, which keeps the last 1000 alive.
  const own = /** @type {any} */ (
    new Console({ stdout, stderr, colorMode: false, ignoreErrors: false })
  );
  const target = /** @type {any} */ (globalThis.console);
  for (const name of Object.keys(target)) {
    if (typeof own[name] === "function" && typeof target[name] === "function") {
      target[name] = own[name];
    }
  }
  target.Console = Console;
}

module.exports = { capturePrinting, createStream };
