/**
 * Which cell the code that runs now belongs to, also in its timers and promises.
 *
 * Node's AsyncLocalStorage knows, but before Node 24 (22 with a flag) it rests on
 * async_hooks, and with these Node aborts when an interrupt ends code in a callback: it
 * checks that every callback was left in order. V8's promise hooks would do, but Node ends
 * the process when one of them is called at the stack's limit. So there a callback that
 * belongs to a cell hands its cell on to all that runs until the queues of ticks and
 * promises are empty, unless the stack shows the code of another cell that awaited it;
 * callbacks of sockets and the like count for the latest cell.
 */
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");

const { outermostCell } = require("./frames.js");
const { pinned } = require("./realm.js");

const { getOwnPropertySymbols } = Object;
const { queueMicrotask: microtask } = globalThis;
const { nextTick } = process;

/** Cells whose names in stacks are known. */
const KEPT_CELLS = 300;

/**
 * @typedef {object} CellContext
 * @property {string | undefined} current The cell, if the code belongs to one.
 * @property {<T>(cell: string | undefined, action: () => T) => T} run Let an action, and what it starts, belong to a cell.
 * @property {(cell: string | undefined) => void} resume What follows in this turn of the loop belongs to a cell,
 *   which had asked for it.
 * @property {(label: string, cell: string) => void} begin A cell of this name in stacks begins to run.
 * @property {(label: string, promise?: object) => void} end It has ended, or may go on while there is this promise.
 * @property {() => void} reset Forget what an interrupt has left behind.
 */

/** Rests on Node's AsyncLocalStorage. @implements {CellContext} */
class StorageContext {
  /** @type {AsyncLocalStorage<string>} */
  #storage;

  /** @param {AsyncLocalStorage<string>} storage */
  constructor(storage) {
    this.#storage = pinned(storage);
  }

  /** The cell, if the code belongs to one. */
  get current() {
    return this.#storage.getStore();
  }

  /**
   * @template T
   * @param {string | undefined} cell
   * @param {() => T} action
   * @returns {T}
   */
  run(cell, action) {
    return this.#storage.run(/** @type {string} */ (cell), action);
  }

  // Node does all this.
  begin() {}
  end() {}
  resume() {}

  reset() {
    this.#storage.enterWith(/** @type {any} */ (undefined));
  }
}

/** Rests on nothing but the order in which Node calls back. @implements {CellContext} */
class TurnContext {
  /** @type {string | undefined} */
  #current = undefined;
  #isEnding = false;
  /** Cells by their names in stacks, the latest last. @type {Map<string, string>} */
  #cells = new Map();
  /** The same cells; what else may be current, such as a comm's message, has no name in stacks. */
  #named = new Set();
  /** The one that runs. @type {string | undefined} */
  #running = undefined;
  /** Those that were interrupted and may be woken up. @type {Set<string>} */
  #suspended = new Set();
  /** @type {FinalizationRegistry<string>} */
  #collected = new FinalizationRegistry((cell) => this.#suspended.delete(cell));

  /** The cell, if the code belongs to one. */
  get current() {
    const cell = this.#current;
    const isSure =
      this.#cells.size < 2 || (cell !== undefined && (cell === this.#running || !this.#named.has(cell)));
    return isSure && this.#suspended.size === 0 ? cell : (this.#cells.get(outermostCell() ?? "") ?? cell);
  }

  /**
   * @param {string} label
   * @param {string} cell
   * @returns {void}
   */
  begin(label, cell) {
    this.#running = cell;
    this.#forget(label);
    this.#cells.set(label, cell);
    this.#named.add(cell);
    if (this.#cells.size > KEPT_CELLS) {
      this.#forget(/** @type {string} */ (this.#cells.keys().next().value));
    }
  }

  /**
   * @param {string} label
   * @returns {void}
   */
  #forget(label) {
    this.#named.delete(this.#cells.get(label));
    this.#cells.delete(label);
  }

  /**
   * @param {string} label
   * @param {object} [promise]
   * @returns {void}
   */
  end(label, promise) {
    const cell = this.#cells.get(label);
    this.#running = undefined;
    if (promise !== undefined && cell !== undefined) {
      this.#suspended.add(cell);
      this.#collected.register(promise, cell);
    }
  }

  /**
   * @template T
   * @param {string | undefined} cell
   * @param {() => T} action
   * @returns {T}
   */
  run(cell, action) {
    const outer = this.#current;
    this.#current = cell;
    try {
      return action();
    } finally {
      this.#current = outer;
    }
  }

  /**
   * @param {string | undefined} cell
   * @returns {void}
   */
  resume(cell) {
    this.#current = cell;
    if (!this.#isEnding) {
      this.#isEnding = true;
      // A tick that is asked for by a promise's callback comes when those are done with.
      microtask(() => nextTick(() => this.reset()));
    }
  }

  reset() {
    this.#isEnding = false;
    this.#current = undefined;
  }
}

/** @returns {CellContext} The best that this Node offers. */
function createContext() {
  /** @type {AsyncLocalStorage<string>} */
  const storage = new AsyncLocalStorage();
  // async_hooks give themselves away by marking every promise.
  const usesHooks = storage.run("", () => getOwnPropertySymbols(Promise.resolve()).length > 0);
  if (!usesHooks) {
    return new StorageContext(storage);
  }
  storage.disable();
  return new TurnContext();
}

module.exports = { createContext };
