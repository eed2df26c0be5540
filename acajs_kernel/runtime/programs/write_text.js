/**
 * Writes a file for `%%writefile`, and says so.
 */
"use strict";

const { existsSync, writeFileSync } = require("node:fs");
const process = require("node:process");

const { resolved } = require("./folder.js");

/**
 * @param {string} name
 * @param {string} text
 * @param {boolean} appends
 * @returns {void}
 */
module.exports = (name, text, appends) => {
  const path = resolved(name);
  const verb = existsSync(path) ? (appends ? "Appending to" : "Overwriting") : "Writing";
  writeFileSync(path, text, { flag: appends ? "a" : "w" });
  process.stdout.write(`${verb} ${name}\n`);
};
