/**
 * How an answer crosses: one line of ASCII with its length and its checksum.
 *
 *     acajs1 ANSWER TOTAL OFFSET LENGTH CHECKSUM TEXT
 *
 * The service may cut what an execution returns, so that the receiver must be able
 * to tell a whole answer from a damaged one and to ask for the rest.
 */
"use strict";

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

/** Characters of an answer when the request names no limit. */
const DEFAULT_LIMIT = 4_000_000;

/**
 * How many answers of several parts are kept. The parts of one are asked for after it has
 * arrived, and requests that were on their way by then (a ping, a completion, an interrupt)
 * have answers of their own first.
 */
const KEPT = 4;

/**
 * The part of the executor's `$$` that is used (npm package `nel` 1.3.0).
 * @typedef {object} Execution
 * @property {() => unknown} async Declare that the execution ends later.
 * @property {(text: string) => unknown} text End it with this text as its result.
 * @property {(value?: unknown) => unknown} done End it without a result.
 */

/**
 * @typedef {object} AnswerOptions
 * @property {string} [via] "result", "stdout" or "file".
 * @property {number} [limit] Characters that one answer may have.
 */

const { stringify } = JSON;

/** The escapes that were needed so far. @type {Record<string, string>} */
const escapes = Object.create(null);

/**
 * @param {string} character
 * @returns {string}
 */
function escapeOf(character) {
  let text = escapes[character];
  if (text === undefined) {
    text = `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    escapes[character] = text;
  }
  return text;
}

/**
 * Write a value as JSON in ASCII, so that no encoding on the way can damage it.
 * @param {unknown} value
 * @returns {string}
 */
function toAsciiJson(value) {
  return stringify(value).replace(/[\u007f-\uffff]/g, escapeOf);
}

/**
 * @param {string} text
 * @returns {string} The first 16 hexadecimal digits of the text's SHA-256.
 */
function checksumOf(text) {
  return createHash("sha256").update(text, "latin1").digest("hex").slice(0, 16);
}

/**
 * @param {AnswerOptions} options
 * @returns {number} Characters that one answer may have, at least 1.
 */
function limitOf(options) {
  return Math.max(options.limit ?? DEFAULT_LIMIT, 1);
}

/**
 * @param {number} answer
 * @returns {string}
 */
function fileNameOf(answer) {
  return `.acajs-answer-${answer}`;
}

/** Numbers, frames and sends answers; keeps the latest of those that do not go at once. */
class AnswerSender {
  #number = 0;
  /** The texts of answers, by number, the oldest first. @type {Map<number, string>} */
  #kept = new Map();
  /** @type {string} */
  #folder;
  /** The numbers of answers that have a file. @type {Set<number>} */
  #files = new Set();

  /** @param {string} folder Where answers that travel as files are written. */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * Send a new answer, whole or its first part.
   * @param {Execution} execution Which execution ends with it.
   * @param {object} payload
   * @param {AnswerOptions} options
   * @returns {void}
   */
  send(execution, payload, options) {
    this.#number += 1;
    const text = toAsciiJson(payload);
    if (options.via === "file" || text.length > limitOf(options)) {
      this.#keep(text);
    }
    this.#send(execution, text, { ...options, answer: this.#number, offset: 0 });
  }

  /**
   * Send a part of an answer, or all of it as a file.
   * @param {Execution} execution Which execution ends with it.
   * @param {AnswerOptions & {answer: number, offset: number}} options
   * @returns {boolean} False when that answer is not kept any more: nothing was sent.
   */
  sendPart(execution, options) {
    const text = this.#kept.get(options.answer);
    if (text === undefined) {
      return false;
    }
    this.#send(execution, text, options);
    return true;
  }

  /**
   * Answer a request for a part that is not kept any more. What is kept stays so: it may
   * be the answer to another request, whose parts are about to be asked for.
   * @param {Execution} execution Which execution ends with it.
   * @param {object} payload
   * @param {AnswerOptions} options
   * @returns {void}
   */
  refusePart(execution, payload, options) {
    const text = toAsciiJson(payload);
    const head = `acajs1 0 ${text.length} 0 ${text.length}`;
    this.#end(execution, `${head} ${checksumOf(text)} ${text}`, options);
  }

  /**
   * Remove an answer, and its file.
   * @param {number} answer
   * @returns {void}
   */
  #forget(answer) {
    this.#kept.delete(answer);
    if (this.#files.delete(answer)) {
      fs.rmSync(path.join(this.#folder, fileNameOf(answer)), { force: true });
    }
  }

  /** Remove every answer and file that is left. */
  dispose() {
    for (const answer of [...this.#kept.keys()]) {
      this.#forget(answer);
    }
  }

  /**
   * @param {string} text
   * @returns {void}
   */
  #keep(text) {
    this.#kept.set(this.#number, text);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) {
      this.#forget(oldest);
    }
  }

  /**
   * @param {Execution} execution
   * @param {string} text
   * @param {AnswerOptions & {answer: number, offset: number}} options
   * @returns {void}
   */
  #send(execution, text, options) {
    const { answer, offset } = options;
    if (options.via === "file") {
      this.#end(execution, this.#toFile(answer, text), options);
      return;
    }
    const part = text.slice(offset, offset + limitOf(options));
    const head = `acajs1 ${answer} ${text.length} ${offset} ${part.length}`;
    this.#end(execution, `${head} ${checksumOf(part)} ${part}`, options);
  }

  /**
   * @param {number} answer
   * @param {string} text
   * @returns {string} The frame that tells where the text is.
   */
  #toFile(answer, text) {
    const name = fileNameOf(answer);
    fs.writeFileSync(path.join(this.#folder, name), text, "latin1");
    this.#files.add(answer);
    const where = stringify({ name, total: text.length, checksum: checksumOf(text) });
    const head = `acajs1 ${answer} ${where.length} 0 ${where.length}`;
    return `${head} ${checksumOf(where)} ${where}`;
  }

  /**
   * @param {Execution} execution
   * @param {string} frame
   * @param {AnswerOptions} options
   * @returns {void}
   */
  #end(execution, frame, options) {
    if (options.via === "stdout" || options.via === "file") {
      // One write: the executor turns each into a message of its own and loses bursts. The
      // frame of a file is short, and goes both ways: whichever comes through.
      process.stdout.write(frame);
    }
    if (options.via === "stdout") {
      execution.done();
    } else {
      execution.text(frame);
    }
  }
}

module.exports = { AnswerSender, checksumOf, toAsciiJson };
