/**
 * The frame of a program that consists of modules; `bundling.py` puts them in the place of `{}`.
 *
 * Its value is a function that takes Node's `require` and the interpreter's `globalThis` and
 * returns our `require`. It is evaluated in a V8 context (a realm) of its own, so that nothing
 * that cells declare, delete or replace is what the modules mean by `Object`,
 * `Array.prototype.push` or `process`.
 */
"use strict";

/* eslint no-shadow-restricted-names: "off", no-unused-vars: "off" -- the modules use these names */

/** @typedef {(module: {exports: any}, exports: any, require: (specifier: string) => any) => void} ModuleFunction */

// What the language itself offers, taken once: before Node 22 a context's global object is slow.
module.exports = (({
  AggregateError, Array, ArrayBuffer, Atomics, BigInt, Boolean, DataView, Date, Error, EvalError,
  FinalizationRegistry, Function, Infinity, Int32Array, JSON, Map, Math, NaN, Number, Object, Promise,
  Proxy, RangeError, ReferenceError, Reflect, RegExp, Set, SharedArrayBuffer, String, Symbol,
  SyntaxError, TypeError, URIError, Uint8Array, WeakMap, WeakRef, WeakSet, decodeURIComponent,
  encodeURIComponent,
}) => (/** @type {(specifier: string) => any} */ require, /** @type {any} */ globalThis) => {
  // Node's own, from its modules: the interpreter's globals may be others by now. Node 18's
  // `performance.now` calls a `process.hrtime` that cells may replace.
  const process = require("node:process");
  const { Buffer } = require("node:buffer");
  const { clearTimeout, setImmediate, setTimeout } = require("node:timers");
  const { bigint } = process.hrtime;
  const performance = { now: () => Number(bigint()) / 1e6 };
  const { URL } = require("node:url");

  /** @type {Record<string, ModuleFunction>} */
  const modules = {};
  /** @type {Record<string, {exports: any}>} */
  const loaded = {};

  /** Node's modules as they were when they were required first. @type {Record<string, any>} */
  const first = {};
  const own = (/** @type {string} */ specifier) => {
    const found = require(specifier);
    first[specifier] ??= typeof found === "object" ? Object.defineProperties({}, Object.getOwnPropertyDescriptors(found)) : found;
    return found;
  };
  // A part comes when cells may have changed Node's modules.
  const later = (/** @type {string} */ specifier) => first[specifier] ?? require(specifier);

  // Modules of ours are named relative to one another, Node's own as ever.
  const load = (/** @type {string} */ name, node = own) => {
    if (loaded[name] === undefined) {
      const module = (loaded[name] = { exports: {} });
      const folder = name.split("/").slice(0, -1);
      /** @type {ModuleFunction} */ (modules[name])(module, module.exports, (specifier) => {
        if (!specifier.startsWith(".")) {
          return node(specifier);
        }
        const path = [...folder];
        for (const step of specifier.split("/")) {
          if (step === "..") {
            path.pop();
          } else if (step !== ".") {
            path.push(step);
          }
        }
        return load(path.join("/"), node);
      });
    }
    return /** @type {{exports: any}} */ (loaded[name]).exports;
  };
  // Further modules see the names above, and those that are there.
  load.part = (/** @type {string} */ name, /** @type {string} */ text) => {
    "use strict"; // eslint-disable-line strict -- else every name above would be looked up by its text
    Object.assign(modules, eval(text));
    return load(name, later);
  };
  return load;
})(globalThis);
