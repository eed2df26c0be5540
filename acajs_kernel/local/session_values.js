/**
 * What a cell's value or error looks like from outside.
 *
 * The rules are those of the npm package `nel` 1.3.0 (its README, "$$mimer$$" and
 * "Custom MIME output"), the engine of the IJavascript kernel.
 */
"use strict";

const { exposed, inspect, originalOf } = require("../runtime/runner/realm.js");

/**
 * A bundle of representations of one value, by MIME type.
 * @typedef {Record<string, unknown>} MimeBundle
 */

/**
 * An error as Jupyter shows it.
 * @typedef {{ename: string, evalue: string, traceback: string[]}} ErrorReport
 */

/** Methods by which an object offers representations of its own. */
const REPRESENTATIONS = Object.freeze([
  ["_toHtml", "text/html"],
  ["_toSvg", "image/svg+xml"],
  ["_toPng", "image/png"],
  ["_toJpeg", "image/jpeg"],
]);

/**
 * Give the result of a callback, or `undefined` when it throws.
 * @param {() => unknown} callback User code that may throw.
 * @returns {unknown} Its result.
 */
function attempt(callback) {
  try {
    return callback();
  } catch {
    return undefined;
  }
}

/**
 * Represent a value as IJavascript does unless `$$mimer$$` says otherwise.
 * @param {unknown} value Any value.
 * @returns {MimeBundle} At least `text/plain`, unless the value cannot be inspected.
 */
function defaultMimer(value) {
  if (value === undefined || value === null) {
    return { "text/plain": String(value) };
  }
  const object = /** @type {Record<string, () => unknown>} */ (value);
  const own = object._toMime ? attempt(() => object._toMime()) : undefined;
  const bundle = /** @type {MimeBundle} */ (typeof own === "object" ? own : {});
  if (!("text/plain" in bundle)) {
    attempt(() => {
      bundle["text/plain"] = inspect(value);
    });
  }
  for (const [method, type] of REPRESENTATIONS) {
    if (object[method] && !(type in bundle)) {
      attempt(() => {
        bundle[type] = object[method]();
      });
    }
  }
  return bundle;
}

/** The same for user code, as `$$mimer$$` and `$$defaultMimer$$`. */
const exposedMimer = exposed(defaultMimer);

/**
 * Represent a cell's value, by the user's `$$mimer$$` where it is a function.
 * @param {unknown} value Any value.
 * @returns {unknown} The bundle, or whatever the user's function returned.
 */
function toMime(value) {
  const mimer = Reflect.get(globalThis, "$$mimer$$");
  return typeof mimer === "function" ? originalOf(mimer)(value) : defaultMimer(value);
}

/**
 * Describe anything that was thrown.
 * @param {unknown} thrown An error, or any other value.
 * @returns {ErrorReport} Its name (the type of what is no error), message and stack.
 */
function toErrorReport(thrown) {
  const error = /** @type {Record<string, unknown> | null | undefined} */ (thrown);
  try {
    const stack = error && error.stack;
    return {
      ename: String((error && error.name) || typeof error),
      evalue: String((error && error.message) || inspect(error)),
      traceback: typeof stack === "string" && stack ? stack.split("\n") : [],
    };
  } catch {
    // A getter or a proxy of user code threw: the cell must end all the same.
    return { ename: typeof thrown, evalue: "the thrown value cannot be read", traceback: [] };
  }
}

module.exports = { exposedMimer, toErrorReport, toMime };

//# sourceURL=[eval]
