/**
 * The border between the runner's realm and that of the user's code.
 *
 * The runner has built-in objects of its own, so that cells may declare, delete and replace
 * theirs. What crosses the border changes sides: values that users get are of their realm, so
 * that `instanceof` tells the truth and nothing leads to the runner's prototypes; and of what
 * they hand over no method is called that they could have replaced.
 *
 * Where a module is required as any other, as tests do, the two realms are one.
 */
"use strict";

const { inspect: inspectAsNode } = require("node:util");
const { runInThisContext } = require("node:vm");

const types = { ...require("node:util").types };

const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, setPrototypeOf } = Reflect;
const { then } = Promise.prototype;
const { slice } = Array.prototype;
const { defineProperties, getOwnPropertyDescriptors, hasOwn } = Object;

/** @typedef {(...values: any[]) => any} Callable */

/**
 * Evaluated in the user's realm, before the user's code; uses nothing from outside.
 * @returns {{kinds: Function[], iterate: Callable, iterateLater: Callable}}
 */
function userSide() {
  /**
   * @param {Iterable<unknown>} source
   * @param {() => void} onItem Called after each item was used.
   * @param {() => void} onEnd
   * @yields {unknown}
   */
  function* iterate(source, onItem, onEnd) {
    try {
      for (const item of source) {
        yield item;
        onItem();
      }
    } finally {
      onEnd();
    }
  }
  /**
   * @param {AsyncIterable<unknown>} source
   * @param {() => void} onItem Called after each item was used.
   * @param {() => void} onEnd
   * @yields {unknown}
   */
  async function* iterateLater(source, onItem, onEnd) {
    try {
      for await (const item of source) {
        yield item;
        onItem();
      }
    } finally {
      onEnd();
    }
  }
  return { kinds: [() => {}, async () => {}, iterate, iterateLater], iterate, iterateLater };
}

const OWN = {
  AggregateError, Array, ArrayBuffer, Boolean, DataView, Date, Error, EvalError, Function, Map, Number, Object,
  Promise, RangeError, ReferenceError, RegExp, Set, SharedArrayBuffer, String, SyntaxError, Symbol, TypeError,
  URIError, Uint8Array, WeakMap, WeakRef, WeakSet,
};

/** The user's built-in constructors, as they were at first. @type {typeof OWN} */
const user = { ...OWN };

/** The prototypes of our realm and what stands for each in the user's. @type {Map<object, object>} */
const counterparts = new Map();

for (const name of /** @type {(keyof typeof OWN)[]} */ (Object.keys(OWN))) {
  const theirs = /** @type {any} */ (globalThis)[name];
  if (typeof theirs === "function") {
    /** @type {any} */ (user)[name] = theirs;
    counterparts.set(OWN[name].prototype, theirs.prototype);
  }
}

// From Node 22 on some globals (DOMException) are made when they are first read, and Node
// aborts where that happens in another realm than theirs.
runInThisContext("void Object.getOwnPropertyDescriptors(this)");

const { kinds: ownKinds } = userSide();
const { kinds: userKinds, iterate, iterateLater } = /** @type {ReturnType<typeof userSide>} */ (
  runInThisContext(`(${userSide.toString()})()`, { filename: "acajs:user" })
);
for (let index = 0; index < ownKinds.length; index += 1) {
  counterparts.set(
    /** @type {object} */ (getPrototypeOf(/** @type {Function} */ (ownKinds[index]))),
    /** @type {object} */ (getPrototypeOf(/** @type {Function} */ (userKinds[index]))),
  );
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * Make a value of ours one of the user's realm, with all that it holds. Values that are of
 * that realm stay as they are.
 * @template T
 * @param {T} value Is changed, unless it is a promise or a function: these are replaced.
 * @returns {T}
 */
function adopt(value) {
  if (!isObject(value) || types.isProxy(value)) {
    return value;
  }
  const theirs = counterparts.get(/** @type {object} */ (getPrototypeOf(value)));
  if (theirs === undefined || theirs === getPrototypeOf(value)) {
    return value;
  }
  if (types.isPromise(value)) {
    return /** @type {any} */ (adoptPromise(value));
  }
  if (typeof value === "function") {
    return /** @type {any} */ (exposed(/** @type {any} */ (value)));
  }
  // First: the value may hold itself.
  setPrototypeOf(value, theirs);
  return adoptMembers(value);
}

/**
 * Make what an object of ours holds of the user's realm; the object itself stays what it is.
 * @template {object} T
 * @param {T} value
 * @returns {T} The same.
 */
function adoptMembers(value) {
  for (const key of ownKeys(value)) {
    const descriptor = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(value, key));
    if (descriptor.configurable === true) {
      for (const part of /** @type {const} */ (["value", "get", "set"])) {
        if (hasOwn(descriptor, part) && isObject(descriptor[part])) {
          /** @type {any} */ (descriptor)[part] = adopt(descriptor[part]);
        }
      }
      defineProperty(value, key, descriptor);
    }
  }
  return value;
}

/**
 * @param {Promise<unknown>} promise Of ours.
 * @returns {Promise<unknown>} One of the user's realm.
 */
function adoptPromise(promise) {
  return new user.Promise((resolve, reject) => {
    apply(then, promise, [
      (/** @type {unknown} */ value) => resolve(adopt(value)),
      (/** @type {unknown} */ thrown) => reject(adopt(thrown)),
    ]);
  });
}

/** What was exposed, by what users have of it. @type {WeakMap<Function, Callable>} */
const originals = new WeakMap();

/**
 * @param {Callable} method
 * @returns {Callable} The function of ours that was exposed as this, or the same.
 */
function originalOf(method) {
  return originals.get(method) ?? method;
}

/**
 * A function of ours as one of the user's realm: what it returns and throws is of that realm too.
 * @template {Callable} F
 * @param {F} action
 * @returns {F}
 */
function exposed(action) {
  const { name, length } = action;
  const { [name]: wrapped } = {
    /**
     * @this {unknown}
     * @param {...unknown} values
     * @returns {unknown}
     */
    [name](...values) {
      try {
        return adopt(apply(action, this, values));
      } catch (thrown) {
        throw adopt(thrown);
      }
    },
  };
  for (const key of ownKeys(action)) {
    if (key !== "length" && key !== "name" && key !== "prototype") {
      const descriptor = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(action, key));
      defineProperty(/** @type {any} */ (wrapped), key, { ...descriptor, value: adopt(descriptor.value) });
    }
  }
  defineProperty(/** @type {any} */ (wrapped), "length", { value: length, configurable: true });
  setPrototypeOf(/** @type {any} */ (wrapped), user.Function.prototype);
  originals.set(/** @type {any} */ (wrapped), action);
  return /** @type {F} */ (/** @type {unknown} */ (wrapped));
}

/**
 * Let a function of ours stand in the place of one of the user's realm: what can be seen of it is the same.
 * @template {Callable} F
 * @param {F} ours A method or an arrow function: it has no `prototype` of its own.
 * @param {Function} theirs
 * @returns {F} The first.
 */
function standingFor(ours, theirs) {
  defineProperties(ours, getOwnPropertyDescriptors(theirs));
  setPrototypeOf(ours, getPrototypeOf(theirs));
  return ours;
}

/**
 * Give the instances of a class of ours to users.
 * @param {Function} type
 * @returns {void}
 */
function exposeClass(type) {
  const { prototype } = type;
  for (const key of ownKeys(prototype)) {
    const descriptor = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(prototype, key));
    if (key !== "constructor") {
      for (const part of /** @type {const} */ (["value", "get", "set"])) {
        if (typeof descriptor[part] === "function") {
          descriptor[part] = exposed(descriptor[part]);
        }
      }
      defineProperty(prototype, key, descriptor);
    }
  }
  setPrototypeOf(prototype, user.Object.prototype);
  setPrototypeOf(type, user.Function.prototype);
}

/**
 * @template T
 * @param {Promise<T>} promise Of any realm; what its realm has made of `then` does not matter.
 * @returns {Promise<T>} One of ours.
 */
function promiseOf(promise) {
  return new Promise((resolve, reject) => {
    apply(then, promise, [resolve, reject]);
  });
}

/**
 * @template T
 * @param {ArrayLike<T>} list An array of any realm.
 * @param {number} [limit]
 * @returns {T[]} A copy of ours, of its first items.
 */
function listOf(list, limit) {
  return apply(slice, list, [0, limit]);
}

/**
 * Give an object of Node's the methods that it inherits as its own, so that it goes on working
 * whatever becomes of their prototypes.
 * @template {object} T
 * @param {T} object
 * @returns {T} The same.
 */
function pinned(object) {
  for (let owner = getPrototypeOf(object); owner !== null && getPrototypeOf(owner) !== null; owner = getPrototypeOf(owner)) {
    for (const key of ownKeys(owner)) {
      if (key !== "constructor" && !hasOwn(object, key)) {
        const descriptor = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(owner, key));
        defineProperty(object, key, { ...descriptor, enumerable: false, configurable: true });
      }
    }
  }
  return object;
}

/** The methods of the user's arrays at first, which Node's `inspect` calls. */
const arrayMethods = getOwnPropertyDescriptors(user.Array.prototype);

/**
 * Run an action with the methods of arrays as they were at first.
 * @template T
 * @param {() => T} action
 * @returns {T}
 */
function withArrayMethods(action) {
  const { prototype } = user.Array;
  const present = getOwnPropertyDescriptors(prototype);
  for (const key of ownKeys(arrayMethods)) {
    defineProperty(prototype, key, /** @type {any} */ (arrayMethods)[key]);
  }
  try {
    return action();
  } finally {
    for (const key of ownKeys(arrayMethods)) {
      if (hasOwn(present, key)) {
        defineProperty(prototype, key, /** @type {any} */ (present)[key]);
      } else {
        deleteProperty(prototype, key);
      }
    }
  }
}

/**
 * Node's `inspect`, also where the user has broken what it rests on.
 * @param {unknown} value
 * @param {import("node:util").InspectOptions} [options]
 * @returns {string}
 */
function inspect(value, options = {}) {
  try {
    return inspectAsNode(value, options);
  } catch {
    return withArrayMethods(() => inspectAsNode(value, options));
  }
}

module.exports = { adopt, adoptMembers, exposeClass, exposed, inspect, iterate, iterateLater, listOf, originalOf, pinned, promiseOf, standingFor, types, user };
