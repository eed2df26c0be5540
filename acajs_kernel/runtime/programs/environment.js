/**
 * The environment variables of the process that runs the cells, for `%env`.
 */
"use strict";

const process = require("node:process");

/**
 * @param {Record<string, string>} [set] What to set before.
 * @returns {Record<string, string | undefined>}
 */
module.exports = (set) => {
  Object.assign(process.env, set);
  return /** @type {any} */ ({ __proto__: null, ...process.env });
};
