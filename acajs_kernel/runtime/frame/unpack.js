/**
 * Evaluates a program that has travelled compressed, in a realm of its own.
 */
"use strict";

// Cells may have declared every name but `this`, which is handed in.
module.exports = (
  /** @type {(specifier: string) => any} */ require,
  /** @type {any} */ global,
  /** @type {string} */ method,
  /** @type {string} */ packed,
) => {
  const vm = require("node:vm");
  const bytes = require("node:zlib")[method](require("node:buffer").Buffer.from(packed, "base64"));
  const [program, ...texts] = bytes.toString().split("\0");
  const realm = vm.createContext(vm.constants?.DONT_CONTEXTIFY ?? {});
  return vm.runInContext(program, realm)(require, global, ...texts);
};
