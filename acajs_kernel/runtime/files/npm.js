/**
 * npm, as the session has it.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");

/** Where npm's program lies from the folder of Node: as Node's own archives have it. */
const BESIDE_NODE = ["../lib/node_modules", "node_modules", "../node_modules", "lib/node_modules"];

const CLI = "npm/bin/npm-cli.js";

/** What npm fails with where nothing outside can be reached. */
const UNREACHABLE =
  /^\d+ (?:verbose|error) code (E(?:NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|NETUNREACH|HOSTUNREACH|TIMEDOUT)|ERR_SOCKET_TIMEOUT|E?IDLETIMEOUT)$/m;

/**
 * Find npm, whose launcher cannot be trusted: some packages of Node copy it to where it
 * finds nothing.
 * @returns {string[]} The program and its first arguments; nothing where there is none.
 */
function findNpm() {
  const executables = [process.execPath, fs.realpathSync(process.execPath)];
  for (const executable of executables) {
    for (const relative of BESIDE_NODE) {
      const cli = path.join(path.dirname(executable), relative, CLI);
      if (fs.existsSync(cli)) {
        return [process.execPath, cli];
      }
    }
  }
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    const launcher = path.join(folder, "npm");
    if (folder !== "" && process.platform !== "win32" && fs.existsSync(launcher)) {
      return [launcher];
    }
  }
  return [];
}

/**
 * Say why npm did not reach its registry, and remove its logs.
 * @param {string} logs The folder of its logs.
 * @returns {string} The code of the failure; empty if it failed otherwise.
 */
function unreachable(logs) {
  try {
    const [newest] = fs.readdirSync(logs).sort().reverse();
    const text = newest === undefined ? "" : fs.readFileSync(path.join(logs, newest), "utf8");
    return UNREACHABLE.exec(text)?.[1] ?? "";
  } catch {
    return "";
  } finally {
    fs.rmSync(logs, { recursive: true, force: true });
  }
}

module.exports = { findNpm, unreachable };
