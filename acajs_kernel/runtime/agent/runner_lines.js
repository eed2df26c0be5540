/**
 * The lines of the runner's pipe of events, and the messages and texts in them.
 *
 * User code can write to that pipe too. Every line of the runner begins after a line break of
 * its own (`runner/output.js`), so that half a line of somebody else's costs none of the runner's.
 */
"use strict";

const { StringDecoder } = require("node:string_decoder");

const { checkedMessage } = require("./event_shapes.js");

/** Characters of a line; the runner's own are shorter. */
const LONGEST_LINE = 512 * 1024;

/** Characters of a message once it is ASCII, as it travels on. V8 has texts of up to 536,870,888. */
const LONGEST_MESSAGE = 200_000_000;

/** Characters that one of a text's may become in ASCII. */
const WIDEST = 6;

const { parse } = JSON;

/** @typedef {import("./runner_process.js").RunnerMessage} RunnerMessage */
/**
 * @typedef {object} LinesListener
 * @property {(message: RunnerMessage) => void} onMessage
 * @property {() => void} onBroken Called for each line that is none of the runner's.
 */

/**
 * @param {string} text
 * @returns {number} How long it is when all that is not ASCII is escaped.
 */
function asciiLength(text) {
  let length = text.length;
  if (length * WIDEST > LONGEST_MESSAGE) {
    for (let index = 0; index < text.length; index += 1) {
      length += text.charCodeAt(index) > 0x7e ? WIDEST - 1 : 0;
    }
  }
  return length;
}

/** Reads what comes, piece by piece. */
class RunnerLines {
  /** @type {LinesListener} */
  #listener;
  #decoder = new StringDecoder("utf8");
  /** The line that has not ended. */
  #rest = "";
  #isTooLong = false;
  /** Whose text is coming. @type {RunnerMessage | null} */
  #stream = null;
  #text = "";
  /** @type {string[]} */
  #pieces = [];
  #length = 0;

  /** @param {LinesListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /**
   * @param {Buffer} chunk What the pipe has brought.
   * @returns {void}
   */
  take(chunk) {
    const text = this.#rest + this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#end(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > LONGEST_LINE) {
      this.#isTooLong = true;
      this.#rest = "";
    }
    this.#closeText();
  }

  /**
   * @param {string} line
   * @returns {void}
   */
  #end(line) {
    if (this.#isTooLong) {
      this.#isTooLong = false;
      this.#listener.onBroken();
    } else if (line !== "" && !this.#read(line)) {
      this.#listener.onBroken();
    }
  }

  /**
   * @param {string} line
   * @returns {boolean} Whether it is one of the runner's.
   */
  #read(line) {
    const mark = line[0];
    if (mark === "+") {
      this.#length += line.length;
      if (this.#length <= LONGEST_MESSAGE) {
        this.#pieces.push(line.slice(1));
      }
      return true;
    }
    const isWhole = this.#length + line.length <= LONGEST_MESSAGE;
    const text = mark === "=" && isWhole ? this.#pieces.join("") + line.slice(1) : line;
    if (mark === "=") {
      this.#forgetPieces();
    }
    let value;
    try {
      value = asciiLength(text) <= LONGEST_MESSAGE ? parse(text) : null;
    } catch {
      return false;
    }
    if (typeof value === "string") {
      if (this.#stream === null) {
        return false;
      }
      this.#forgetPieces();
      this.#text += value;
      return true;
    }
    const message = checkedMessage(value);
    if (message === null) {
      return false;
    }
    this.#closeText();
    this.#forgetPieces();
    if (message.kind === "stream") {
      this.#stream = message;
    } else {
      this.#listener.onMessage(message);
    }
    return true;
  }

  /** Pieces without a last one are of a message that an interrupt has cut off. */
  #forgetPieces() {
    this.#pieces = [];
    this.#length = 0;
  }

  /** Hand on the text that has come. */
  #closeText() {
    if (this.#text !== "") {
      const text = this.#text;
      this.#text = "";
      this.#listener.onMessage({ .../** @type {RunnerMessage} */ (this.#stream), text });
    }
  }
}

module.exports = { RunnerLines };
