/**
 * Ends an execution with the value of an expression as JSON, or with what it threw.
 */
"use strict";

// Answers have no prototype, which cells may have changed.
const { stringify } = JSON;

/**
 * @param {{async: () => void, text: (text: string) => void}} execution The execution's own `$$`:
 *   later it means another one's.
 * @param {() => Promise<{value: unknown}>} evaluate
 * @returns {void}
 */
module.exports = (execution, evaluate) => {
  execution.async();
  const end = (/** @type {object} */ answer) => execution.text(stringify(answer));
  evaluate().then(
    ({ value }) => end({ __proto__: null, value: value ?? null }),
    (error) => end({ __proto__: null, ename: `${error?.name ?? "Uncaught"}`, evalue: `${error?.message ?? error}` }),
  );
};
