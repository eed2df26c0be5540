/**
 * `import` for cells: V8's REPL mode has none, so the kernel rewrites it to this helper.
 */
"use strict";

const path = { ...require("node:path") };
const { pathToFileURL } = require("node:url");

const { locate } = require("./module_errors.js");
const { adopt, exposed, promiseOf, types, user } = require("./realm.js");
const { VERSION } = require("./reloading.js");
const { INTERNAL_FRAME } = require("./traceback.js");

/** @typedef {(specifier: string, options?: object) => Promise<unknown>} NativeImport */

/** @typedef {import("./reloading.js").Reloading} Reloading */

/** The name the rewritten cells call. */
const IMPORT_NAME = "__acajs_import__";

/** The name that stands for `import.meta` in rewritten cells. */
const META_NAME = "__acajs_meta__";

/**
 * @param {string} specifier
 * @param {URL} base
 * @returns {string} A URL for what is relative or absolute; packages and URLs as they are.
 */
function absolute(specifier, base) {
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") {
    return new URL(specifier, base).href;
  }
  return path.isAbsolute(specifier) ? pathToFileURL(specifier).href : specifier;
}

/** The stacks of errors that imports have failed with, without the cells'. @type {WeakMap<object, string>} */
const stacks = new WeakMap();

/**
 * Let an error name the line of the cell whose import has failed: Node loads modules on its own.
 * @param {any} error
 * @param {string} frames Of the cell.
 * @returns {void}
 */
function addFrames(error, frames) {
  // What comes from another thread is no native error.
  if ((types.isNativeError(error) || error instanceof user.Error) && frames !== "") {
    const stack = stacks.get(error) ?? String(error.stack);
    stacks.set(error, stack);
    try {
      error.stack = `${stack}\n${frames}`;
    } catch {
      // It is frozen.
    }
  }
}

/** @returns {string} The frames of the user's code that has called. */
function callerFrames() {
  const lines = String(new Error().stack).split("\n").slice(1);
  return lines.filter((line) => !INTERNAL_FRAME.test(line)).join("\n");
}

/**
 * The `import()` of cells.
 * @param {NativeImport} nativeImport An `import()` whose packages come from the folder.
 * @param {string} folder What specifiers are relative to.
 * @param {Reloading} [reloading] Knows what has changed since it was loaded.
 * @returns {NativeImport}
 */
function createImport(nativeImport, folder, reloading) {
  const base = pathToFileURL(path.join(folder, "/"));
  return async (specifier, options) => {
    const frames = callerFrames();
    const wanted = absolute(String(specifier), base);
    const target = reloading?.urlOf(wanted) ?? wanted;
    const attributes = /** @type {any} */ (options)?.with ?? /** @type {any} */ (options)?.assert;
    try {
      // Node 18 reads `assert`, Node 22 and later `with`.
      return await promiseOf(nativeImport(target, attributes && { with: attributes, assert: attributes }));
    } catch (error) {
      await locate(error, target);
      addFrames(error, frames);
      throw error;
    }
  };
}

/** A module whose `import.meta.resolve` takes the second argument that Node has for it. */
const RESOLVER = "data:text/javascript,export default import.meta.resolve";

/** The `import.meta` of cells. */
class Meta {
  #nativeImport;
  /** @type {((specifier: string, parent: string) => string) | undefined} */
  #resolve;
  /** What rewritten cells use. */
  value;

  /**
   * @param {NativeImport} nativeImport
   * @param {string} folder
   */
  constructor(nativeImport, folder) {
    const filename = path.join(folder, "notebook.mjs");
    const url = pathToFileURL(filename).href;
    this.#nativeImport = nativeImport;
    this.value = {
      url,
      dirname: folder,
      filename,
      /**
       * @param {string} specifier
       * @param {string | URL} [parent]
       * @returns {string} The URL that `import` would load.
       */
      resolve: (specifier, parent = url) => {
        if (this.#resolve === undefined) {
          throw new Error("import.meta.resolve is not ready in code that was not written in a cell.");
        }
        const target = String(specifier);
        return this.#resolve(path.isAbsolute(target) ? pathToFileURL(target).href : target, String(parent)).replace(VERSION, "");
      },
    };
  }

  /**
   * @param {string} code
   * @returns {Promise<void> | undefined} What must be awaited before this code runs.
   */
  prepare(code) {
    if (this.#resolve !== undefined || !code.includes(META_NAME)) {
      return undefined;
    }
    return promiseOf(this.#nativeImport(RESOLVER)).then((module_) => {
      this.#resolve = /** @type {any} */ (module_).default;
    });
  }
}

/**
 * Define the names that rewritten cells use.
 * @param {NativeImport} nativeImport
 * @param {string} folder
 * @param {Reloading} reloading
 * @returns {Meta}
 */
function defineImports(nativeImport, folder, reloading) {
  const meta = new Meta(nativeImport, folder);
  const values = {
    [IMPORT_NAME]: exposed(createImport(nativeImport, folder, reloading)),
    [META_NAME]: adopt(meta.value),
  };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, enumerable: false, writable: false });
  }
  return meta;
}

module.exports = { createImport, defineImports };
