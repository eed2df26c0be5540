/**
 * Stacks without the frames of this runtime, whoever shows them.
 */
"use strict";

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
  /** @type {NodeJS.CallSite[]} */
  const visible = [];
  for (let index = 0; index < frames.length; index += 1) {
    const frame = /** @type {NodeJS.CallSite} */ (frames[index]);
    const file = fileOf(frame);
    const isLast = index + 1 === frames.length;
    if (file === "node:inspector" && (isLast || fileOf(frames[index + 1]).startsWith("acajs:"))) {
      // What evaluates a cell; all further frames have led to it.
      break;
    }
    if (!file.startsWith("acajs:")) {
      visible[visible.length] = frame;
    }
  }
  return visible;
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
  const { prepareStackTrace: format = formatStack } = /** @type {{prepareStackTrace?: PrepareStackTrace}} */ (Error);
  /** @type {PrepareStackTrace} */
  const value = (error, frames) => format(error, visibleFrames(frames));
  Object.defineProperty(Error, "prepareStackTrace", { value, configurable: true, enumerable: false, writable: true });
}

module.exports = { hideOwnFrames };
