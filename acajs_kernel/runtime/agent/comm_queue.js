/**
 * Which messages of comms have come from the kernel, and which the runner has not handled yet.
 */
"use strict";

/**
 * @typedef {object} CommRequest
 * @property {number} number Grows with every message of a client.
 * @property {string} cell Names the message: what its callbacks show carries it.
 * @property {"open" | "msg" | "close"} message
 * @property {string} comm
 * @property {string} [target]
 * @property {unknown} [data]
 * @property {Record<string, unknown>} [metadata]
 * @property {string[]} [buffers] In base64.
 */

/** Messages in the order in which they came, each once. */
class CommQueue {
  #last = 0;
  /** @type {Set<string>} */
  #unhandled = new Set();

  /** How many messages the runner has not handled yet. */
  get size() {
    return this.#unhandled.size;
  }

  /**
   * @param {CommRequest[]} requests
   * @returns {CommRequest[]} Those that have not come before.
   */
  add(requests) {
    const added = requests.filter((request) => request.number > this.#last);
    for (const request of added) {
      this.#last = request.number;
      this.#unhandled.add(request.cell);
    }
    return added;
  }

  /**
   * @param {string} cell The name of a message that was handled.
   * @returns {void}
   */
  finish(cell) {
    this.#unhandled.delete(cell);
  }

  /**
   * Forget what has not been handled, as there is nothing left to do so.
   * @returns {string[]} The names of those messages.
   */
  drop() {
    const names = [...this.#unhandled];
    this.#unhandled.clear();
    return names;
  }

  /** Another client counts from the beginning. */
  renumber() {
    this.#last = 0;
  }
}

module.exports = { CommQueue };
