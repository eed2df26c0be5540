/**
 * Questions of the editor, answered without an effect on what cells have made.
 *
 * Names are listed without reading what they stand for.
 */
"use strict";

const { describe } = require("./description.js");
const { propertiesOf, typeOf } = require("./properties.js");
const { Surroundings } = require("./surroundings.js");

/** The global that a module has for the time of a lookup. */
const MODULE = "__acajs_module__";

/** Matches that one answer holds. */
const MOST_MATCHES = 2000;

/** Variables whose types are looked at. */
const MOST_TYPES = 200;

/** @typedef {import("./properties.js").Match} Match */
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
  #lookups;
  #sources;
  #surroundings;

  /**
   * @param {import("./lookups.js").Lookups} lookups
   * @param {() => import("./description.js").SourceText[]} sources What cells have run.
   * @param {string} folder The session's.
   * @param {NodeRequire} require Finds modules from there.
   */
  constructor(lookups, sources, folder, require) {
    this.#lookups = lookups;
    this.#sources = sources;
    this.#surroundings = new Surroundings(folder, require);
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
      this.#lookups.release();
    }
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
    const variables = this.#lookups.declared().filter((name) => name.startsWith(prefix)).sort();
    const known = new Set(variables);
    const matches = variables.map((text) => ({ text, type: "variable" }));
    for (const match of matches.slice(0, MOST_TYPES)) {
      this.#lookups.evaluate(match.text, (value) => {
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
      const isFound = this.#lookups.evaluate(expression, (found, named) => use(found, expression, named));
      deleteProperty(globalThis, MODULE);
      if (isFound) {
        return;
      }
    }
  }
}

module.exports = { Questions };
