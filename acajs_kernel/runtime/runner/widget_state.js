/**
 * A widget's state on its way: binary values travel beside the JSON, and their paths say
 * where they belong (`_separate_buffers` and `_put_buffers` of ipywidgets' widget.py).
 */
"use strict";

const { bytesOf } = require("./images.js");
const { listOf } = require("./realm.js");

const { defineProperty, hasOwn } = Object;

/** @typedef {(string | number)[]} Path */
/** @typedef {{state: Record<string, unknown>, paths: Path[], buffers: Buffer[]}} Separated */

/**
 * @param {unknown} value
 * @returns {value is object} Whether JSON writes its members one by one.
 */
function hasMembers(value) {
  return typeof value === "object" && value !== null && typeof (/** @type {any} */ (value).toJSON) !== "function";
}

/**
 * Take the binary values out of a state.
 * @param {Record<string, unknown>} state Is left as it is.
 * @returns {Separated} In the state arrays hold null in their place, objects nothing.
 */
function separateBuffers(state) {
  /** @type {Path[]} */
  const paths = [];
  /** @type {Buffer[]} */
  const buffers = [];
  /**
   * @param {unknown} value
   * @param {Path} path
   * @param {object[]} outer What the value stands in.
   * @returns {unknown}
   */
  const separate = (value, path, outer) => {
    const bytes = bytesOf(value);
    if (bytes !== undefined) {
      paths.push(path);
      buffers.push(bytes);
      return undefined; // JSON writes null for it in arrays, and leaves it out of objects
    }
    if (!hasMembers(value)) {
      return value;
    }
    if (outer.includes(value)) {
      throw new TypeError(`A widget's state holds itself at ${path.join(".")}: JSON cannot hold that.`);
    }
    const inner = [...outer, value];
    return Array.isArray(value)
      ? listOf(value).map((item, index) => separate(item, [...path, index], inner))
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, separate(item, [...path, key], inner)]));
  };
  const separated = /** @type {Record<string, unknown>} */ (separate(state, [], []));
  return { state: separated, paths, buffers };
}

/**
 * Put binary values back into a state that has arrived. What it has inherited is no part of it.
 * @param {any} state Is changed.
 * @param {Path[]} paths
 * @param {Uint8Array[]} buffers
 * @returns {void}
 * @throws {TypeError} A path leads out of the state.
 */
function putBuffers(state, paths, buffers) {
  listOf(paths).forEach((path, index) => {
    const steps = listOf(path);
    let owner = state;
    for (const step of steps.slice(0, -1)) {
      owner = hasOwn(owner, step) ? owner[step] : undefined;
      if (typeof owner !== "object" || owner === null) {
        throw new TypeError(
          `A widget's message names the place ${JSON.stringify(steps)} for bytes, which its state does not have: the message is dropped.`,
        );
      }
    }
    const name = /** @type {string | number} */ (steps.at(-1));
    defineProperty(owner, name, { value: buffers[index], configurable: true, enumerable: true, writable: true });
  });
}

module.exports = { putBuffers, separateBuffers };
