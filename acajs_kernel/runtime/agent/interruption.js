/**
 * An interrupt under way: repeated until the cell has ended, given up after a grace time.
 */
"use strict";

/** Milliseconds after which an interrupt is repeated: the first may have hit between two steps. */
const REPEAT = 150;

const startTimer = setTimeout;
const stopTimer = clearTimeout;
const now = performance.now.bind(performance);

/** Begins when it is made. */
class Interruption {
  /** @type {number} */
  #deadline;
  /** @type {() => void} */
  #send;
  /** @type {() => void} */
  #onGivenUp;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {number} grace Milliseconds.
   * @param {() => void} send Asks the runner to stop its cell.
   * @param {() => void} onGivenUp Called when the cell has not ended within the grace time.
   */
  constructor(grace, send, onGivenUp) {
    this.#deadline = now() + grace;
    this.#send = send;
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
    this.#send();
    this.#timer = startTimer(() => this.#repeat(), Math.min(REPEAT, Math.ceil(rest)));
  }
}

module.exports = { Interruption };
