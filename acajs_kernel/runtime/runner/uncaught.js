/**
 * Errors that nobody caught are shown, and the runtime lives on.
 */
"use strict";

const { isInterrupt } = require("./ending.js");

const { defineProperty } = Object;

/** @typedef {import("./output.js").Output} Output */
/** @typedef {import("./traceback.js").Tracebacks} Tracebacks */

/**
 * Show uncaught exceptions and unhandled rejections on stderr, unless the user's code
 * has handlers of its own.
 * @param {Output} output
 * @param {Tracebacks} tracebacks
 * @param {import("./ending.js").Ending} ending
 * @returns {void}
 */
function reportUncaught(output, tracebacks, ending) {
  // Node calls it for such errors: what becomes of `EventEmitter.prototype` must not matter.
  defineProperty(process, "emit", { value: process.emit, writable: true, configurable: true });
  const listenerCount = process.listenerCount.bind(process);
  /**
   * @param {"uncaughtException" | "unhandledRejection"} event
   * @param {string} title
   * @returns {void}
   */
  const report = (event, title) => {
    process.on(/** @type {"uncaughtException"} */ (event), (/** @type {unknown} */ thrown) => {
      if (listenerCount(event) === 1 && !ending.isOver && !isInterrupt(thrown)) {
        const { traceback } = tracebacks.describe(thrown);
        output.print("stderr", `${title}: ${traceback.join("\n")}\n`);
        // As where Node ends with such an error: whoever runs a script asks for it.
        process.exitCode ??= 1;
      }
    });
  };
  report("uncaughtException", "Uncaught exception in a callback");
  report("unhandledRejection", "Unhandled promise rejection");
}

module.exports = { reportUncaught };
