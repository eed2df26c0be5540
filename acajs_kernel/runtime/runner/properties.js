/**
 * The properties of values, listed without reading what they stand for: no getter and no trap runs.
 */
"use strict";

const { types, user } = require("./realm.js");

/** Names of one object that are looked at closely. */
const MOST_NAMES = 10_000;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const INDEX = /^\d+$/;

/** @typedef {{text: string, type: string}} Match */

const { getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const { isArray } = Array;
const { ownKeys } = Reflect;

/**
 * @param {unknown} value
 * @returns {string} In the words of JupyterLab's completer.
 */
function typeOf(value) {
  if (typeof value !== "function") {
    return "property";
  }
  return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
}

/**
 * @param {object} object
 * @param {PropertyKey} name
 * @returns {unknown} The property's value, unless a getter gives it.
 */
function dataOf(object, name) {
  try {
    return getOwnPropertyDescriptor(object, name)?.value;
  } catch {
    return undefined; // a module's name that has no value yet
  }
}

/**
 * @param {unknown} value
 * @returns {boolean} Whether it is an array, a text, bytes or the like with so many indices that
 *   V8 would take seconds to list them: a microsecond each.
 */
function isLong(value) {
  if (value === null || value === undefined || types.isProxy(value)) {
    return false;
  }
  return (isArray(value) && value.length >= MOST_NAMES) || hasOwn(value, MOST_NAMES - 1);
}

/**
 * List the names of an object's properties, its own first. Names that begin with an underscore
 * are listed where one was written.
 * @param {unknown} value
 * @param {string} prefix
 * @param {boolean} [isKey] Within quotation marks, where any name may stand.
 * @param {PropertyKey[]} [named] The value's own names beside its indices, if it is long.
 * @returns {Match[]}
 */
function propertiesOf(value, prefix, isKey = false, named = []) {
  /** @type {Map<string, Match>} */
  const found = new Map();
  const end = isKey ? user.Object.prototype : null;
  let object = value === null || value === undefined ? null : user.Object(value);
  while (object !== null && object !== end && !types.isProxy(object)) {
    /** @type {string[]} */
    const names = [];
    for (const key of isLong(object) ? named : ownKeys(object)) {
      if (
        typeof key === "string" &&
        key.startsWith(prefix) &&
        !found.has(key) &&
        (isKey ? !INDEX.test(key) : IDENTIFIER.test(key)) &&
        (prefix !== "" || !key.startsWith("_")) &&
        names.push(key) === MOST_NAMES
      ) {
        break;
      }
    }
    for (const name of names.sort()) {
      found.set(name, { text: name, type: typeOf(dataOf(object, name)) });
    }
    object = getPrototypeOf(object);
  }
  return [...found.values()];
}

module.exports = { IDENTIFIER, dataOf, isLong, propertiesOf, typeOf };
