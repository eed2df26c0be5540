/**
 * The request that waits for something to happen, and when it is answered.
 */
"use strict";

/** Milliseconds that events may lie before they are sent, unless the request says otherwise. */
const DEFAULT_GATHER = 40;

/** Milliseconds that a request may wait, unless it says otherwise. */
const DEFAULT_WAIT = 1000;

/** Characters of events in one answer, unless the request says otherwise. */
const DEFAULT_LIMIT = 4_000_000;

/** @typedef {import("./agent.js").Request} Request */
/** @typedef {import("./answers.js").Execution} Execution */
/** @typedef {import("./runner_control.js").RunnerControl} RunnerControl */
/** @typedef {(execution: Execution, request: Request, fields: object, waited: number) => void} Answer */
/**
 * @typedef {object} Waiter A request that has not been answered.
 * @property {Execution} execution
 * @property {Request} request
 * @property {number} begun
 * @property {number} deadline
 * @property {string | null} cell Whose end answers it.
 * @property {(() => object | null) | null} outcome When set: only its result or the deadline answers it.
 * @property {() => object} late What is answered at the deadline.
 */

const now = performance.now.bind(performance);
const startTimer = setTimeout;
const stopTimer = clearTimeout;

/** @returns {object} No further fields. */
function nothing() {
  return {};
}

/** Holds one request back at a time, as the interpreter runs one execution at a time. */
class LongPoll {
  /** @type {RunnerControl} */
  #runner;
  /** @type {Answer} */
  #answer;
  /** When an answer with events was sent. */
  #lastSent = -Infinity;
  /** @type {Waiter | null} */
  #waiter = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {RunnerControl} runner
   * @param {Answer} answer Answers with fields beside those that every answer has, and tells how
   *   many milliseconds the request has waited.
   */
  constructor(runner, answer) {
    this.#runner = runner;
    this.#answer = answer;
  }

  /** A cell begins: what it shows first is sent as soon as if nothing had been shown before. */
  expectOutput() {
    this.#lastSent = -Infinity;
  }

  /**
   * Hold a request back until its condition holds, at most for its `wait`.
   * @param {Execution} execution
   * @param {Request} request
   * @param {Partial<Pick<Waiter, "cell" | "outcome" | "late">>} condition
   * @returns {void}
   */
  wait(execution, request, condition) {
    const begun = now();
    this.#waiter = {
      execution,
      request,
      begun,
      deadline: begun + (request.wait ?? DEFAULT_WAIT),
      cell: condition.cell ?? null,
      outcome: condition.outcome ?? null,
      late: condition.late ?? nothing,
    };
    this.check();
  }

  /** Answer the waiting request if its time has come, else look again when it may have. */
  check() {
    const waiter = this.#waiter;
    if (waiter === null) {
      return;
    }
    stopTimer(this.#timer);
    const instant = now();
    if (waiter.outcome !== null) {
      const outcome = waiter.outcome() ?? (instant >= waiter.deadline ? waiter.late() : null);
      if (outcome !== null) {
        this.#end(waiter, outcome);
        return;
      }
      this.#lookAgain(waiter.deadline - instant);
      return;
    }
    const next = Math.min(waiter.deadline, this.#sendingTime(waiter));
    if (instant >= next) {
      this.#end(waiter, {});
    } else {
      this.#lookAgain(next - instant);
    }
  }

  /**
   * @param {number} milliseconds
   * @returns {void}
   */
  #lookAgain(milliseconds) {
    this.#timer = startTimer(() => this.check(), Math.ceil(milliseconds));
  }

  /**
   * @param {Waiter} waiter
   * @returns {number} When what is known by now should be sent.
   */
  #sendingTime(waiter) {
    const { events } = this.#runner;
    const hasEnded = waiter.cell !== null && !this.#runner.cells.isPending(waiter.cell);
    if (hasEnded || events.inputs > 0 || events.size >= (waiter.request.limit ?? DEFAULT_LIMIT)) {
      return 0;
    }
    if (events.length === 0) {
      return Infinity;
    }
    const gather = waiter.request.gather ?? DEFAULT_GATHER;
    // What follows a silence is shown at once; a flood travels in few answers.
    const soon = Math.max(events.oldest + (waiter.request.soon ?? gather), this.#lastSent + gather);
    return Math.min(events.oldest + gather, soon);
  }

  /**
   * @param {Waiter} waiter
   * @param {object} fields
   * @returns {void}
   */
  #end(waiter, fields) {
    this.#waiter = null;
    stopTimer(this.#timer);
    if (this.#runner.events.length > 0) {
      this.#lastSent = now();
    }
    const waited = Math.round(now() - waiter.begun);
    this.#answer(waiter.execution, waiter.request, fields, waited);
  }

  /** Answer a request that still waits although another one has come. */
  flush() {
    if (this.#waiter !== null) {
      this.#end(this.#waiter, {});
    }
  }
}

module.exports = { DEFAULT_LIMIT, LongPoll };
