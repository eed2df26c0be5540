/**
 * How large a thing may be to travel to the notebook, and what is shown of larger ones.
 */
"use strict";

const { grouped } = require("./markup.js");

/** Characters of one representation; `acajs_kernel/messages.py` has the same bound. */
const MOST_CHARACTERS = 50_000_000;

/** Characters of a message, and of a bundle in it, as JSON in ASCII: others take six each. */
const MOST_ESCAPED = 80_000_000;
const MOST_DATA = 60_000_000;

const PLAIN = "text/plain";

/** Characters of an error's message, and of all lines of its traceback. */
const MOST_ERROR_CHARACTERS = 1_000_000;

/** Levels of objects and arrays: neither Python nor browsers read many more. */
const DEEPEST = 200;

/** The same of a message, in which such a value stands a few levels down. */
const DEEPEST_MESSAGE = 210;

const QUOTE = 34;
const BACKSLASH = 92;

/** Characters that one may become when it is escaped. */
const WIDEST = 6;

/** Characters of a text that need not be counted exactly. */
const SHORT = 100_000;

const { stringify } = JSON;
const { entries } = Object;
const { min } = Math;

/**
 * @param {string} text
 * @param {number} length
 * @returns {string} At most so many characters of it, and how many more there were.
 */
function cut(text, length) {
  if (text.length <= length) {
    return text;
  }
  const code = text.charCodeAt(length - 1);
  const end = code >= 0xd800 && code < 0xdc00 ? length - 1 : length;
  return `${text.slice(0, end)}\u2026 cut: ${grouped(text.length - end)} more characters\n`;
}

/**
 * @param {string} text
 * @param {number} most
 * @returns {{end: number, weight: number}} How many of its characters take at most so many when
 *   they are escaped, and how many those take; of a short text at most.
 */
function measure(text, most) {
  if (text.length <= SHORT && text.length * WIDEST <= most) {
    return { end: text.length, weight: text.length * WIDEST };
  }
  let weight = 0;
  for (let end = 0; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    const isPlain = code >= 0x20 && code < 0x7f;
    const width = !isPlain ? WIDEST : code === QUOTE || code === BACKSLASH ? 2 : 1;
    if (weight + width > most) {
      return { end, weight };
    }
    weight += width;
  }
  return { end: text.length, weight };
}

/**
 * @param {string} text JSON.
 * @param {number} start Where a string in it begins.
 * @returns {number} Where it ends.
 */
function endOfString(text, start) {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) {
      before -= 1;
    }
    if ((end - before) % 2 === 0) {
      return end;
    }
  }
}

/**
 * @param {string} text JSON.
 * @param {number} levels
 * @returns {boolean} Whether its objects and arrays stand within one another over more levels.
 */
function isDeeper(text, levels) {
  if (text.length < 2 * levels) {
    return false;
  }
  for (let index = 0, depth = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      index = endOfString(text, index);
    } else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > levels) {
        return true;
      }
    } else if (character === "}" || character === "]") {
      depth -= 1;
    }
  }
  return false;
}

/**
 * @param {unknown} value
 * @param {(key: string, value: unknown) => unknown} [replace]
 * @param {number} [levels] How many there may be.
 * @returns {string | undefined} It as JSON that can travel.
 * @throws {RangeError} It is too long, or nested too deep.
 * @throws {TypeError} It is circular, or holds what JSON cannot.
 */
function boundedJson(value, replace, levels = DEEPEST) {
  let text;
  try {
    text = stringify(value, replace);
  } catch (error) {
    if (/** @type {any} */ (error)?.name !== "RangeError") {
      throw error;
    }
    throw new RangeError("It is too long, or nested too deep, to be sent to the notebook.");
  }
  if (text !== undefined && isDeeper(text, levels)) {
    throw new RangeError(`It is nested over more than ${DEEPEST} levels, too deep to be sent to the notebook.`);
  }
  if (text !== undefined && text.length * WIDEST > MOST_ESCAPED && measure(text, MOST_ESCAPED).end < text.length) {
    throw new RangeError(
      `It takes more than ${grouped(MOST_ESCAPED)} characters as JSON, too many to be sent to the notebook. ` +
        "Save it to a file instead.",
    );
  }
  return text;
}

/**
 * Leave out what is too large, and cut the plain text, both of which the plain text says.
 * @param {Record<string, any>} data A bundle of texts, and of JSON that is bounded.
 * @param {string[]} notes What else is to be said.
 * @returns {Record<string, any>} The same object.
 */
function limitData(data, notes) {
  let rest = MOST_DATA;
  for (const [mime, value] of entries(data)) {
    if (mime === PLAIN) {
      continue;
    }
    const text = typeof value === "string" ? value : /** @type {string} */ (stringify(value));
    const { end, weight } = measure(text, rest);
    if (text.length <= MOST_CHARACTERS && end === text.length) {
      rest -= weight;
      continue;
    }
    delete data[mime];
    notes.push(
      `[${mime} of ${grouped(text.length)} characters is not shown: too large for a notebook. ` +
        "Save it to a file instead.]",
    );
  }
  const plain = data[PLAIN];
  if (typeof plain === "string") {
    data[PLAIN] = cut(plain, min(measure(plain, rest).end, MOST_CHARACTERS));
  }
  if (notes.length > 0) {
    data[PLAIN] = [...notes, ...(plain === undefined ? [] : [data[PLAIN]])].join("\n");
  }
  return data;
}

module.exports = { DEEPEST_MESSAGE, MOST_ERROR_CHARACTERS, boundedJson, cut, limitData };
