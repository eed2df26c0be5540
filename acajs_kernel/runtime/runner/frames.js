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
 * @param {NodeJS.CallSite[]} sites
 * @returns {any} The outermost one of the user's code.
 */
function outermostOf(sites) {
  return [...sites].reverse().find((site) => !INTERNAL.test(scriptOf(site)));
}

/**
 * @returns {string | undefined} The label of the cell whose code has led here, unless that is a function
 *   with a name, which any cell may have called.
 */
function outermostCell() {
  const sites = callSites(MOST);
  if (sites.length === MOST) {
    return undefined;
  }
  // What has no name was made where it stands, whoever awaits it now.
  const called = outermostOf(sites.filter((site) => !(/** @type {any} */ (site).isAsync())));
  if (called !== undefined && !called.getFunctionName()) {
    return scriptOf(called);
  }
  const outermost = outermostOf(sites);
  return outermost === undefined || outermost.getFunctionName() ? undefined : scriptOf(outermost);
}

/**
 * @param {Function} below
 * @returns {string} The script whose code has called it.
 */
function callerOf(below) {
  return scriptOf(callSites(1, below)[0]);
}

module.exports = { callerOf, outermostCell };
