/**
 * Evaluations whose result looks like a promise.
 *
 * In REPL mode V8 wraps a result in an object, and before V8 12 (Node 22) this one inherits from
 * `Object.prototype`: with a `then` there it counts as a promise that nobody settles.
 */
"use strict";

const { exposed, user } = require("./realm.js");

const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { hasOwn } = Object;

/** Where V8 has the result. */
const RESULT = ".repl_result";

/** Whether this V8's wrapped results inherit. */
const INHERITS = Number.parseInt(process.versions.v8, 10) < 12;

/** What stands in the place of the user's function. @type {unknown} */
let present;

/**
 * Let V8's own objects be none that `Object.prototype.then` is called for.
 * @returns {void}
 */
function spareResults() {
  const descriptor = INHERITS ? getOwnPropertyDescriptor(user.Object.prototype, "then") : undefined;
  const theirs = descriptor?.get ?? descriptor?.value;
  if (descriptor === undefined || typeof theirs !== "function" || theirs === present) {
    return;
  }
  const ours = exposed(
    /**
     * @this {any}
     * @param {unknown[]} given
     * @returns {unknown}
     */
    function then(...given) {
      if (typeof this === "object" && this !== null && hasOwn(this, RESULT)) {
        const [resolve] = /** @type {((value: unknown) => void)[]} */ (given);
        // What reads the name finds nothing to call.
        return resolve?.({ __proto__: null, [RESULT]: this[RESULT] });
      }
      return apply(theirs, this, given);
    },
  );
  if (defineProperty(user.Object.prototype, "then", { ...descriptor, [descriptor.get ? "get" : "value"]: ours })) {
    present = ours;
  }
}

/** @returns {boolean} Whether results are taken for promises. */
function hasThen() {
  return INHERITS && hasOwn(user.Object.prototype, "then");
}

module.exports = { hasThen, spareResults };
