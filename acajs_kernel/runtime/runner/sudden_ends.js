/**
 * Calls that end the process at once, without its "exit" handlers.
 */
"use strict";

/** @typedef {import("./output.js").Output} Output */

const { apply } = Reflect;
const { defineProperties, getOwnPropertyDescriptors } = Object;

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
      const isOther = name === "kill" && Number(pid) > 0 && Number(pid) !== process.pid;
      if (!isOther) {
        output.flush();
      }
      return apply(end, this, values);
    };
    target[name] = defineProperties(wrapped, getOwnPropertyDescriptors(end));
  }
}

module.exports = { writeBeforeSuddenEnds };
