/**
 * Which code has called: the frames of the stack, as V8 gives them.
 */
"use strict";

/** Frames that are looked through. */
const MOST = 100;

/** What no frame of the user's has as its script. */
const INTERNAL = /^(?:node:|acajs:|$)/;

/**
 * @param {number} limit Frames.
 * @param {Function} [below] The function whose callers are meant.
 * @returns {NodeJS.CallSite[]} The nearest first; after an `await` also those that await.
 */
function callSites(limit, below) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  /** @type {{stack: NodeJS.CallSite[]}} */
  const holder = { stack: [] };
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, below);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/**
 * @param {NodeJS.CallSite | undefined} site
 * @returns {string} The label of its cell, or its script.
 */
function scriptOf(site) {
  return /** @type {any} */ (site)?.getScriptNameOrSourceURL() ?? "";
}

/**
 * @returns {string | undefined} The label of the cell whose code has led here, unless that is a function
 *   with a name, which any cell may have called.
 */
function outermostCell() {
  const sites = callSites(MOST);
  for (let index = sites.length - 1; index >= 0 && sites.length < MOST; index -= 1) {
    const site = /** @type {any} */ (sites[index]);
    const script = scriptOf(site);
    if (!INTERNAL.test(script)) {
      return site.getFunctionName() ? undefined : script;
    }
  }
  return undefined;
}

/**
 * @param {Function} below
 * @returns {string} The script whose code has called it.
 */
function callerOf(below) {
  return scriptOf(callSites(1, below)[0]);
}

module.exports = { callerOf, outermostCell };
