/**
 * `import` for cells: V8's REPL mode has none, so the kernel rewrites it to this helper.
 */
"use strict";

const path = { ...require("node:path") };
const { pathToFileURL } = require("node:url");

const { adopt, exposed, promiseOf } = require("./realm.js");

/** @typedef {(specifier: string, options?: object) => Promise<unknown>} NativeImport */

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

/**
 * The `import()` of cells. Modules are cached by Node: an edited file stays as it was
 * until the runtime is restarted or the specifier gets another query.
 * @param {NativeImport} nativeImport An `import()` whose packages come from the folder.
 * @param {string} folder What specifiers are relative to.
 * @returns {NativeImport}
 */
function createImport(nativeImport, folder) {
  const base = pathToFileURL(path.join(folder, "/"));
  return async (specifier, options) => {
    const target = absolute(String(specifier), base);
    const attributes = /** @type {any} */ (options)?.with ?? /** @type {any} */ (options)?.assert;
    if (attributes === undefined) {
      return promiseOf(nativeImport(target));
    }
    // Node 18 reads `assert`, Node 22 and later `with`.
    return promiseOf(nativeImport(target, { with: attributes, assert: attributes }));
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
        return this.#resolve(path.isAbsolute(target) ? pathToFileURL(target).href : target, String(parent));
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
 * @returns {Meta}
 */
function defineImports(nativeImport, folder) {
  const meta = new Meta(nativeImport, folder);
  const values = {
    [IMPORT_NAME]: exposed(createImport(nativeImport, folder)),
    [META_NAME]: adopt(meta.value),
  };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, enumerable: false, writable: false });
  }
  return meta;
}

module.exports = { createImport, defineImports };
