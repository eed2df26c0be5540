/**
 * Questions of the editor, answered without an effect on what cells have made.
 *
 * V8 evaluates expressions with `throwOnSideEffect`, which ends whatever would change anything,
 * a getter's code too; names are listed without reading what they stand for.
 */
"use strict";

const { Surroundings, isLong, propertiesOf, typeOf } = require("./completion.js");
const { describe } = require("./description.js");
const { TERMINATED } = require("./inspection.js");

/** The object group of what questions leave with the inspector. */
const GROUP = "acajs-question";

/** The global that a module has for the time of a lookup. */
const MODULE = "__acajs_module__";

/** Matches that one answer holds. */
const MOST_MATCHES = 2000;

/** Milliseconds that a lookup may take. */
const TIMEOUT = 300;

/** Variables whose types are looked at. */
const MOST_TYPES = 200;

/** @typedef {import("./completion.js").Match} Match */
/** @typedef {import("./inspection.js").Inspection} Inspection */
/** @typedef {{expression: string, module?: string}} Target */
/**
 * @typedef {object} Question
 * @property {string} op `complete` or `inspect`.
 * @property {string} [kind] `name`, `member`, `key`, `module`, `export` or `file`.
 * @property {string} [prefix]
 * @property {Target[]} [targets] What to look up; the first that can be counts.
 * @property {number} [detail] 0 short, 1 in detail.
 */

const { defineProperty, deleteProperty } = Reflect;

/** Answers completion and inspection requests. */
class Questions {
  #inspection;
  #sources;
  #surroundings;

  /**
   * @param {Inspection} inspection
   * @param {() => import("./description.js").SourceText[]} sources What cells have run.
   * @param {string} folder The session's.
   */
  constructor(inspection, sources, folder) {
    this.#inspection = inspection;
    this.#sources = sources;
    this.#surroundings = new Surroundings(folder);
  }

  /**
   * @param {Question} question
   * @returns {object}
   */
  answer(question) {
    const targets = question.targets ?? [];
    try {
      if (question.op === "complete") {
        return { matches: this.#matches(question.kind ?? "", question.prefix ?? "", targets).slice(0, MOST_MATCHES) };
      }
      /** @type {object} */
      let found = {};
      this.#lookUp(targets, (value, expression) => {
        found = describe(value, expression, (question.detail ?? 0) > 0, this.#sources());
      });
      return { found };
    } finally {
      this.#inspection.release(GROUP);
    }
  }

  /**
   * @returns {{name: string, value: unknown}[]} The names that cells have declared with `let`,
   *   `const` and `class`.
   */
  variables() {
    /** @type {{name: string, value: unknown}[]} */
    const found = [];
    for (const name of this.#declared()) {
      this.#evaluate(name, (value) => found.push({ name, value }));
    }
    this.#inspection.release(GROUP);
    return found;
  }

  /** @returns {string[]} The names that are declared, once each. */
  #declared() {
    const lexical = this.#inspection.ask("Runtime.globalLexicalScopeNames", {});
    // V8 names one again for each cell that has declared it.
    return lexical === TERMINATED ? [] : [...new Set(/** @type {string[]} */ (lexical.names))];
  }

  /**
   * @param {string} kind
   * @param {string} prefix
   * @param {Target[]} targets
   * @returns {Match[]}
   */
  #matches(kind, prefix, targets) {
    switch (kind) {
      case "name":
        return this.#globals(prefix);
      case "module":
        return this.#surroundings.modules(prefix);
      case "file":
        return this.#surroundings.files(prefix);
      case "export":
        return this.#surroundings.exports(targets[0]?.module ?? "", prefix);
      default: {
        /** @type {Match[]} */
        let matches = [];
        this.#lookUp(targets, (value, _expression, named) => {
          matches = propertiesOf(value, prefix, kind === "key", named);
        });
        return matches;
      }
    }
  }

  /**
   * @param {string} prefix
   * @returns {Match[]}
   */
  #globals(prefix) {
    const variables = this.#declared().filter((name) => name.startsWith(prefix)).sort();
    const known = new Set(variables);
    const matches = variables.map((text) => ({ text, type: "variable" }));
    for (const match of matches.slice(0, MOST_TYPES)) {
      this.#evaluate(match.text, (value) => {
        match.type = typeof value === "function" ? typeOf(value) : "variable";
      });
    }
    return [...matches, ...propertiesOf(globalThis, prefix).filter(({ text }) => !known.has(text))];
  }

  /**
   * Use the first of some things that can be looked up.
   * @param {Target[]} targets
   * @param {(value: unknown, expression: string, named: string[]) => void} use
   * @returns {void}
   */
  #lookUp(targets, use) {
    for (const { expression, module: specifier = "" } of targets) {
      const value = specifier === "" ? undefined : this.#surroundings.module(specifier);
      if (specifier !== "" && value === undefined) {
        continue;
      }
      defineProperty(globalThis, MODULE, { value, configurable: true });
      const isFound = this.#evaluate(expression, (found, named) => use(found, expression, named));
      deleteProperty(globalThis, MODULE);
      if (isFound) {
        return;
      }
    }
  }

  /**
   * Evaluate an expression unless that has an effect.
   * @param {string} expression
   * @param {(value: unknown, named: string[]) => void} use Given the own names beside the
   *   indices too, where there are many indices.
   * @returns {boolean} Whether there was a value to use.
   */
  #evaluate(expression, use) {
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

module.exports = { Questions };
