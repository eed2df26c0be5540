/**
 * Questions about code that are answered without running any of it.
 *
 * V8 evaluates chains of properties with `throwOnSideEffect`, which ends a getter that
 * would change anything; names are listed without reading what they stand for.
 */
"use strict";

const { inspect, types } = require("node:util");

const { completionAt, expressionAt } = require("./chains.js");
const { TERMINATED } = require("./inspection.js");

/** The object group of what questions leave with the inspector. */
const GROUP = "acajs-question";

/** Matches that one answer holds. */
const MOST_MATCHES = 2000;

/** Lines of a function's text: asked for shortly, and in detail. */
const HEAD_LINES = 12;
const DETAIL_LINES = 200;

/** Milliseconds that a lookup may take. */
const TIMEOUT = 500;

const KEYWORDS = Object.freeze(
  (
    "async await break case catch class const continue debugger default delete do else export " +
    "extends false finally for function if import in instanceof let new null of return static " +
    "super switch this throw true try typeof undefined var void while with yield"
  ).split(" "),
);

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** @typedef {import("./inspection.js").Inspection} Inspection */
/** @typedef {{text: string, type: string}} Match */
/** @typedef {{op: string, code?: string, cursor?: number, expression?: string, detail?: number}} Question */

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { ownKeys } = Reflect;

/**
 * @param {unknown} value
 * @returns {boolean}
 */
function isClass(value) {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/**
 * @param {PropertyDescriptor | undefined} descriptor
 * @returns {string} In the words of JupyterLab's completer.
 */
function typeOf(descriptor) {
  if (descriptor === undefined || !("value" in descriptor)) {
    return "property";
  }
  if (typeof descriptor.value === "function") {
    return isClass(descriptor.value) ? "class" : "function";
  }
  return "property";
}

/**
 * List the names of an object's properties, its own first, without running a getter or a trap.
 * @param {unknown} value
 * @param {string} prefix
 * @returns {Match[]}
 */
function propertiesOf(value, prefix) {
  /** @type {Map<string, Match>} */
  const found = new Map();
  let object = value === null || value === undefined ? null : Object(value);
  while (object !== null && !types.isProxy(object)) {
    const names = ownKeys(object).filter((key) => typeof key === "string");
    for (const name of /** @type {string[]} */ (names).sort()) {
      if (name.startsWith(prefix) && IDENTIFIER.test(name) && !found.has(name)) {
        found.set(name, { text: name, type: typeOf(getOwnPropertyDescriptor(object, name)) });
      }
    }
    object = getPrototypeOf(object);
  }
  return [...found.values()];
}

/**
 * @param {unknown} value
 * @param {number} detail 0 short, 1 in detail.
 * @param {boolean} colors
 * @returns {string}
 */
function description(value, detail, colors) {
  if (typeof value === "function") {
    const lines = Function.prototype.toString.call(value).split("\n");
    const most = detail > 0 ? DETAIL_LINES : HEAD_LINES;
    const shown = lines.length > most ? [...lines.slice(0, most), "…"] : lines;
    return `${isClass(value) ? "class" : "function"}\n\n${shown.join("\n")}`;
  }
  const shown = inspect(value, {
    colors,
    customInspect: false,
    depth: detail > 0 ? 3 : 1,
    getters: false,
    maxArrayLength: detail > 0 ? 100 : 20,
    maxStringLength: detail > 0 ? 10_000 : 1000,
  });
  const type = value === null ? "null" : typeof value;
  return `${type}\n\n${shown}`;
}

/** Answers completion and inspection requests. */
class Questions {
  /** @type {Inspection} */
  #inspection;
  /** @type {() => {colors?: boolean}} */
  #settings;

  /**
   * @param {Inspection} inspection
   * @param {() => {colors?: boolean}} settings
   */
  constructor(inspection, settings) {
    this.#inspection = inspection;
    this.#settings = settings;
  }

  /**
   * @param {Question} question `complete` or `inspect`, about `code` and `cursor` (UTF-16 units)
   *   or, to inspect, an `expression`.
   * @returns {object}
   */
  answer(question) {
    const code = question.code ?? "";
    const cursor = question.cursor ?? code.length;
    try {
      return question.op === "complete"
        ? this.#complete(code, cursor)
        : this.#inspect(question.expression ?? expressionAt(code, cursor), question.detail ?? 0);
    } finally {
      this.#inspection.release(GROUP);
    }
  }

  /**
   * @param {string} code
   * @param {number} cursor
   * @returns {{matches: Match[], start: number, end: number}}
   */
  #complete(code, cursor) {
    const wanted = completionAt(code, cursor);
    if (wanted === null) {
      return { matches: [], start: cursor, end: cursor };
    }
    /** @type {Match[]} */
    let matches = [];
    if (wanted.object === null) {
      matches = this.#globals(wanted.prefix);
    } else {
      this.#look(wanted.object, (value) => {
        matches = propertiesOf(value, wanted.prefix);
      });
    }
    return {
      matches: matches.slice(0, MOST_MATCHES),
      start: cursor - wanted.prefix.length,
      end: cursor,
    };
  }

  /**
   * @param {string | null} expression
   * @param {number} detail
   * @returns {object}
   */
  #inspect(expression, detail) {
    let text = "";
    if (expression !== null) {
      this.#look(expression, (value) => {
        text = description(value, detail, this.#settings().colors ?? true);
      });
    }
    const data = text === "" ? {} : { "text/plain": `${expression}: ${text}` };
    return { found: text !== "", data, metadata: {} };
  }

  /**
   * @param {string} prefix
   * @returns {Match[]}
   */
  #globals(prefix) {
    const lexical = this.#inspection.ask("Runtime.globalLexicalScopeNames", {});
    const names = /** @type {string[]} */ (lexical === TERMINATED ? [] : lexical.names);
    const variables = names.filter((name) => name.startsWith(prefix)).sort();
    const known = new Set(variables);
    const keywords = KEYWORDS.filter((word) => word.startsWith(prefix) && !known.has(word));
    return [
      ...variables.map((text) => ({ text, type: "variable" })),
      ...propertiesOf(globalThis, prefix).filter(({ text }) => !known.has(text)),
      ...keywords.map((text) => ({ text, type: "keyword" })),
    ];
  }

  /**
   * Evaluate an expression unless that has an effect.
   * @param {string} expression
   * @param {(value: unknown) => void} use
   * @returns {void}
   */
  #look(expression, use) {
    const evaluation = this.#inspection.ask("Runtime.evaluate", {
      expression: `(${expression})`,
      objectGroup: GROUP,
      silent: true,
      throwOnSideEffect: true,
      timeout: TIMEOUT,
    });
    if (evaluation !== TERMINATED && evaluation.exceptionDetails === undefined) {
      this.#inspection.use(evaluation.result, use);
    }
  }
}

module.exports = { Questions };
