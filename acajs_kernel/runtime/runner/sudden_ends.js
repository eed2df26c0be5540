/**
 * Calls that end the process at once, without its "exit" handlers.
 */
"use strict";

const { exposed } = require("./realm.js");

/** @typedef {import("./output.js").Output} Output */

const { apply } = Reflect;
const { defineProperties, getOwnPropertyDescriptors } = Object;
const ownPid = process.pid;

/**
 * Let what was printed arrive before the process is ended by a call.
 * @param {Output} output
 * @returns {void}
 */
function writeBeforeSuddenEnds(output) {
  const target = /** @type {any} */ (process);
  for (const name of ["abort", "kill", "reallyExit"]) {
    const end = target[name];
    /**
     * @this {unknown}
     * @param {...unknown} values
     * @returns {unknown}
     */
    const wrapped = function (...values) {
      const [pid] = values;
      const isOther = name === "kill" && Number(pid) > 0 && Number(pid) !== ownPid;
      if (!isOther) {
        output.flush();
      }
      return apply(end, this, values);
    };
    target[name] = defineProperties(exposed(wrapped), getOwnPropertyDescriptors(end));
  }
}

module.exports = { writeBeforeSuddenEnds };
