/**
 * Reads a file for `%load`.
 */
"use strict";

const { readFileSync, statSync } = require("node:fs");

const { resolved } = require("./folder.js");

/**
 * @param {string} name
 * @param {number} most Bytes.
 * @returns {{size: number, content: string | null}} The content is base64, or null where it is too long.
 */
module.exports = (name, most) => {
  const path = resolved(name);
  const { size } = statSync(path);
  return /** @type {any} */ ({ __proto__: null, size, content: size > most ? null : readFileSync(path, "base64") });
};
