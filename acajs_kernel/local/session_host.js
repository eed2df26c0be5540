/**
 * Starts the interpreter of one session of the embedded pool: `session_interpreter.js`, in a
 * realm of its own, whose built-in objects cells cannot declare, delete or replace.
 *
 * Usage: see `session_interpreter.js`.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const { clearTimeout, setImmediate, setTimeout } = globalThis;

/** What Node gives to the interpreter's modules, by the names that they know. */
const GIVEN = Object.freeze({ globalThis, process, Buffer, performance, clearTimeout, setImmediate, setTimeout });

const context = /** @type {any} */ (vm.constants)?.DONT_CONTEXTIFY ?? {};
const realm = vm.createContext(context);

/** The modules that have been loaded, by file. @type {Map<string, {exports: any}>} */
const loaded = new Map();

/**
 * Load a module of ours in the realm.
 * @param {string} file
 * @returns {any} What it exports.
 */
function load(file) {
  let module_ = loaded.get(file);
  if (module_ === undefined) {
    module_ = { exports: {} };
    loaded.set(file, module_);
    const names = ["module", "exports", "require", ...Object.keys(GIVEN)];
    const text = fs.readFileSync(file, "utf8");
    const run = vm.runInContext(`(${names.join(", ")}) => {${text}\n}\n//# sourceURL=[eval]`, realm, { filename: file });
    const requireFrom = (/** @type {string} */ specifier) =>
      specifier.startsWith(".") ? load(path.join(path.dirname(file), specifier)) : require(specifier);
    run(module_, module_.exports, requireFrom, ...Object.values(GIVEN));
  }
  return module_.exports;
}

load(path.join(__dirname, "session_interpreter.js"))(require);

//# sourceURL=[eval]
