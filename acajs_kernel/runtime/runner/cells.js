/**
 * Runs cells: evaluation, results, errors, interrupts.
 */
"use strict";

const { SILENT, represent } = require("./display.js");
const { InspectionError } = require("./inspection.js");
const { listOf, promiseOf, types } = require("./realm.js");

/** The object group of what a cell's evaluation leaves with the inspector. */
const GROUP = "acajs-cell";

/** @typedef {import("./display.js").Representation} Representation */
/** @typedef {import("./ending.js").Ending} Ending */
/** @typedef {import("./inspection.js").Evaluation} Evaluation */
/** @typedef {import("./inspection.js").Inspection} Inspection */
/** @typedef {import("./output.js").Output} Output */
/** @typedef {import("./traceback.js").ErrorFields} ErrorFields */
/** @typedef {import("./traceback.js").Tracebacks} Tracebacks */
/**
 * @typedef {object} CellMessage
 * @property {string} cell
 * @property {string} code What runs.
 * @property {string} [source] What the user wrote, if it differs.
 * @property {string} [label] What names the cell in stacks.
 * @property {boolean} [stdin]
 * @property {Record<string, string>} [expressions]
 */
/** @typedef {Representation | {error: ErrorFields} | {nothing: true}} Outcome */

const activeResources = process.getActiveResourcesInfo.bind(process);
const cpuUsage = process.cpuUsage.bind(process);
const now = performance.now.bind(performance);
const soon = setImmediate;

/** @type {ErrorFields} */
const INTERRUPTED = {
  ename: "KeyboardInterrupt",
  evalue: "The cell was interrupted.",
  traceback: ["\u001b[31mKeyboardInterrupt\u001b[39m: The cell was interrupted."],
};

/** @returns {boolean} Whether timers, requests, servers or children may still call back. */
function mayPrintLater() {
  // The runner's own pipes are always there.
  return listOf(activeResources()).some((name) => name !== "PipeWrap" && name !== "TTYWrap");
}

/** Runs one cell at a time; one that is interrupted ends with all that it has begun. */
class Cells {
  /** @type {Inspection} */
  #inspection;
  /** @type {Output} */
  #output;
  /** @type {Tracebacks} */
  #tracebacks;
  /** @type {Ending} */
  #ending;
  /** @type {CellMessage | null} */
  #current = null;
  /** Whether the code of the cell that runs still awaits something. */
  #isAwaiting = false;
  #begun = 0;
  #usage = cpuUsage();
  /** Called when an evaluation was terminated. */
  onTerminated = () => {};
  /** @type {import("./display.js").DisplaySettings} */
  settings = {};
  /**
   * Says how a cell ends whose code has ended, now or later.
   * @type {(cell: string, outcome: Outcome, onEnd: (outcome: Outcome) => void) => void}
   */
  settle = (_cell, outcome, onEnd) => onEnd(outcome);

  /**
   * @param {Inspection} inspection
   * @param {Output} output
   * @param {Tracebacks} tracebacks
   * @param {Ending} ending
   */
  constructor(inspection, output, tracebacks, ending) {
    this.#inspection = inspection;
    this.#output = output;
    this.#tracebacks = tracebacks;
    this.#ending = ending;
  }

  /** Whether the code that runs now belongs to a cell whose frontend answers input requests. */
  get allowsInput() {
    const current = this.#current;
    return current !== null && current.stdin === true && this.#output.cell === current.cell;
  }

  /**
   * @param {CellMessage} message
   * @returns {void}
   */
  run(message) {
    this.#current = message;
    this.#begun = now();
    this.#usage = cpuUsage();
    this.#output.latest = message.cell;
    const label = message.label ?? "cell";
    this.#ending.begin(message.cell, label);
    this.#tracebacks.remember(label, message.code, message.source ?? message.code);
    this.#evaluate(message, message.code, label, (outcome) => {
      let isInside = true;
      this.settle(message.cell, outcome, (settled) => {
        if (isInside) {
          this.#finish(message, settled);
        } else {
          soon(() => {
            if (this.#current === message && !this.#ending.isAsked) {
              this.#finish(message, settled);
            }
          });
        }
      });
      isInside = false;
    });
  }

  /**
   * End a cell, and all that it has begun.
   * @param {string} cell
   * @returns {void}
   */
  interrupt(cell) {
    const current = this.#current;
    if (current === null || current.cell !== cell) {
      return;
    }
    this.#ending.interrupt(() => {
      const promise = this.#isAwaiting ? this.#inspection.abandon() : undefined;
      this.#output.send({ kind: "error", cell, ...INTERRUPTED });
      this.#end(current, "error", {}, promise);
    });
  }

  /**
   * Evaluate code on behalf of a cell.
   * @param {CellMessage} message
   * @param {string} code
   * @param {string} label
   * @param {(outcome: Outcome) => void} onEnd Not called when the cell was abandoned.
   * @returns {void}
   */
  #evaluate(message, code, label, onEnd) {
    const parameters = {
      expression: `${code}\n//# sourceURL=${label}`,
      replMode: true,
      objectGroup: GROUP,
      silent: true,
    };
    this.#isAwaiting = true;
    this.#output.attribute(message.cell, () => {
      this.#inspection.evaluate(parameters, (evaluation) => {
        if (this.#current !== message) {
          return;
        }
        this.#isAwaiting = false;
        if (this.#ending.isAsked) {
          return;
        }
        this.#output.attribute(message.cell, () => {
          try {
            this.#conclude(message, evaluation, label, onEnd);
          } catch (failure) {
            this.#fail(message, failure);
          }
        });
      });
    });
  }

  /**
   * End a cell whose end cannot be shown.
   * @param {CellMessage} message
   * @param {unknown} failure Of the runtime itself.
   * @returns {void}
   */
  #fail(message, failure) {
    if (this.#current === message) {
      const evalue = `The runtime could not show how this cell ended: ${String(failure)}`;
      const ename = "RuntimeFailed";
      this.#output.send({ kind: "error", cell: message.cell, ename, evalue, traceback: [`${ename}: ${evalue}`] });
      this.#end(message, "error", {});
    }
  }

  /**
   * Make an outcome of what the inspector says.
   * @param {CellMessage} message
   * @param {Evaluation | "terminated" | InspectionError} evaluation
   * @param {string} label
   * @param {(outcome: Outcome) => void} onEnd
   * @returns {void}
   */
  #conclude(message, evaluation, label, onEnd) {
    if (evaluation === "terminated") {
      this.onTerminated();
      this.interrupt(message.cell);
      return;
    }
    if (this.#ending.isHit) {
      this.interrupt(message.cell);
      return;
    }
    if (evaluation instanceof InspectionError) {
      onEnd({ error: this.#tracebacks.describe(evaluation) });
      return;
    }
    const details = evaluation.exceptionDetails;
    if (details === undefined && evaluation.result.type === "undefined") {
      onEnd({ nothing: true });
      return;
    }
    /** @type {Outcome | Promise<Outcome>} */
    let outcome = { nothing: true };
    const isWhole = this.#inspection.use(details?.exception ?? evaluation.result, (value) => {
      outcome = details === undefined ? this.#outcomeOf(value) : { error: this.#describe(value, label, details) };
    });
    if (!isWhole) {
      this.onTerminated();
      this.interrupt(message.cell);
      return;
    }
    if (outcome instanceof Promise) {
      outcome.then((settled) => {
        soon(() => {
          if (this.#current === message && !this.#ending.isAsked) {
            onEnd(settled);
          }
        });
      });
      return;
    }
    onEnd(outcome);
  }

  /**
   * Show how a cell ended.
   * @param {CellMessage} message
   * @param {Outcome} outcome
   * @returns {void}
   */
  #finish(message, outcome) {
    if ("data" in outcome) {
      const { data, metadata } = outcome;
      try {
        this.#output.send({ kind: "result", cell: message.cell, data, metadata });
      } catch (error) {
        this.#finish(message, { error: this.#tracebacks.describe(error) });
        return;
      }
    }
    if ("error" in outcome) {
      this.#output.send({ kind: "error", cell: message.cell, ...outcome.error });
      this.#end(message, "error", {});
    } else {
      this.#evaluateExpressions(message, Object.entries(message.expressions ?? {}), {});
    }
  }

  /**
   * @param {unknown} value
   * @returns {Outcome | Promise<Outcome>}
   */
  #outcomeOf(value) {
    if (this.settings.awaitPromises === true && types.isPromise(value)) {
      return promiseOf(value).then(
        (settled) => (settled === undefined ? { nothing: true } : this.#outcomeOf(settled)),
        (thrown) => ({ error: this.#tracebacks.describe(thrown) }),
      );
    }
    return SILENT.has(/** @type {object} */ (value)) ? { nothing: true } : represent(value, this.settings);
  }

  /**
   * @param {unknown} thrown
   * @param {string} label
   * @param {import("node:inspector").Runtime.ExceptionDetails} details
   * @returns {ErrorFields}
   */
  #describe(thrown, label, details) {
    try {
      // Only what is thrown while V8 compiles the cell itself comes with a script.
      const place = { label, line: details.lineNumber + 1, column: details.columnNumber + 1 };
      const fields = this.#tracebacks.describe(thrown, details.scriptId === undefined ? undefined : place);
      const isRefused = !this.#inspection.hasBegun && types.isNativeError(thrown) && fields.ename === "SyntaxError";
      return isRefused ? { ...fields, compiled: false } : fields;
    } catch {
      // The user's code may have replaced what the description is made with.
      const evalue = details.exception?.description ?? details.text;
      return { ename: "Error", evalue, traceback: [evalue] };
    }
  }

  /**
   * Evaluate the request's `user_expressions`, one after the other, then end the cell.
   * @param {CellMessage} message
   * @param {[string, string][]} rest
   * @param {Record<string, object>} results
   * @returns {void}
   */
  #evaluateExpressions(message, rest, results) {
    const [first, ...others] = rest;
    if (first === undefined) {
      this.#end(message, "ok", results);
      return;
    }
    const [name, code] = first;
    this.#evaluate(message, code, `expression:${name}`.replace(/\s/g, "_"), (outcome) => {
      /** @type {object} */
      let result;
      if ("error" in outcome) {
        result = { status: "error", ...outcome.error };
      } else {
        const shown = "data" in outcome ? outcome : { data: { "text/plain": "undefined" }, metadata: {} };
        result = { status: "ok", ...shown };
      }
      this.#evaluateExpressions(message, others, { ...results, [name]: result });
    });
  }

  /**
   * @param {CellMessage} message
   * @param {"ok" | "error"} status
   * @param {Record<string, object>} expressions
   * @param {object} [promise] What its code goes on with, unless it is collected.
   * @returns {void}
   */
  #end(message, status, expressions, promise) {
    this.#ending.end(promise);
    this.#current = null;
    this.#isAwaiting = false;
    this.#inspection.release(GROUP);
    const milliseconds = Math.round((now() - this.#begun) * 1000) / 1000;
    const active = mayPrintLater();
    // A copy: JSON would ask the prototype of Node's own object, which is the user's, for `toJSON`.
    const cpu = { ...cpuUsage(this.#usage) };
    const done = { kind: "done", cell: message.cell, status, milliseconds, cpu, active };
    try {
      this.#output.send({ ...done, expressions });
    } catch (error) {
      const failed = { status: "error", ...this.#tracebacks.describe(error) };
      const names = Object.keys(expressions);
      this.#output.send({ ...done, expressions: Object.fromEntries(names.map((name) => [name, failed])) });
    }
  }
}

module.exports = { Cells, mayPrintLater };
