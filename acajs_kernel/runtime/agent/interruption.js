/**
 * An interrupt under way: repeated until the cell has ended, given up after a grace time.
 */
"use strict";

/** Milliseconds after which an interrupt is repeated: the first may have hit between two steps. */
const REPEAT = 150;

/** Over all interrupts, since the runner must not take one for the repetition of another. */
let lastNumber = 0;

/** @typedef {import("./runner_process.js").RunnerProcess} RunnerProcess */

const startTimer = setTimeout;
const stopTimer = clearTimeout;
const now = performance.now.bind(performance);

/** Begins when it is made. */
class Interruption {
  /** @type {number} */
  #deadline;
  /** @type {RunnerProcess} */
  #runner;
  /** @type {string} */
  #cell;
  /** @type {() => void} */
  #onGivenUp;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {RunnerProcess} runner
   * @param {string} cell Which it is to stop; empty for a comm's callback.
   * @param {number} grace Milliseconds.
   * @param {() => void} onGivenUp Called when the cell has not ended within the grace time.
   */
  constructor(runner, cell, grace, onGivenUp) {
    this.#runner = runner;
    this.#cell = cell;
    this.#deadline = now() + grace;
    this.#onGivenUp = onGivenUp;
    this.#repeat();
  }

  /** The cell has ended. */
  end() {
    stopTimer(this.#timer);
  }

  #repeat() {
    const rest = this.#deadline - now();
    if (rest <= 0) {
      this.#onGivenUp();
      return;
    }
    lastNumber += 1;
    const message = { type: "interrupt", cell: this.#cell, number: lastNumber };
    this.#runner.send(message);
    this.#runner.sendControl(message);
    this.#timer = startTimer(() => this.#repeat(), Math.min(REPEAT, Math.ceil(rest)));
  }
}

module.exports = { Interruption };
