/**
 * Errors as a notebook shows them: headline, the cell's line with a caret, the user's frames.
 */
"use strict";

const { inspect, listOf, types, user } = require("./realm.js");

const { MOST_ERROR_CHARACTERS, cut } = require("./bounds.js");

const { VERSION } = require("./reloading.js");
const { beginning, boundary } = require("../text.js");

/** Cells whose text is kept for tracebacks. */
const KEPT_SOURCES = 300;

/** Causes and aggregated errors are shown to this depth. */
const DEEPEST = 6;

/** Characters of a source line that are shown, and how many of them before the caret. */
const WIDTH = 160;
const BEFORE_CARET = 100;

/** Frames of Node and of this runner say nothing about the user's code. */
const INTERNAL_FRAME = /[(\s](?:node:|acajs:|\[eval\]|\[worker eval\]-wrapper)/;

/** What Node puts before the stack of an error in a file: its place, the line, and the carets. */
const ARROW = /^([^\n]+):(\d+)\n([^\n]*)\n([ \t]*)(\^+)[ \t]*\n/;

/** What Node 18 says of `import()` in the text of `eval`; later ones have a code for it. */
const NO_IMPORT = "Invalid host defined options";

const FRAME = /^\s+at /;

/** What V8 says of an assignment to a constant. */
const CONSTANT = "Assignment to constant variable.";

/** @typedef {{ename: string, evalue: string, traceback: string[], compiled?: false}} ErrorFields */
/** @typedef {{label: string, line: number, column: number}} Position Both numbers count from 1. */
/** @typedef {{code: string[], source: string[]}} CellText What runs and what the user wrote, by lines. */

/**
 * @param {any} value
 * @param {string} name
 * @returns {unknown} The property, or undefined where reading it throws.
 */
function read(value, name) {
  try {
    return value[name];
  } catch {
    return undefined;
  }
}

/**
 * @param {unknown} error
 * @returns {string} Its stack, with modules that were loaded anew by their own names.
 */
function stackOf(error) {
  const stack = read(error, "stack");
  return typeof stack === "string" ? stack.replace(VERSION, "") : "";
}

/**
 * @param {unknown} value
 * @returns {boolean} Whether it is an error of any realm.
 */
function isError(value) {
  return types.isNativeError(value) || value instanceof user.Error;
}

/**
 * @param {unknown} value
 * @param {import("node:util").InspectOptions} options
 * @returns {string}
 */
function safeInspect(value, options) {
  try {
    return inspect(value, options);
  } catch (error) {
    return `[value that cannot be shown: ${String(read(error, "message"))}]`;
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function nameOf(error) {
  const name = read(error, "name");
  if (typeof name === "string" && name !== "" && name !== "Error") {
    return name;
  }
  const constructor = read(read(error, "constructor"), "name");
  return typeof constructor === "string" && constructor !== "" ? constructor : "Error";
}

/**
 * @param {string[]} lines
 * @returns {string[]} As many as may be shown.
 */
function limited(lines) {
  const shown = [];
  let rest = 2 * MOST_ERROR_CHARACTERS;
  for (const line of lines) {
    if (rest <= 0) {
      shown.push(`\u2026 cut: ${lines.length - shown.length} more lines`);
      break;
    }
    shown.push(cut(line, rest));
    rest -= line.length + 1;
  }
  return shown;
}

/**
 * @param {string} code
 * @param {string} source As long.
 * @returns {boolean} Whether the code is the source with blanks, or the end of a statement, for some of it.
 */
function isBlanked(code, source) {
  for (let index = 0; index < code.length; index += 1) {
    if (code[index] !== source[index] && code[index] !== " " && code[index] !== ";") {
      return false;
    }
  }
  return true;
}

/** Turns thrown values into the fields of an error event. */
class Tracebacks {
  /** @type {Map<string, CellText>} */
  #texts = new Map();
  /** Whether tracebacks have ANSI colours. */
  colors = true;

  /** What cells have run, the latest last. */
  get sources() {
    return [...this.#texts].map(([label, { source }]) => ({ label, text: source.join("\n") }));
  }

  /**
   * @param {string} label
   * @returns {boolean} Whether it names a cell.
   */
  knows(label) {
    return this.#texts.has(label);
  }

  /**
   * Keep a cell's text for errors to come.
   * @param {string} label What names the cell in stacks.
   * @param {string} code What runs.
   * @param {string} source What the user wrote: the same lines.
   * @returns {void}
   */
  remember(label, code, source) {
    this.#texts.delete(label);
    this.#texts.set(label, { code: code.split("\n"), source: source.split("\n") });
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT_SOURCES) {
        break;
      }
      this.#texts.delete(oldest);
    }
  }

  /**
   * @param {unknown} thrown
   * @param {Position} [compiled] Where V8 stopped to compile, if it did.
   * @returns {ErrorFields}
   */
  describe(thrown, compiled) {
    if (!isError(thrown)) {
      const text = cut(safeInspect(thrown, { depth: 2 }), MOST_ERROR_CHARACTERS);
      const shown = cut(safeInspect(thrown, { depth: 2, colors: this.colors }), MOST_ERROR_CHARACTERS);
      return { ename: "Uncaught", evalue: text, traceback: [`${this.#red("Uncaught")} ${shown}`] };
    }
    const message = read(thrown, "message");
    return {
      ename: cut(nameOf(thrown), WIDTH),
      evalue: cut(typeof message === "string" ? message : safeInspect(message, {}), MOST_ERROR_CHARACTERS),
      traceback: limited(this.#lines(thrown, compiled, new Set(), 0)),
    };
  }

  /**
   * @param {unknown} error
   * @param {Position | undefined} compiled
   * @param {Set<unknown>} seen
   * @param {number} depth
   * @returns {string[]}
   */
  #lines(error, compiled, seen, depth) {
    seen.add(error);
    const message = read(error, "message");
    const text = typeof message === "string" && message !== "" ? `: ${cut(message, MOST_ERROR_CHARACTERS)}` : "";
    const lines = `${this.#red(nameOf(error))}${text}`.split("\n");
    const frames = this.#frames(error);
    const isCompilation =
      compiled !== undefined && types.isNativeError(error) && nameOf(error) === "SyntaxError";
    const ownPosition = this.#firstPosition(frames);
    const position = ownPosition ?? (isCompilation ? compiled : undefined);
    const file = this.#fileExcerpt(error);
    if (file.length > 0) {
      lines.push(...file);
    } else if (position !== undefined) {
      lines.push(...this.#excerpt(position));
    }
    lines.push(...(position !== undefined && ownPosition === undefined ? [] : frames));
    lines.push(...this.#properties(error));
    if (read(error, "code") === "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING" || message === NO_IMPORT) {
      lines.push("eval has no import(). Write it in the cell itself, or: new Function(\"return import('NAME')\")()");
    }
    if (depth < DEEPEST) {
      lines.push(...this.#related(error, seen, depth));
    }
    return lines;
  }

  /**
   * @param {unknown} error
   * @returns {string[]} The frames of the user's code.
   */
  #frames(error) {
    const stack = stackOf(error);
    const frames = stack.split("\n").filter((line) => FRAME.test(line) && !INTERNAL_FRAME.test(line));
    // The function that `cell/constants.py` has put around the assignment is none of the user's.
    const position = read(error, "message") === CONSTANT ? this.#firstPosition(frames) : undefined;
    return position === undefined || this.#isAsWritten(position) ? frames : frames.slice(1);
  }

  /**
   * @param {Position} position
   * @returns {boolean} Whether the line has run with the columns that the user wrote.
   */
  #isAsWritten({ label, line }) {
    const text = this.#texts.get(label);
    // A constant's `let` is as wide as its `const`, and the blanks for a type are as wide as it.
    const [code, source] = [text?.code, text?.source].map((lines) => lines?.[line - 1]?.replaceAll("let  ", "const"));
    return code === source || (code?.length === source?.length && isBlanked(code ?? "", source ?? ""));
  }

  /**
   * @param {string[]} frames
   * @returns {Position | undefined} Where a cell's code is first met.
   */
  #firstPosition(frames) {
    for (const frame of frames) {
      const match = /(?:\(|at (?:async )?)([^\s()]+):(\d+):(\d+)\)?$/.exec(frame);
      if (match !== null && this.#texts.has(/** @type {string} */ (match[1]))) {
        return {
          label: /** @type {string} */ (match[1]),
          line: Number(match[2]),
          column: Number(match[3]),
        };
      }
    }
    return undefined;
  }

  /**
   * @param {Position} position
   * @returns {string[]} The line's name, the line, and the caret where it is sure.
   */
  #excerpt(position) {
    const text = this.#texts.get(position.label);
    const last = text === undefined ? 0 : text.code.length;
    const line = Math.min(position.line, last);
    const source = text?.source[line - 1];
    if (source === undefined) {
      return [];
    }
    // A line that was rewritten has other columns than the user's.
    const column = position.line > last ? source.length + 1 : position.column;
    const caret = this.#isAsWritten({ ...position, line }) && column > 0 ? "^" : "";
    return this.#marked(`${position.label}:${line}`, source, column, caret);
  }

  /**
   * @param {unknown} error
   * @returns {string[]} Where it is in a file that was loaded, if its stack says so.
   */
  #fileExcerpt(error) {
    const match = ARROW.exec(stackOf(error));
    const [, file = "", line, source = "", before = "", carets = ""] = match ?? [];
    return /^(?:node:|acajs:|$)/.test(file) ? [] : this.#marked(`${file}:${line}`, source, before.length + 1, carets);
  }

  /**
   * @param {string} name The line's.
   * @param {string} source
   * @param {number} column
   * @param {string} carets What stands below this column, if anything.
   * @returns {string[]}
   */
  #marked(name, source, column, carets) {
    const from = boundary(source, Math.max(0, Math.min(column - 1 - BEFORE_CARET, source.length - WIDTH)));
    const shown = beginning(source.slice(from), WIDTH);
    const lines = [this.#gray(name), shown];
    if (carets !== "") {
      const before = source.slice(from, column - 1).replace(/[^\t]/g, " ");
      lines.push(`${before}${this.#red(beginning(carets, WIDTH))}`);
    }
    return lines;
  }

  /**
   * @param {unknown} error
   * @returns {string[]} What else the error carries, such as Node's `code`.
   */
  #properties(error) {
    /** @type {Record<string, unknown>} */
    const properties = {};
    for (const name of Object.keys(/** @type {object} */ (error))) {
      if (!["name", "message", "stack", "cause", "errors"].includes(name)) {
        properties[name] = read(error, name);
      }
    }
    if (Object.keys(properties).length === 0) {
      return [];
    }
    return safeInspect(properties, { depth: 1, colors: this.colors }).split("\n");
  }

  /**
   * @param {unknown} error
   * @param {Set<unknown>} seen
   * @param {number} depth
   * @returns {string[]} Its causes and the errors that it holds.
   */
  #related(error, seen, depth) {
    const lines = [];
    const errors = read(error, "errors");
    for (const [index, each] of (Array.isArray(errors) ? listOf(errors) : []).entries()) {
      lines.push(...this.#relative(`[errors ${index}] `, each, seen, depth));
    }
    if (Object.hasOwn(/** @type {object} */ (error), "cause")) {
      lines.push(...this.#relative("[cause] ", read(error, "cause"), seen, depth));
    }
    return lines;
  }

  /**
   * @param {string} title
   * @param {unknown} value
   * @param {Set<unknown>} seen
   * @param {number} depth
   * @returns {string[]}
   */
  #relative(title, value, seen, depth) {
    if (seen.has(value)) {
      return [`  ${title}[circular]`];
    }
    const lines = isError(value)
      ? this.#lines(value, undefined, seen, depth + 1)
      : safeInspect(value, { depth: 1, colors: this.colors }).split("\n");
    return lines.map((line, index) => `  ${index === 0 ? title : ""}${line}`);
  }

  /**
   * @param {string} text
   * @returns {string}
   */
  #red(text) {
    return this.colors ? `\u001b[31m${text}\u001b[39m` : text;
  }

  /**
   * @param {string} text
   * @returns {string}
   */
  #gray(text) {
    return this.colors ? `\u001b[90m${text}\u001b[39m` : text;
  }
}

module.exports = { ARROW, INTERNAL_FRAME, Tracebacks };
