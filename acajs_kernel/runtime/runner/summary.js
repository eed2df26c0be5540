/**
 * A value's type, size and beginning, said without running a getter or a trap of the user's.
 */
"use strict";

const { beginning } = require("../text.js");
const { dataOf, isLong, typeOf } = require("./properties.js");
const { types } = require("./realm.js");

/** Larger numbers take long to write. */
const LARGEST = 2n ** 1000n;

/** Characters of a regular expression. */
const MOST_PATTERN = 4000;

/** Items of one object in a preview. */
const MOST_ITEMS = 50;

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { apply, ownKeys } = Reflect;
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
      return value.length > room ? `${JSON.stringify(beginning(value, room))}…` : JSON.stringify(value);
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
      return `/${apply(patternOf, value, []).slice(0, MOST_PATTERN)}/`;
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

module.exports = { inherited, isObject, summarize, typeName };
