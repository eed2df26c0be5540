/**
 * Run every JavaScript test of the repository, on the Node that runs this file.
 *
 * `node --test` takes patterns only from Node 21 on and folders only before it.
 */
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const SUFFIX = ".test.js";

/**
 * List the test files below a folder.
 * @param {string} folder
 * @returns {string[]}
 */
function findTests(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === "node_modules" ? [] : findTests(name);
    }
    return name.endsWith(SUFFIX) ? [name] : [];
  });
}

const tests = findTests(path.join(__dirname, "..", "tests")).sort();
if (tests.length === 0) {
  throw new Error(`no file below tests/ ends in ${SUFFIX}`);
}
const options = ["--test", ...process.argv.slice(2), ...tests];
process.exitCode = spawnSync(process.execPath, options, { stdio: "inherit" }).status ?? 1;
