/**
 * What the runner's code asks the user, as `prompt()` does, and where the answers go.
 */
"use strict";

/** @typedef {import("./runner_process.js").RunnerProcess} RunnerProcess */

/** The requests for input that have not been answered. */
class InputRequests {
  /** @type {Map<string, boolean>} Their tokens, and whether the main thread blocks. */
  #unanswered = new Map();

  /**
   * @param {string} token
   * @param {boolean} blocks Whether the main thread waits, and only the control thread hears.
   * @returns {void}
   */
  add(token, blocks) {
    this.#unanswered.set(token, blocks);
  }

  /**
   * Answer a request; an unknown one, or one that was answered, is left alone.
   * @param {{token: string, value?: string, error?: string}} reply
   * @param {RunnerProcess} runner Whose request it was.
   * @returns {void}
   */
  answer({ token, value, error }, runner) {
    const blocks = this.#unanswered.get(token);
    if (blocks === undefined) {
      return;
    }
    this.#unanswered.delete(token);
    const message = { type: "input", token, value, error };
    if (blocks) {
      runner.sendControl(message);
    } else {
      runner.send(message);
    }
  }

  /** Nobody waits any more. */
  clear() {
    this.#unanswered.clear();
  }
}

module.exports = { InputRequests };
