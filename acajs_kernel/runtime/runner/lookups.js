/**
 * What names and expressions stand for, found without an effect on what cells have made.
 *
 * V8 evaluates expressions with `throwOnSideEffect`, which ends whatever would change anything,
 * a getter's code too.
 */
"use strict";

const { TERMINATED } = require("./inspection.js");
const { isLong } = require("./properties.js");

/** The object group of what lookups leave with the inspector. */
const GROUP = "acajs-question";

/** Milliseconds that a lookup may take. */
const TIMEOUT = 300;

/** @typedef {import("./inspection.js").Inspection} Inspection */

/** Evaluates expressions that have no effect. */
class Lookups {
  #inspection;

  /** @param {Inspection} inspection */
  constructor(inspection) {
    this.#inspection = inspection;
  }

  /** Leave nothing with the inspector. */
  release() {
    this.#inspection.release(GROUP);
  }

  /**
   * @returns {{name: string, value: unknown}[]} The names that cells have declared with `let`,
   *   `const` and `class`.
   */
  variables() {
    /** @type {{name: string, value: unknown}[]} */
    const found = [];
    for (const name of this.declared()) {
      this.evaluate(name, (value) => found.push({ name, value }));
    }
    this.release();
    return found;
  }

  /** @returns {string[]} The names that are declared, once each. */
  declared() {
    const lexical = this.#inspection.ask("Runtime.globalLexicalScopeNames", {});
    // V8 names one again for each cell that has declared it.
    return lexical === TERMINATED ? [] : [...new Set(/** @type {string[]} */ (lexical.names))];
  }

  /**
   * Evaluate an expression unless that has an effect.
   * @param {string} expression
   * @param {(value: unknown, named: string[]) => void} use Given the own names beside the
   *   indices too, where there are many indices.
   * @returns {boolean} Whether there was a value to use.
   */
  evaluate(expression, use) {
    /** @type {any} */
    let evaluation = TERMINATED;
    try {
      evaluation = this.#inspection.ask("Runtime.evaluate", {
        expression: `(${expression})`,
        objectGroup: GROUP,
        silent: true,
        throwOnSideEffect: true,
        timeout: TIMEOUT,
      });
    } catch {
      // It took too long, of which V8 may say that it has failed.
    }
    if (evaluation === TERMINATED || evaluation.exceptionDetails !== undefined) {
      return false;
    }
    const { result } = evaluation;
    /** @type {string[]} */
    let named = typeof result.value === "string" ? ["length"] : [];
    let asks = false;
    const isWhole = this.#inspection.use(result, (value) => {
      asks = result.objectId !== undefined && isLong(value);
      if (!asks) {
        use(value, named);
      }
    });
    if (!asks) {
      return isWhole;
    }
    named = this.#namesOf(result.objectId);
    return this.#inspection.use(result, (value) => use(value, named));
  }

  /**
   * @param {string} objectId
   * @returns {string[]} The names of an object's own properties that are no indices.
   */
  #namesOf(objectId) {
    const parameters = { objectId, ownProperties: true, nonIndexedPropertiesOnly: true };
    const answer = this.#inspection.ask("Runtime.getProperties", parameters);
    return answer === TERMINATED ? [] : answer.result.map((/** @type {{name: string}} */ { name }) => name);
  }
}

module.exports = { Lookups };
