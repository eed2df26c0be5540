/**
 * What the runner may say. User code runs in its process and can write to its pipes, so that
 * every message is looked at before anything is done with it.
 */
"use strict";

/** Levels of objects and arrays; `runner/bounds.js` sends fewer. */
const DEEPEST = 250;

const { isArray } = Array;
const { keys } = Object;

/** @typedef {import("./runner_process.js").RunnerMessage} RunnerMessage */
/** @typedef {(value: any) => boolean} Check */

/** @type {Check} */
const isText = (value) => typeof value === "string";

/** @type {Check} */
const isTexts = (value) => isArray(value) && value.every(isText);

/** @type {Check} */
const isNumber = (value) => typeof value === "number";

/** @type {Check} */
const isFlag = (value) => typeof value === "boolean";

/** @type {Check} */
const isObject = (value) => typeof value === "object" && value !== null && !isArray(value);

/** @type {Check} */
const isAny = () => true;

/** @param {Check} check @returns {Check} */
const maybe = (check) => (value) => value === undefined || check(value);

/** @param {string[]} words @returns {Check} */
const oneOf = (...words) => (value) => words.includes(value);

/** The fields of each kind of message. @type {Map<unknown, Record<string, Check>>} */
const SHAPES = new Map(
  /** @type {[string, Record<string, Check>][]} */ ([
    ["ready", {}],
    ["reply", { id: isNumber, reply: isObject }],
    ["stream", { cell: isText, name: oneOf("stdout", "stderr") }],
    [
      "display",
      { cell: isText, data: isObject, metadata: isObject, display_id: maybe(isText), update: maybe(isFlag) },
    ],
    ["clear", { cell: isText, wait: isFlag }],
    ["message", { cell: isText, type: isText, content: isObject }],
    [
      "comm",
      {
        cell: isText,
        message: oneOf("open", "msg", "close"),
        comm: isText,
        target: maybe(isText),
        data: isAny,
        metadata: isObject,
        buffers: isTexts,
      },
    ],
    ["handled", { cell: isText, active: isFlag }],
    ["result", { cell: isText, data: isObject, metadata: isObject }],
    ["error", { cell: isText, ename: isText, evalue: isText, traceback: isTexts, compiled: maybe(isFlag) }],
    ["input", { cell: isText, token: isText, prompt: isText, password: isFlag, blocks: isFlag }],
    [
      "done",
      {
        cell: isText,
        status: oneOf("ok", "error"),
        expressions: isObject,
        milliseconds: isNumber,
        cpu: isObject,
        active: isFlag,
      },
    ],
  ]),
);

/**
 * @param {any} value
 * @param {number} levels
 * @returns {boolean} Whether objects and arrays stand within one another over more levels.
 */
function isDeeper(value, levels) {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  if (levels === 0) {
    return true;
  }
  for (const key of keys(value)) {
    if (isDeeper(value[key], levels - 1)) {
      return true;
    }
  }
  return false;
}

/**
 * @param {any} message What a line of the runner's holds.
 * @returns {RunnerMessage | null} Its fields that mean something; null if it is none.
 */
function checkedMessage(message) {
  const shape = isObject(message) ? SHAPES.get(message.kind) : undefined;
  if (shape === undefined) {
    return null;
  }
  /** @type {RunnerMessage} */
  const checked = { kind: message.kind };
  for (const name of keys(shape)) {
    const value = message[name];
    if (!(/** @type {Check} */ (shape[name])(value))) {
      return null;
    }
    if (value !== undefined) {
      checked[name] = value;
    }
  }
  return isDeeper(checked, DEEPEST) ? null : checked;
}

module.exports = { checkedMessage };
