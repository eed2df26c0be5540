/**
 * What Node is made of, where it gives that away.
 */
"use strict";

const { defineProperty } = Object;

/**
 * @param {string} name
 * @returns {any} Undefined where Node does not give it away.
 */
function binding(name) {
  const owner = /** @type {any} */ (process);
  const before = owner.noDeprecation;
  try {
    // The warning would be no business of the user's.
    owner.noDeprecation = true;
    return owner.binding(name);
  } catch {
    return undefined;
  } finally {
    owner.noDeprecation = before;
  }
}

/**
 * Let Node call back whatever becomes of `Array.prototype`: before each callback it puts a
 * record on a list of its own, which is an array as any.
 * @returns {void}
 */
function pinCallbackRecords() {
  const records = binding("async_wrap")?.execution_async_resources;
  for (const name of /** @type {const} */ (["push", "pop"])) {
    if (Array.isArray(records)) {
      defineProperty(records, name, { value: Array.prototype[name] });
    }
  }
}

module.exports = { binding, pinCallbackRecords };
