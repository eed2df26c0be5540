/**
 * What calls back, guarded: it knows the cell that has asked for it, can be made to fail when
 * that cell is interrupted, and never calls back when the cell is over.
 */
"use strict";

const events = require("node:events");
const fs = require("node:fs");
const Module = require("node:module");
const timers = require("node:timers");
const timersPromises = require("node:timers/promises");

const { KeyboardInterrupt } = require("./ending.js");
const { callerOf } = require("./frames.js");
const { standingFor, types, user } = require("./realm.js");

const { apply, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf } = Reflect;
const { defineProperty } = Object;
const { toString } = Function.prototype;
const { then } = Promise.prototype;
// Of the user's realm, as they were at first.
const { clearImmediate: stopImmediate, clearTimeout: stopTimer } = timers;
const { rawListeners, removeListener } = events.prototype;
const { AbortController, AbortSignal } = globalThis;
const anySignal = AbortSignal.any?.bind(AbortSignal);
const { abort: abortSignal } = AbortController.prototype;
const { get: signalOf } = /** @type {{get: AnyFunction}} */ (getOwnPropertyDescriptor(AbortController.prototype, "signal"));

/** @typedef {import("./context.js").CellContext} CellContext */
/** @typedef {import("./ending.js").Begun} Begun */
/** @typedef {import("./ending.js").Ending} Ending */
/** @typedef {(this: any, ...values: any[]) => any} AnyFunction */

const NATIVE = "function () { [native code] }";

/**
 * @param {Function} callback
 * @returns {boolean} Whether it resolves or rejects a promise: `new Promise((resolve) => setTimeout(resolve, 9))`.
 */
function settlesPromise(callback) {
  return callback.name === "" && callback.length === 1 && apply(toString, callback, []) === NATIVE;
}

/**
 * @param {AnyFunction} action
 * @returns {AnyFunction} The same without a `prototype` and not to be called with `new`.
 */
function method(action) {
  return {
    /**
     * @this {any}
     * @param {...any} values
     * @returns {any}
     */
    guarded(...values) {
      return apply(action, this, values);
    },
  }.guarded;
}

/**
 * @param {Error} error
 * @returns {Error} One that a promise resolved with it is rejected with.
 */
function carrierOf(error) {
  const carrier = new KeyboardInterrupt();
  const value = (/** @type {unknown} */ _, /** @type {AnyFunction} */ reject) => reject(error);
  return defineProperty(carrier, "then", { value });
}

/** @returns {Promise<any>} One of the user's realm that nobody settles. */
function never() {
  return new user.Promise(() => {});
}

/** A signal for what a cell has begun. */
class Abortion {
  #controller = new AbortController();
  /** Of the user's realm. @type {AbortSignal} */
  signal = apply(signalOf, this.#controller, []);
  abort = (/** @type {Error} */ error) => apply(abortSignal, this.#controller, [error]);
}

/** Puts the guards in their places. */
class Guards {
  /** @type {Ending} */
  #ending;
  /** @type {CellContext} */
  #context;
  /** @type {(script: string) => boolean} */
  #isCell;

  /**
   * @param {Ending} ending
   * @param {CellContext} context
   * @param {(script: string) => boolean} isCell Whether a name in stacks is a cell's.
   */
  constructor(ending, context, isCell) {
    this.#isCell = isCell;
    this.#ending = ending;
    this.#context = context;
  }

  /** Guard Node's own functions from now on. */
  install() {
    const global = /** @type {any} */ (globalThis);
    for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
      replace(timers, name, (native) => this.#timer(native, name === "setImmediate" ? stopImmediate : stopTimer));
      replace(globalThis, name, () => /** @type {any} */ (timers)[name]);
    }
    /** @type {[owner: object, name: string, index: number][]} */
    const abortable = [
      [timersPromises, "setTimeout", 2],
      [timersPromises, "setImmediate", 1],
      [/** @type {object} */ (getPrototypeOf(timersPromises.scheduler)), "wait", 1],
      [events, "once", 2],
    ];
    for (const [owner, name, index] of abortable) {
      replace(owner, name, (native) => this.#abortable(native, index));
    }
    replace(timersPromises, "setInterval", (native) => this.#iterator(native));
    replace(events, "on", (native) => this.#iterator(native));
    if (typeof global.fetch === "function") {
      replace(globalThis, "fetch", (native) => this.#fetch(native));
    }
    for (const name of ["on", "addListener", "once", "prependListener", "prependOnceListener"]) {
      replace(events.prototype, name, (native) => this.#listener(native));
    }
    for (const owner of [fs, fs.promises]) {
      for (const name of Object.keys(owner)) {
        if (typeof (/** @type {any} */ (owner)[name]) === "function" && /^[a-z]/.test(name)) {
          replace(owner, name, (native) => this.#fileFunction(native));
        }
      }
    }
    Module.syncBuiltinESMExports();
  }

  /**
   * @param {AnyFunction} schedule
   * @param {(timer: any) => void} stop
   * @returns {AnyFunction}
   */
  #timer(schedule, stop) {
    const ending = this.#ending;
    const guards = this;
    return method(function (callback, ...rest) {
      const cell = ending.owner;
      if (typeof callback !== "function" || cell === undefined) {
        return apply(schedule, this, [callback, ...rest]);
      }
      const bound = guards.#callback(callback, cell, () => stop(timer));
      const timer = apply(schedule, this, [bound, ...rest]);
      if (ending.isOver) {
        stop(timer);
        return timer;
      }
      ending.add({
        isActive: () => timer._destroyed !== true,
        fail: (error) => {
          stop(timer);
          if (settlesPromise(callback)) {
            callback(carrierOf(error));
          }
        },
        end: () => stop(timer),
      });
      return timer;
    });
  }

  /**
   * @param {AnyFunction} callback
   * @param {string} cell That has asked for it.
   * @param {() => void} [stop] Called instead when that is over.
   * @returns {AnyFunction}
   */
  #callback(callback, cell, stop) {
    const ending = this.#ending;
    const context = this.#context;
    const bound = method(function (...values) {
      if (ending.wasEnded(cell)) {
        return stop?.();
      }
      context.resume(cell);
      return apply(callback, this, values);
    });
    defineProperty(bound, "name", { value: callback.name });
    setPrototypeOf(bound, user.Function.prototype);
    return bound;
  }

  /**
   * What a cell itself, and no package on its behalf, hears from then on.
   * @param {AnyFunction} native
   * @returns {AnyFunction}
   */
  #listener(native) {
    const ending = this.#ending;
    const isCell = this.#isCell;
    const guarded = method(function (...values) {
      const result = apply(native, this, values);
      const [name, listener] = values;
      if (ending.isRunning && isCell(callerOf(guarded))) {
        const reference = new WeakRef(this);
        const count = (/** @type {any} */ emitter) => apply(rawListeners, emitter, [name]).length;
        ending.add({
          isActive: () => reference.deref() !== undefined && count(reference.deref()) > 0,
          fail: (error) => {
            apply(removeListener, reference.deref(), [name, listener]);
            if (settlesPromise(listener)) {
              listener(carrierOf(error));
            }
          },
          isLasting: true,
        });
      }
      return result;
    });
    return guarded;
  }

  /**
   * Guard a promise that somebody else will settle.
   * @param {Promise<unknown>} promise
   * @param {(error: Error) => void} [abort] Ends what it stands for.
   * @returns {Promise<any>} One of the user's realm.
   */
  #promise(promise, abort = () => {}) {
    const ending = this.#ending;
    const context = this.#context;
    const cell = ending.owner;
    return new user.Promise((resolve, reject) => {
      /** @type {Begun} */
      const begun = {
        isActive: () => true,
        fail: (error) => {
          ending.remove(begun);
          abort(error);
          reject(error);
        },
        end: abort,
      };
      const settle = (/** @type {AnyFunction} */ finish) => (/** @type {unknown} */ value) => {
        ending.remove(begun);
        if (!ending.wasEnded(cell)) {
          context.resume(cell);
          finish(value);
        }
      };
      if (!ending.isOver) {
        ending.add(begun);
        apply(then, promise, [settle(resolve), settle(reject)]);
      }
    });
  }

  /**
   * @param {AnyFunction} native Returns a promise.
   * @param {number} index Of the argument that may hold an AbortSignal.
   * @returns {AnyFunction}
   */
  #abortable(native, index) {
    const guards = this;
    return method(function (...values) {
      if (guards.#ending.isOver) {
        return never();
      }
      const abort = addSignal(values, index);
      return guards.#promise(apply(native, this, values), abort);
    });
  }

  /**
   * @param {AnyFunction} native Returns an asynchronous iterator; its third argument may hold an AbortSignal.
   * @returns {AnyFunction}
   */
  #iterator(native) {
    const ending = this.#ending;
    const guards = this;
    return method(function (...values) {
      const abort = addSignal(values, 2);
      const iterator = apply(native, this, values);
      const { next } = iterator;
      let isActive = true;
      const end = (/** @type {Error} */ error) => {
        isActive = false;
        abort?.(error);
      };
      ending.add({ isActive: () => isActive, fail: end, isLasting: true });
      const value = method((...sent) => guards.#promise(apply(next, iterator, sent), end));
      return defineProperty(iterator, "next", { value: standingFor(value, next), configurable: true, writable: true });
    });
  }

  /**
   * @param {AnyFunction} native
   * @returns {AnyFunction}
   */
  #fetch(native) {
    const ending = this.#ending;
    const guards = this;
    return method(function (...values) {
      if (ending.isOver) {
        return never();
      }
      const { signal: added, abort } = new Abortion();
      const own = values[1]?.signal ?? values[0]?.signal;
      const signal = own === undefined ? added : anySignal?.([own, added]) ?? own;
      const response = apply(native, this, [values[0], { ...values[1], signal }]);
      const received = apply(then, response, [
        (/** @type {Response} */ answer) => {
          // Its body is still on its way, and the response itself may be forgotten before.
          const body = new WeakRef(answer.body ?? answer);
          const isActive = () => body.deref() !== undefined && !added.aborted;
          ending.add({ isActive, fail: abort, isLasting: true });
          return answer;
        },
      ]);
      return guards.#promise(received, abort);
    });
  }

  /**
   * @param {AnyFunction} native
   * @returns {AnyFunction}
   */
  #fileFunction(native) {
    const ending = this.#ending;
    const guards = this;
    return method(function (...values) {
      const cell = ending.owner;
      ending.refuse();
      const last = values.length - 1;
      if (typeof values[last] === "function" && cell !== undefined) {
        values[last] = guards.#callback(values[last], cell);
      }
      const result = apply(native, this, values);
      if (types.isPromise(result)) {
        return guards.#promise(result);
      }
      const close = result?.destroy ?? result?.close;
      if (typeof close === "function") {
        ending.add({
          isActive: () => result.destroyed !== true,
          fail: (error) => apply(close, result, [error]),
        });
      }
      return result;
    });
  }
}

/** What stands in the place of Node's own functions, which may have several names. @type {WeakMap<Function, AnyFunction>} */
const replaced = new WeakMap();

/**
 * Put a function in the place of one of Node's.
 * @param {object} owner
 * @param {string} name
 * @param {(native: AnyFunction) => AnyFunction} guard
 * @returns {void}
 */
function replace(owner, name, guard) {
  const native = /** @type {any} */ (owner)[name];
  const value = replaced.get(native) ?? standingFor(guard(native), native);
  replaced.set(native, value);
  const enumerable = getOwnPropertyDescriptor(owner, name)?.enumerable === true;
  defineProperty(owner, name, { value, enumerable, configurable: true, writable: true });
}

/**
 * @param {any[]} values Arguments, which are given an AbortSignal unless they have one.
 * @param {number} index Of that which may hold it.
 * @returns {((error: Error) => void) | undefined} Aborts it.
 */
function addSignal(values, index) {
  const options = values[index];
  if (options !== undefined && (typeof options !== "object" || options?.signal !== undefined)) {
    return undefined;
  }
  const { signal, abort } = new Abortion();
  while (values.length < index) {
    values.push(undefined);
  }
  values[index] = { ...options, signal };
  return abort;
}

module.exports = { Guards, method, replace };
