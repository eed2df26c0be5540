/**
 * Stacks without the frames of this runtime, whoever shows them.
 */
"use strict";

const { exposed, listOf, user } = require("./realm.js");

/** @typedef {(error: any, frames: NodeJS.CallSite[]) => unknown} PrepareStackTrace */

/**
 * @param {NodeJS.CallSite | undefined} frame
 * @returns {string} The file that it is in.
 */
function fileOf(frame) {
  return frame?.getScriptNameOrSourceURL() ?? "";
}

/**
 * @param {NodeJS.CallSite[]} frames
 * @returns {NodeJS.CallSite[]} Those of the user's code and what it called or was called by.
 */
function visibleFrames(frames) {
  let length = frames.length;
  while (length > 0 && /^(?:acajs|node):/.test(fileOf(frames[length - 1]))) {
    length -= 1;
  }
  // What evaluates a cell, and all that has led to it, says nothing about the user's code.
  const isEvaluated = listOf(frames).slice(length).some((frame) => fileOf(frame).startsWith("acajs:"));
  return listOf(frames, isEvaluated ? length : undefined).filter((frame) => !fileOf(frame).startsWith("acajs:"));
}

/**
 * The text that Node 18 gives a stack (`prepareStackTrace` in its lib/internal/errors.js);
 * later versions have their own as `Error.prepareStackTrace`.
 * @type {PrepareStackTrace}
 */
function formatStack(error, frames) {
  let head;
  try {
    const isNodeError = Object.getOwnPropertySymbols(error).some(({ description }) => description === "kIsNodeError");
    head = isNodeError ? `${error.name} [${error.code}]: ${error.message}` : Error.prototype.toString.call(error);
  } catch {
    head = "<error>";
  }
  return [head, ...frames.map(String)].join("\n    at ");
}

/**
 * Leave the runtime's own frames out of every stack.
 *
 * A `prepareStackTrace` of the user's own takes the place of this one, and sees all frames.
 * @returns {void}
 */
function hideOwnFrames() {
  const { prepareStackTrace: format = formatStack } = /** @type {{prepareStackTrace?: PrepareStackTrace}} */ (user.Error);
  /** @type {PrepareStackTrace} */
  const value = (error, frames) => format(error, visibleFrames(frames));
  Object.defineProperty(user.Error, "prepareStackTrace", { value: exposed(value), configurable: true, enumerable: false, writable: true });
}

module.exports = { hideOwnFrames };
