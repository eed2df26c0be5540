/**
 * What a value is, said without running a getter or a trap of the user's.
 */
"use strict";

const fs = { ...require("node:fs") };
const Module = require("node:module");
const { dataOf, isLong, propertiesOf, typeOf } = require("./completion.js");
const { listOf, types, user } = require("./realm.js");

/** Lines of a source text: asked for shortly, and in detail. */
const HEAD_LINES = 12;
const MOST_LINES = 400;

/** Characters of it that are looked at. */
const MOST_CHARACTERS = 100_000;

/** Larger numbers take long to write. */
const LARGEST = 2n ** 1000n;

/** Characters of a preview, shortly and in detail, and items of one object in it. */
const PREVIEW = 300;
const LONG_PREVIEW = 4000;
const MOST_ITEMS = 50;

/** Files of loaded modules that a function's text is looked for in. */
const MOST_FILES = 200;

/** What V8 and Node define; the modules that `--eval` adds are getters at first. */
const GLOBALS = Object.getOwnPropertyNames(globalThis).filter(
  (name) => !/^global(This)?$/.test(name) && Object.getOwnPropertyDescriptor(globalThis, name)?.get === undefined,
);

/** @typedef {{label: string, text: string}} SourceText */

const { isBuiltin } = Module;
const { require: requireAs } = Module.prototype;
const { getOwnPropertyDescriptor, getOwnPropertyNames, getPrototypeOf } = Object;
const { apply, ownKeys } = Reflect;
const sourceOf = (/** @type {unknown} */ value) => Function.prototype.toString.call(value).slice(0, MOST_CHARACTERS);
const sizeOfMap = getOwnPropertyDescriptor(Map.prototype, "size")?.get;
const sizeOfSet = getOwnPropertyDescriptor(Set.prototype, "size")?.get;
const patternOf = getOwnPropertyDescriptor(RegExp.prototype, "source")?.get;
const { entries } = Map.prototype;
const { values } = Set.prototype;
const { toISOString } = Date.prototype;

/**
 * @param {unknown} value
 * @returns {boolean}
 */
function isObject(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * @param {object} object
 * @param {PropertyKey} name
 * @returns {unknown} The value of an own or inherited property that is no getter.
 */
function inherited(object, name) {
  for (let owner = object; owner !== null && !types.isProxy(owner); owner = getPrototypeOf(owner)) {
    if (getOwnPropertyDescriptor(owner, name) !== undefined) {
      return dataOf(owner, name);
    }
  }
  return undefined;
}

/**
 * @param {any} value
 * @returns {string} The type, for people: that of its class where it has one.
 */
function typeName(value) {
  if (!isObject(value)) {
    return value === null ? "null" : typeof value;
  }
  if (types.isProxy(value)) {
    return "Proxy";
  }
  if (typeof value === "function") {
    return typeOf(value);
  }
  const name = dataOf(/** @type {any} */ (inherited(value, "constructor")) ?? {}, "name");
  return typeof name === "string" && name !== "" ? name : "Object";
}

/**
 * @param {number} number
 * @param {string} one
 * @returns {string}
 */
function count(number, one) {
  return `${number} ${number === 1 ? one : one.replace(/y?$/, one.endsWith("y") ? "ies" : "s")}`;
}

/** The object whose names were listed last: a million take a second. */
let listed = { object: /** @type {unknown} */ (undefined), names: /** @type {PropertyKey[]} */ ([]) };

/**
 * @param {object} object
 * @returns {PropertyKey[]} Its own names.
 */
function namesOf(object) {
  if (listed.object !== object) {
    listed = { object, names: ownKeys(object) };
  }
  return listed.names;
}

/**
 * Measure a value and preview it.
 * @param {unknown} value
 * @param {number} room Characters.
 * @param {number} depth
 * @returns {{size: string, preview: string}}
 */
function summarize(value, room, depth) {
  try {
    return { size: sizeName(value), preview: new Preview(room).of(value, depth) };
  } finally {
    listed = { object: undefined, names: [] };
  }
}

/**
 * @param {any} value
 * @returns {string} How large it is, or nothing where that makes no sense.
 */
function sizeName(value) {
  if (typeof value === "string") {
    return count(value.length, "character");
  }
  if (!isObject(value) || typeof value === "function" || types.isProxy(value)) {
    return "";
  }
  if (types.isMap(value) || types.isSet(value)) {
    const size = /** @type {() => number} */ (types.isMap(value) ? sizeOfMap : sizeOfSet);
    return count(apply(size, value, []), "item");
  }
  if (Array.isArray(value)) {
    return count(value.length, "item");
  }
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return count(/** @type {ArrayBufferView} */ (value).byteLength, "byte");
  }
  if (types.isDate(value) || types.isRegExp(value)) {
    return "";
  }
  return isLong(value) ? "many properties" : count(namesOf(value).length, "property");
}

/** Writes values as they are in source text, as far as there is room. */
class Preview {
  #room;

  /** @param {number} room Characters. */
  constructor(room) {
    this.#room = room;
  }

  /**
   * @param {any} value
   * @param {number} depth
   * @returns {string}
   */
  of(value, depth) {
    const text = this.#text(value, depth);
    this.#room -= text.length;
    return text;
  }

  /**
   * @param {any} value
   * @param {number} depth
   * @returns {string}
   */
  #text(value, depth) {
    if (typeof value === "string") {
      const room = Math.max(this.#room, 20);
      return value.length > room ? `${JSON.stringify(value.slice(0, room))}…` : JSON.stringify(value);
    }
    if (!isObject(value)) {
      if (typeof value === "bigint") {
        return value < LARGEST && value > -LARGEST ? `${value}n` : "[bigint]";
      }
      return Object.is(value, -0) ? "-0" : String(value);
    }
    const type = typeName(value);
    if (type === "Proxy") {
      return "[Proxy]";
    }
    if (typeof value === "function") {
      const name = dataOf(value, "name");
      return `[${type} ${typeof name === "string" && name !== "" ? name : "(anonymous)"}]`;
    }
    if (types.isDate(value)) {
      return Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : apply(toISOString, value, []);
    }
    if (types.isRegExp(value) && patternOf !== undefined) {
      return `/${apply(patternOf, value, []).slice(0, LONG_PREVIEW)}/`;
    }
    if (types.isNativeError(value)) {
      return `[${type}: ${this.of(inherited(value, "message"), 0)}]`;
    }
    if (depth < 0 || this.#room < 0) {
      return `[${type}]`;
    }
    return this.#items(value, type, depth);
  }

  /**
   * @param {any} value
   * @param {string} type
   * @param {number} depth
   * @returns {string}
   */
  #items(value, type, depth) {
    /** @type {string[]} */
    const items = [];
    /**
     * @param {Iterable<any>} all
     * @param {(item: any) => string} show
     */
    const list = (all, show) => {
      for (const item of all) {
        if (items.length >= MOST_ITEMS || this.#room < 0) {
          items.push("…");
          return;
        }
        items.push(show(item));
      }
    };
    const show = (/** @type {any} */ item) => this.of(item, depth - 1);
    if (types.isMap(value)) {
      list(apply(entries, value, []), ([key, item]) => `${show(key)} => ${show(item)}`);
    } else if (types.isSet(value)) {
      list(apply(values, value, []), show);
    } else if (!types.isPromise(value) && !types.isAnyArrayBuffer(value)) {
      const isList = Array.isArray(value) || ArrayBuffer.isView(value);
      const isEnumerable = (/** @type {string} */ name) => getOwnPropertyDescriptor(value, name)?.enumerable === true;
      const most = isList ? Math.min(/** @type {any} */ (value).length ?? 0, MOST_ITEMS + 1) : MOST_ITEMS + 1;
      /** @type {string[]} */
      const names = [];
      if (isList || isLong(value)) {
        names.push(...Array.from({ length: most }, (_, index) => String(index)));
      } else {
        for (const name of namesOf(value)) {
          if (typeof name === "string" && isEnumerable(name) && names.push(name) === most) {
            break;
          }
        }
      }
      list(names, (name) => {
        const descriptor = getOwnPropertyDescriptor(value, name);
        const text =
          descriptor === undefined ? "" : "value" in descriptor ? show(descriptor.value) : descriptor.get ? "[Getter]" : "[Setter]";
        return isList ? text : `${/^[\w$]+$/.test(name) ? name : JSON.stringify(name)}: ${text}`;
      });
      if (isList) {
        return `${type === "Array" ? "" : `${type} `}[${items.join(", ")}]`;
      }
    }
    const body = items.length > 0 ? `{ ${items.join(", ")} }` : "{}";
    return type === "Object" ? body : `${type} ${body}`;
  }
}

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

const module_ = new Module("documentation");

/**
 * @param {string} specifier
 * @returns {unknown} Nothing where the user has broken what loads modules.
 */
function requireBuiltin(specifier) {
  try {
    return apply(requireAs, module_, [specifier]);
  } catch {
    return undefined;
  }
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
  const files = Object.keys(Object(/** @type {any} */ (Module)._cache)).slice(-MOST_FILES);
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

module.exports = { describe, summarize, typeName };
