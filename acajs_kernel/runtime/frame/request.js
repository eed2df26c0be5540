/**
 * Hands a request to the agent, or says that there is none of this version: then nothing was done.
 */
"use strict";

module.exports = (/** @type {any} */ global, /** @type {string} */ version, /** @type {object} */ request) => {
  const agent = global[global.Symbol.for("acajs.agent")];
  if (agent?.version !== version) {
    global.process.stdout.write("acajs1 absent");
    return global.$$.text("acajs1 absent");
  }
  return agent.serve(global.$$, request);
};
