/**
 * The folder that relative file names of magics mean.
 */
"use strict";

const path = require("node:path");
const process = require("node:process");

const { sessionFolder } = require("../folder.js");

/* global __acajs_shell__ -- where there is a runner */

/**
 * @returns {string} The runner's working folder, unless cells have changed it that which the
 *   session's files API serves; in plain mode the interpreter may work elsewhere.
 */
function folder() {
  // @ts-expect-error -- it is there in the runner alone
  return typeof __acajs_shell__ === "undefined" ? sessionFolder() : process.cwd();
}

/**
 * @param {string} name A file's.
 * @returns {string} Its path.
 */
function resolved(name) {
  return path.resolve(folder(), name);
}

module.exports = { folder, resolved };
