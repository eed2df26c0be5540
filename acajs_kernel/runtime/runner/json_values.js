/**
 * The values that magics ask for, as JSON, whatever has become of the user's prototypes.
 */
"use strict";

const { exposed, listOf, originalOf, promiseOf, types } = require("./realm.js");

/** The name that the kernel's expressions use. */
const JSON_NAME = "__acajs_json__";

const DISPLAY = Symbol.for("Jupyter.display");

const { stringify } = JSON;

/**
 * @param {any} value Of any realm, with values that JSON has.
 * @returns {unknown} A copy that inherits nothing of the user's, such as `toJSON`.
 */
function copied(value) {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return listOf(value).map(copied);
  }
  return { __proto__: null, ...Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copied(part)])) };
}

/**
 * @param {any} value One that has a display stands for what it is shown as.
 * @returns {object} What is shown as its JSON, which Node's way of showing texts would cut.
 */
function asJson(value) {
  const display = typeof value === "object" && value !== null ? value[DISPLAY] : undefined;
  const answer = display === undefined ? value : Reflect.apply(originalOf(display), value, []);
  const text = async () => stringify(copied(types.isPromise(answer) ? await promiseOf(answer) : answer)) ?? "null";
  return { __proto__: null, [DISPLAY]: async () => ({ "text/plain": await text() }) };
}

/** Define the name. */
function defineJson() {
  Object.defineProperty(globalThis, JSON_NAME, { value: exposed(asJson), enumerable: false, writable: false });
}

module.exports = { defineJson };
