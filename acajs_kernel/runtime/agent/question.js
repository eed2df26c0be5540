/**
 * What the editor asks of the runner's main thread: completion and inspection.
 */
"use strict";

/** @typedef {import("./runner_process.js").RunnerProcess} RunnerProcess */

/** The question that was put last: the ones before it are of no interest any more. */
class Question {
  #number = 0;
  /** @type {((reply: Record<string, unknown>) => void) | null} */
  #onReply = null;

  /**
   * @param {object} question
   * @param {RunnerProcess | null} runner
   * @param {(reply: Record<string, unknown>) => void} onReply May never be called.
   * @returns {void}
   */
  put(question, runner, onReply) {
    this.#number += 1;
    this.#onReply = onReply;
    runner?.send({ type: "question", id: this.#number, question });
  }

  /**
   * The runner has replied to a question, perhaps to an earlier one.
   * @param {number} number
   * @param {Record<string, unknown>} reply
   * @returns {void}
   */
  answer(number, reply) {
    if (number === this.#number) {
      this.#onReply?.(reply);
      this.#onReply = null;
    }
  }

  /** There is nobody left to reply. */
  drop() {
    this.#onReply = null;
  }
}

module.exports = { Question };
