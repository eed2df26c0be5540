/**
 * What the runner tells the agent: events and text, in order, each a line.
 *
 *     {…}      a message in JSON; of kind "stream" without a text: whose text follows
 *     "…"      text of that cell and stream, a JSON string
 *     +… =…    pieces of a message that is too long for one line; = is the last
 *
 * Before each of them may stand `#NUMBER#`: such a line may come twice, and counts once.
 */
"use strict";

const { boundary } = require("../text.js");
const { DEEPEST_MESSAGE, boundedJson } = require("./bounds.js");

/** @typedef {import("./context.js").CellContext} CellContext */
/** @typedef {import("./ring.js").Ring} Ring */
/** @typedef {"stdout" | "stderr"} StreamName */

const { stringify } = JSON;

/** UTF-16 units of text that one line carries; escaped they are at most six times as many. */
const PIECE = 8 * 1024;

/** Sends events in order and knows which cell's code is running. */
class Output {
  /** @type {CellContext} */
  #context;
  /** The cell that ran last, for code that belongs to none. */
  latest = "";
  /** @type {Ring} */
  #ring;
  #streamCell = "";
  #streamName = "";
  #isEnding = false;
  /** Throws where what happens now belongs to a cell that is over. */
  refuse = () => {};

  /**
   * @param {Ring} ring
   * @param {CellContext} context
   */
  constructor(ring, context) {
    this.#ring = ring;
    this.#context = context;
  }

  /** The cell that what happens now belongs to. */
  get cell() {
    return this.#context.current ?? this.latest;
  }

  /**
   * Let an action, and what it starts, belong to a cell.
   * @param {string} cell
   * @param {() => void} action
   * @returns {void}
   */
  attribute(cell, action) {
    this.#context.run(cell, action);
  }

  /**
   * Send an event.
   * @param {{kind: string, [field: string]: unknown}} event
   * @returns {void}
   * @throws {TypeError} It holds what JSON cannot.
   * @throws {RangeError} It is too large, or nested too deep.
   */
  send(event) {
    this.refuse();
    const text = /** @type {string} */ (boundedJson(event, undefined, DEEPEST_MESSAGE));
    const { longest } = this.#ring;
    let start = 0;
    while (text.length - start >= longest) {
      // A surrogate pair is one character of UTF-8.
      const end = boundary(text, start + longest - 2);
      this.#add(`+${text.slice(start, end)}\n`);
      start = end;
    }
    this.#add(start === 0 ? `${text}\n` : `=${text.slice(start)}\n`);
  }

  /**
   * Print a text.
   * @param {StreamName} name
   * @param {string} text
   * @returns {void}
   */
  print(name, text) {
    this.refuse();
    const { cell } = this;
    if (name !== this.#streamName || cell !== this.#streamCell) {
      this.send({ kind: "stream", cell, name });
      this.#streamName = name;
      this.#streamCell = cell;
    }
    for (let start = 0; start < text.length; ) {
      // The pieces may travel in different events, where the halves of a pair would never meet.
      const end = start + PIECE < text.length ? boundary(text, start + PIECE) : text.length;
      const piece = text.length <= PIECE ? text : text.slice(start, end);
      this.#add(`${stringify(piece)}\n`);
      start = end;
    }
  }

  /** Wait until everything is written. */
  flush() {
    this.#ring.drain();
  }

  /** From now on wait for everything to be written: the process ends. */
  writeThrough() {
    this.#isEnding = true;
    this.flush();
  }

  /**
   * @param {string} line
   * @returns {void}
   */
  #add(line) {
    this.#ring.add(line);
    if (this.#isEnding) {
      this.#ring.drain();
    }
  }
}

module.exports = { Output };
