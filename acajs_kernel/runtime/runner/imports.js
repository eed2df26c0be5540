/**
 * `import` for cells: V8's REPL mode has none, so the kernel rewrites it to this helper.
 */
"use strict";

const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const { locate } = require("./module_errors.js");

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
    try {
      // Node 18 reads `assert`, Node 22 and later `with`.
      return await nativeImport(target, attributes && { with: attributes, assert: attributes });
    } catch (error) {
      await locate(error, target);
      throw error;
    }
  };
}

/**
 * The `import.meta` of cells.
 * @param {string} folder
 * @param {NodeJS.Require} require_ Resolves packages from the folder.
 * @returns {{url: string, dirname: string, filename: string, resolve: (specifier: string) => string}}
 */
function createMeta(folder, require_) {
  const base = pathToFileURL(path.join(folder, "/"));
  const filename = path.join(folder, "notebook.mjs");
  return {
    url: pathToFileURL(filename).href,
    dirname: folder,
    filename,
    resolve: (specifier) => {
      const target = absolute(specifier, base);
      if (/^[a-z][a-z0-9+.-]+:/i.test(target)) {
        return target;
      }
      if (Module.isBuiltin(target)) {
        return `node:${target}`;
      }
      return pathToFileURL(require_.resolve(target)).href;
    },
  };
}

/**
 * Define the names that rewritten cells use.
 * @param {NativeImport} nativeImport
 * @param {string} folder
 * @returns {void}
 */
function defineImports(nativeImport, folder) {
  const require_ = Module.createRequire(path.join(folder, "notebook.js"));
  const values = {
    [IMPORT_NAME]: createImport(nativeImport, folder),
    [META_NAME]: createMeta(folder, require_),
  };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, enumerable: false, writable: false });
  }
}

module.exports = { createImport, createMeta, defineImports };
