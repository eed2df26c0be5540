/**
 * Which cell the code that runs now belongs to, also in its timers and promises.
 *
 * Node's AsyncLocalStorage knows, but before Node 24 (22 with a flag) it rests on
 * async_hooks, and with these Node aborts when an interrupt ends code in a callback:
 * it checks that every callback was left in order. There V8's promise hooks and wrapped
 * timers do the same; callbacks of sockets and the like count for the latest cell.
 */
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");
const Module = require("node:module");
const timers = require("node:timers");
const v8 = require("node:v8");

const { pinned, user } = require("./realm.js");

const { apply } = Reflect;
const { defineProperty, getOwnPropertyDescriptors, getOwnPropertySymbols, setPrototypeOf } = Object;

/**
 * @typedef {object} CellContext
 * @property {string | undefined} current The cell, if the code belongs to one.
 * @property {<T>(cell: string, action: () => T) => T} run Let an action, and what it starts, belong to a cell.
 * @property {() => void} reset Forget what an interrupt has left behind.
 */

/** A field that can be added to any object and that nobody sees. */
class Mark extends (/** @type {{new (target: object): object}} */ (/** @type {unknown} */ (identity))) {
  /** @type {string} */
  #cell;

  /**
   * @param {object} target
   * @param {string} cell
   */
  constructor(target, cell) {
    super(target);
    this.#cell = cell;
  }

  /**
   * @param {object} target
   * @returns {string | undefined}
   */
  static read(target) {
    return #cell in target ? /** @type {Mark} */ (target).#cell : undefined;
  }
}

/**
 * @param {object} target
 * @returns {object} What a class that extends this has as its instance.
 */
function identity(target) {
  return target;
}

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
   * @param {string} cell
   * @param {() => T} action
   * @returns {T}
   */
  run(cell, action) {
    return this.#storage.run(cell, action);
  }

  reset() {
    this.#storage.enterWith(/** @type {any} */ (undefined));
  }
}

/** Rests on V8's promise hooks and on wrapped timers. @implements {CellContext} */
class HookContext {
  /** @type {string | undefined} */
  current = undefined;
  /** @type {(string | undefined)[]} */
  #outer = [];

  constructor() {
    v8.promiseHooks.createHook({
      init: (promise) => {
        if (this.current !== undefined) {
          new Mark(promise, this.current);
        }
      },
      before: (promise) => {
        this.#outer.push(this.current);
        this.current = Mark.read(promise);
      },
      after: () => {
        this.current = this.#outer.pop();
      },
    });
    for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
      const wrapped = this.#wrap(/** @type {any} */ (timers)[name]);
      for (const owner of [timers, globalThis]) {
        /** @type {any} */ (owner)[name] = wrapped;
      }
    }
    globalThis.queueMicrotask = this.#wrap(globalThis.queueMicrotask);
    process.nextTick = this.#wrap(process.nextTick);
    Module.syncBuiltinESMExports();
  }

  /**
   * @template T
   * @param {string} cell
   * @param {() => T} action
   * @returns {T}
   */
  run(cell, action) {
    const outer = this.current;
    this.current = cell;
    try {
      return action();
    } finally {
      this.current = outer;
    }
  }

  reset() {
    this.current = undefined;
    this.#outer = [];
  }

  /**
   * @template {Function} F
   * @param {F} schedule A function whose first argument is called later.
   * @returns {F} The same, remembering the cell.
   */
  #wrap(schedule) {
    // The callbacks have a `this` of their own.
    const context = this;
    /**
     * @this {unknown}
     * @param {unknown} callback
     * @param {...unknown} rest
     * @returns {unknown}
     */
    const wrapped = function (callback, ...rest) {
      const cell = context.current;
      if (typeof callback !== "function" || cell === undefined) {
        return apply(schedule, this, [callback, ...rest]);
      }
      /**
       * @this {unknown}
       * @param {...unknown} values
       * @returns {unknown}
       */
      const bound = function (...values) {
        return context.run(cell, () => apply(callback, this, values));
      };
      defineProperty(bound, "name", { value: callback.name });
      setPrototypeOf(bound, user.Function.prototype);
      return apply(schedule, this, [bound, ...rest]);
    };
    Object.defineProperties(wrapped, getOwnPropertyDescriptors(schedule));
    setPrototypeOf(wrapped, user.Function.prototype);
    return /** @type {F} */ (/** @type {unknown} */ (wrapped));
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
  return new HookContext();
}

module.exports = { createContext };
