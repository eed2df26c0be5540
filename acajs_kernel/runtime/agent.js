/**
 * Installs the agent in the session's interpreter.
 *
 * Runs as one function expression inside the executor's `vm.runInThisContext`, beside the
 * user's own globals: its only trace there is a symbol that is not enumerable.
 */
"use strict";

const fs = require("node:fs");

const { Agent } = require("./agent/agent.js");

const SYMBOL = Symbol.for("acajs.agent");

/** The session's data folder in the service, and the root of its files API. */
const DATA_FOLDER = "/mnt/data";

/** Set in the embedded pool's sessions, whose files API serves their working directory. */
const EMBEDDED_MARKER = "ACAJS_SESSION_MARKER";

/**
 * @returns {string} The folder that the files API serves: the data folder where there is one,
 *   except in the embedded pool, whose machine may have such a folder for something else.
 */
function sessionFolder() {
  if (process.env[EMBEDDED_MARKER] !== undefined) {
    return process.cwd();
  }
  try {
    fs.accessSync(DATA_FOLDER, fs.constants.W_OK);
    return DATA_FOLDER;
  } catch {
    return process.cwd();
  }
}

/**
 * Install the agent unless this version is there; an agent of another version is replaced.
 * @param {{version: string, runner: string}} options The version of what travelled, the runner's program.
 * @returns {void}
 */
function install(options) {
  const holder = /** @type {Record<symbol, Agent | undefined>} */ (/** @type {unknown} */ (globalThis));
  const present = holder[SYMBOL];
  if (present !== undefined) {
    if (present.version === options.version) {
      return;
    }
    present.dispose();
  }
  Object.defineProperty(globalThis, SYMBOL, {
    value: new Agent(options.version, options.runner, sessionFolder()),
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

module.exports = install;
