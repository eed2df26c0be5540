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
const { types } = require("node:util");

const { KeyboardInterrupt } = require("./ending.js");
const { callerOf } = require("./frames.js");

const { apply } = Reflect;
const { defineProperties, defineProperty, getOwnPropertyDescriptors } = Object;
const { toString } = Function.prototype;
const stopTimer = clearTimeout;
const stopImmediate = clearImmediate;

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
 * @param {Error} error
 * @returns {Error} One that a promise resolved with it is rejected with.
 */
function carrierOf(error) {
  const carrier = new KeyboardInterrupt();
  const value = (/** @type {unknown} */ _, /** @type {AnyFunction} */ reject) => reject(error);
  return defineProperty(carrier, "then", { value });
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
    for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
      const guarded = this.#timer(/** @type {any} */ (timers)[name], name === "setImmediate" ? stopImmediate : stopTimer);
      for (const owner of [timers, globalThis]) {
        replace(owner, name, () => guarded);
      }
    }
    replace(timersPromises, "setTimeout", (native) => this.#abortable(native, 2));
    replace(timersPromises, "setImmediate", (native) => this.#abortable(native, 1));
    replace(timersPromises, "setInterval", (native) => this.#iterator(native, 2));
    const { scheduler } = timersPromises;
    defineProperty(scheduler, "wait", {
      value: (/** @type {number} */ delay, /** @type {object} */ options) =>
        timersPromises.setTimeout(delay, undefined, options),
      configurable: true,
      writable: true,
    });
    replace(globalThis, "fetch", (native) => this.#fetch(native));
    replace(events, "once", (native) => this.#abortable(native, 2));
    replace(events, "on", (native) => this.#iterator(native, 2));
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
    const context = this.#context;
    return function (callback, ...rest) {
      const cell = ending.owner;
      if (typeof callback !== "function" || cell === undefined) {
        return apply(schedule, this, [callback, ...rest]);
      }
      /** @type {AnyFunction} */
      const bound = function (...values) {
        if (ending.wasEnded(cell)) {
          stop(timer);
          return undefined;
        }
        context.resume(cell);
        return apply(callback, this, values);
      };
      defineProperty(bound, "name", { value: callback.name });
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
    };
  }

  /**
   * What a cell itself, and no package on its behalf, hears from then on.
   * @param {AnyFunction} native
   * @returns {AnyFunction}
   */
  #listener(native) {
    const ending = this.#ending;
    const isCell = this.#isCell;
    const guarded = /** @type {AnyFunction} */ (
      function (...values) {
        const result = apply(native, this, values);
        const [name, listener] = values;
        if (ending.isRunning && isCell(callerOf(guarded))) {
          const emitter = new WeakRef(this);
          ending.add({
            isActive: () => emitter.deref()?.rawListeners(name).length > 0,
            fail: (error) => {
              emitter.deref()?.removeListener(name, listener);
              if (settlesPromise(listener)) {
                listener(carrierOf(error));
              }
            },
            isLasting: true,
          });
        }
        return result;
      }
    );
    return guarded;
  }

  /**
   * Guard a promise that somebody else will settle.
   * @param {Promise<unknown>} promise
   * @param {(error: Error) => void} [abort] Ends what it stands for.
   * @returns {Promise<any>}
   */
  #promise(promise, abort = () => {}) {
    const ending = this.#ending;
    const context = this.#context;
    const cell = ending.owner;
    return new Promise((resolve, reject) => {
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
        promise.then(settle(resolve), settle(reject));
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
    return function (...values) {
      if (guards.#ending.isOver) {
        return new Promise(() => {});
      }
      const controller = addSignal(values, index);
      return guards.#promise(apply(native, this, values), (error) => controller?.abort(error));
    };
  }

  /**
   * @param {AnyFunction} native Returns an asynchronous iterator.
   * @param {number} index Of the argument that may hold an AbortSignal.
   * @returns {AnyFunction}
   */
  #iterator(native, index) {
    const ending = this.#ending;
    const guards = this;
    return function (...values) {
      const controller = addSignal(values, index);
      const iterator = apply(native, this, values);
      const { next } = iterator;
      let isActive = true;
      const end = (/** @type {Error} */ error) => {
        isActive = false;
        controller?.abort(error);
      };
      ending.add({ isActive: () => isActive, fail: end, isLasting: true });
      const value = function (/** @type {any[]} */ ...sent) {
        return guards.#promise(apply(next, iterator, sent), end);
      };
      return defineProperty(iterator, "next", { value, configurable: true, writable: true });
    };
  }

  /**
   * @param {AnyFunction} native
   * @returns {AnyFunction}
   */
  #fetch(native) {
    const ending = this.#ending;
    const guards = this;
    return function (...values) {
      if (ending.isOver) {
        return new Promise(() => {});
      }
      const controller = new AbortController();
      const own = values[1]?.signal ?? values[0]?.signal;
      const signal = own === undefined ? controller.signal : AbortSignal.any?.([own, controller.signal]) ?? own;
      const abort = (/** @type {Error} */ error) => controller.abort(error);
      const response = apply(native, this, [values[0], { ...values[1], signal }]);
      return guards.#promise(
        response.then((/** @type {Response} */ received) => {
          // Its body is still on its way, and the response itself may be forgotten before.
          const body = new WeakRef(received.body ?? received);
          const isActive = () => body.deref() !== undefined && !controller.signal.aborted;
          ending.add({ isActive, fail: abort, isLasting: true });
          return received;
        }),
        abort,
      );
    };
  }

  /**
   * @param {AnyFunction} native
   * @returns {AnyFunction}
   */
  #fileFunction(native) {
    const ending = this.#ending;
    const context = this.#context;
    const guards = this;
    return function (...values) {
      const cell = ending.owner;
      ending.refuse();
      const last = values.length - 1;
      const callback = values[last];
      if (typeof callback === "function" && cell !== undefined) {
        /** @type {AnyFunction} */
        values[last] = function (...results) {
          if (!ending.wasEnded(cell)) {
            context.resume(cell);
            return apply(callback, this, results);
          }
          return undefined;
        };
      }
      const result = apply(native, this, values);
      if (types.isPromise(result)) {
        return guards.#promise(result);
      }
      if (typeof result?.destroy === "function" || typeof result?.close === "function") {
        ending.add({
          isActive: () => result.destroyed !== true,
          fail: (error) => (result.destroy ?? result.close).call(result, error),
        });
      }
      return result;
    };
  }
}

/**
 * Put a function in the place of another, with all its properties.
 * @param {object} owner
 * @param {string} name
 * @param {(native: AnyFunction) => AnyFunction} guard
 * @returns {void}
 */
function replace(owner, name, guard) {
  const native = /** @type {any} */ (owner)[name];
  const guarded = guard(native);
  defineProperties(guarded, getOwnPropertyDescriptors(native));
  defineProperty(owner, name, { value: guarded, configurable: true, enumerable: true, writable: true });
}

/**
 * @param {any[]} values Arguments, which are given an AbortSignal unless they have one.
 * @param {number} index Of that which may hold it.
 * @returns {AbortController | undefined} The signal's.
 */
function addSignal(values, index) {
  const options = values[index];
  if (options !== undefined && (typeof options !== "object" || options?.signal !== undefined)) {
    return undefined;
  }
  const controller = new AbortController();
  while (values.length < index) {
    values.push(undefined);
  }
  values[index] = { ...options, signal: controller.signal };
  return controller;
}

module.exports = { Guards, replace };
