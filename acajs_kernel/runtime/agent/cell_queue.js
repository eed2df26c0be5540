/**
 * Which cells there are: one runs, others wait, and those that ended are remembered.
 */
"use strict";

/** Cells whose end is remembered, so that they are never run again. */
const REMEMBERED_CELLS = 10_000;

/** @typedef {"queued" | "running" | "done"} CellState */
/**
 * @typedef {object} CellRequest
 * @property {string} cell
 * @property {string} code What runs.
 * @property {string} [source] What the user wrote, if it differs.
 * @property {string} [label] What names the cell in stacks.
 * @property {boolean} [stdin] Whether the frontend answers input requests.
 * @property {Record<string, string>} [expressions] The request's `user_expressions`.
 * @property {string[]} [needs] The parts of the runner that it needs.
 */

/** Cells in the order in which they came. */
class CellQueue {
  /** @type {CellRequest[]} */
  #waiting = [];
  /** @type {Map<string, CellState>} */
  #states = new Map();
  /** @type {string | null} The cell that runs. */
  running = null;
  /** The cell that was begun last. */
  latest = "";

  /** The names of the cells that wait. */
  get names() {
    return this.#waiting.map((request) => request.cell);
  }

  /**
   * @param {CellRequest} request
   * @returns {boolean} False for a known cell, which is left alone.
   */
  add(request) {
    if (this.#states.has(request.cell)) {
      return false;
    }
    this.#states.set(request.cell, "queued");
    this.#waiting.push(request);
    for (const [cell, state] of this.#states) {
      if (this.#states.size <= REMEMBERED_CELLS || state !== "done") {
        break;
      }
      this.#states.delete(cell);
    }
    return true;
  }

  /**
   * Remember the end of a cell that never came; when it does come, it is known.
   * @param {string} cell
   * @returns {boolean} False for a known cell, which is left alone.
   */
  refuse(cell) {
    if (this.#states.has(cell)) {
      return false;
    }
    this.#states.set(cell, "done");
    return true;
  }

  /**
   * Take the next cell to run it.
   * @returns {CellRequest | undefined} Undefined if none waits.
   */
  begin() {
    const request = this.#waiting.shift();
    if (request !== undefined) {
      this.running = request.cell;
      this.latest = request.cell;
      this.#states.set(request.cell, "running");
    }
    return request;
  }

  /**
   * @param {string} cell
   * @returns {boolean} False when it neither ran nor waited.
   */
  finish(cell) {
    if (!this.isPending(cell)) {
      return false;
    }
    this.#states.set(cell, "done");
    this.#waiting = this.#waiting.filter((request) => request.cell !== cell);
    if (this.running === cell) {
      this.running = null;
    }
    return true;
  }

  /**
   * @param {string} cell
   * @returns {boolean} Whether it runs or waits.
   */
  isPending(cell) {
    const state = this.#states.get(cell);
    return state === "queued" || state === "running";
  }

  /**
   * @param {string} cell
   * @returns {CellState | "unknown"}
   */
  stateOf(cell) {
    return this.#states.get(cell) ?? "unknown";
  }
}

module.exports = { CellQueue };
