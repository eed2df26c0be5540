/**
 * What a value is, said without running a getter or a trap of the user's.
 */
"use strict";

const fs = require("node:fs");

const { GLOBALS, isBuiltin, loadedFiles, requireBuiltin } = require("./node_modules.js");
const { dataOf, propertiesOf } = require("./properties.js");
const { listOf, types, user } = require("./realm.js");
const { inherited, isObject, summarize, typeName } = require("./summary.js");

/** Lines of a source text: asked for shortly, and in detail. */
const HEAD_LINES = 12;
const MOST_LINES = 400;

/** Characters of it that are looked at. */
const MOST_CHARACTERS = 100_000;

/** Characters of a preview, shortly and in detail. */
const PREVIEW = 300;
const LONG_PREVIEW = 4000;

/** Files of loaded modules that a function's text is looked for in. */
const MOST_FILES = 200;

/** @typedef {{label: string, text: string}} SourceText */

const { getOwnPropertyNames, getPrototypeOf } = Object;
const sourceOf = (/** @type {unknown} */ value) => Function.prototype.toString.call(value).slice(0, MOST_CHARACTERS);

/**
 * Find out by which path a thing of V8's or Node's is reached.
 * @param {unknown} value
 * @param {string} hint The property that it was looked up by: one value may have several names.
 * @returns {string | undefined} Such as `Array.prototype.map` or `node:fs.readFileSync`.
 */
function builtinPath(value, hint) {
  if (!isObject(value)) {
    return undefined;
  }
  /** @type {[string, unknown][]} */
  const roots = GLOBALS.map((name) => [name, dataOf(globalThis, name)]);
  roots.push(["TypedArray", getPrototypeOf(user.Uint8Array)]);
  for (const entry of listOf(/** @type {any} */ (process).moduleLoadList ?? [])) {
    const [, name] = /^NativeModule ([a-z\d_/]+)$/.exec(entry) ?? [];
    if (name !== undefined && !/^(_|internal)|\/_/.test(name) && isBuiltin(name)) {
      roots.push([`node:${name}`, requireBuiltin(`node:${name}`)]);
    }
  }
  const own = roots.find(([, root]) => root === value);
  if (own !== undefined) {
    return own[0];
  }
  const objects = roots.filter(([, root]) => isObject(root) && !types.isProxy(root));
  // What a class has itself comes before what its instances have.
  const owners = [...objects, ...objects.flatMap(([name, root]) => prototypesIn(name, /** @type {object} */ (root)))];
  for (const [name, owner] of /** @type {[string, object][]} */ (owners)) {
    const key = [hint, ...getOwnPropertyNames(owner)].find((key_) => !/^(constructor|prototype)$/.test(key_) && dataOf(owner, key_) === value);
    if (key !== undefined) {
      return `${name}.${key}`;
    }
  }
  return undefined;
}

/**
 * @param {string} name
 * @param {object} root A class, or a module with classes.
 * @returns {[string, object][]}
 */
function prototypesIn(name, root) {
  const classes = name.startsWith("node:") ? getOwnPropertyNames(root).map((key) => [`${name}.${key}`, dataOf(root, key)]) : [];
  return [[name, root], ...classes].flatMap(([path, found]) => {
    const prototype = typeof found === "function" && !types.isProxy(found) ? dataOf(found, "prototype") : undefined;
    return isObject(prototype) ? [/** @type {[string, object]} */ ([`${path}.prototype`, prototype])] : [];
  });
}

/**
 * @param {string} source Of a function.
 * @param {SourceText[]} cells What cells have run, the latest last.
 * @returns {{place: string, comment: string} | undefined} Where it is written, and what stands before it.
 */
function definitionOf(source, cells) {
  const files = loadedFiles().slice(-MOST_FILES);
  for (const [label, read] of /** @type {[string, () => string][]} */ ([
    ...cells.map((cell) => [cell.label, () => cell.text]).reverse(),
    ...files.map((file) => [file, () => fs.readFileSync(file, "utf8")]),
  ])) {
    let text = "";
    try {
      text = read();
    } catch {
      continue;
    }
    const offset = text.lastIndexOf(source);
    if (offset >= 0) {
      const before = text.slice(0, offset);
      const [, comment] =
        /(\/\*\*(?:(?!\*\/)[^])*\*\/|(?:^[ \t]*\/\/[^\n]*\n)+)\s*(?:(?:export|default|async|const|let|var|static)\s+|[\w$.]+\s*[=:]\s*)*(?![^])/m.exec(before) ?? [];
      return { place: `${label}:${before.split("\n").length}`, comment: comment ?? "" };
    }
  }
  return undefined;
}

/**
 * @param {string} source
 * @returns {string} What stands before the body.
 */
function headOf(source) {
  let depth = 0;
  for (let index = 0; index < source.length; index += 1) {
    const character = source[index] ?? "";
    if (depth === 0 && (character === "{" || source.startsWith("=>", index))) {
      return source.slice(0, index).trim();
    }
    depth += "([{".includes(character) ? 1 : ")]}".includes(character) ? -1 : 0;
  }
  return source;
}

/**
 * Describe a value.
 * @param {any} value
 * @param {string} expression What has the value.
 * @param {boolean} isDetailed
 * @param {SourceText[]} cells
 * @returns {Record<string, unknown>} `kind`, `type`, and what there is of `builtin`, `signature`,
 *   `source`, `comment`, `place`, `members`, `size`, `preview`.
 */
function describe(value, expression, isDetailed, cells) {
  const type = typeName(value);
  const builtin = builtinPath(value, /[\w$]*$/.exec(expression)?.[0] ?? "");
  if (typeof value !== "function" || types.isProxy(value)) {
    const summary = summarize(value, isDetailed ? LONG_PREVIEW : PREVIEW, isDetailed ? 4 : 2);
    const owner = isObject(value) && !types.isProxy(value) ? builtinPath(inherited(value, "constructor"), "") : undefined;
    return { kind: "value", type, builtin, owner, ...summary };
  }
  const source = sourceOf(value);
  const isNative = /\{\s*\[native code\]\s*\}$/.test(source);
  const definition = isNative ? undefined : definitionOf(source, cells);
  const lines = source.split("\n");
  const most = isDetailed ? MOST_LINES : HEAD_LINES;
  const isClass = type === "class";
  const constructor = isClass ? /\bconstructor\s*\(/.exec(source) : null;
  const signature = constructor === null ? (isClass ? "" : headOf(source)) : headOf(source.slice(constructor.index));
  return {
    kind: type,
    type,
    ...(definition === undefined ? { builtin } : definition),
    name: dataOf(value, "name"),
    signature: isNative ? "" : signature,
    source: isNative || (definition === undefined && builtin !== undefined && !isDetailed) ? "" : lines.slice(0, most).join("\n") + (lines.length > most ? "\n…" : ""),
    members: isClass ? [propertiesOf(dataOf(value, "prototype"), ""), propertiesOf(value, "")].map(
      (all) => all.filter(({ text }) => text !== "prototype" && !(text in Function.prototype)).map(({ text }) => text),
    ) : [],
  };
}

module.exports = { describe };
