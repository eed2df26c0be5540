/**
 * Installs the agent in the session's interpreter.
 *
 * Runs as one function expression inside the executor's `vm.runInThisContext`, beside the
 * user's own globals: its only trace there is a symbol that is not enumerable.
 */
"use strict";

const { Agent } = require("./agent/agent.js");
const { sessionFolder } = require("./folder.js");

const SYMBOL = Symbol.for("acajs.agent");

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
  const agent = new Agent(options.version, options.runner, sessionFolder());
  agent.prepare();
  Object.defineProperty(globalThis, SYMBOL, {
    value: agent,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

module.exports = install;
