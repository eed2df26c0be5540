/**
 * A queue of bytes in shared memory, from the main thread to the pipe of events.
 *
 * What is added now and then the main thread writes itself: it is in the pipe when `add` returns,
 * though native code should end the process next. In a burst, or where the pipe is full, the control
 * thread writes. Hence what was printed is on its way whatever the main thread does next, be it
 * computing for an hour or blocking in a call; and as a record is added by a single store, an
 * interrupt that ends the main thread's code at any point leaves it added or not, never half.
 *
 * One thread writes at a time. Where code is ended just when it has written a record, nobody knows
 * that it is written, and the control thread writes it once more: what the main thread writes has
 * a number, by which the reader knows it again.
 */
"use strict";

const { writeSync } = require("node:fs");

const { writeText } = require("./bytes.js");

/** Indices into the cells that both threads share. */
const SLOTS = Object.freeze({
  /** Where an interrupt stands, see `Interrupts`. */
  interrupt: 0,
  /** How many replies to blocking prompts have come. */
  replies: 1,
  /** Bytes read from the ring so far, modulo 2³². */
  read: 2,
  /** Bytes written to it so far, modulo 2³². */
  written: 3,
  /** Which thread writes the pipe, one of `WRITERS`. */
  writer: 4,
  /** The number of the last interrupt that the main thread has read. */
  acknowledged: 5,
  /** 1 while the main thread waits for a child process, 2 when that was signalled. */
  spawning: 6,
  /** 1 while an interrupted cell is given time to end. */
  ending: 7,
});

/** The control thread wakes up by itself from no state but its own. */
const WRITERS = Object.freeze({ control: 0, nobody: 1, main: 2, handedOver: 3 });

/** The pipe of events. */
const EVENTS = 5;

/** Bytes that a pipe takes whole or not at all (PIPE_BUF in Linux's pipe(7)). */
const ATOMIC = 4096;

/** Characters that a record's line break and number take at most. */
const NUMBER = 20;

/** Records that the main thread writes of a burst, and how many more each millisecond. */
const BURST = 250;
const A_MILLISECOND = 2;

/** Bytes of the ring, a power of two. */
const CAPACITY = 1024 * 1024;

/** Bytes that a UTF-16 unit may become in UTF-8. */
const WIDEST = 3;

/** Milliseconds until a writer that waits for room looks again, woken or not. */
const LOOK_AGAIN = 100;

/** Milliseconds that the end of the process may wait for its last output. */
const LAST_OUTPUT = 5000;


const { compareExchange, load, store, wait } = Atomics;
const now = performance.now.bind(performance);

/** The writing end. */
class Ring {
  memory = new SharedArrayBuffer(CAPACITY);
  slots = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SLOTS).length));
  #bytes = new Uint8Array(this.memory);
  #lastNumber = 0;
  #credit = BURST;
  #creditedAt = now();
  #isWoken = false;
  /** @type {(bytes: Uint8Array, start: number, count: number) => number} */
  writePipe = (bytes, start, count) => writeSync(EVENTS, bytes, start, count);
  /** Wakes the control thread. */
  wake = () => {};

  /** Units of text that fit into a record in any case. */
  get longest() {
    return Math.floor(CAPACITY / 4 / WIDEST);
  }

  /**
   * Add a record; waits for room.
   * @param {string} record At most `longest` units.
   * @returns {void}
   */
  add(record) {
    const { slots } = this;
    const written = load(slots, SLOTS.written);
    const start = written & (CAPACITY - 1);
    if (this.#mayWrite(record, written)) {
      this.#lastNumber += 1;
      const count = writeText(this.#bytes, `\n#${this.#lastNumber}#${record}`, start);
      store(slots, SLOTS.written, (written + count) | 0);
      this.#write(start, count);
      return;
    }
    // The line break before it ends what user code may have written to the pipe.
    const line = `\n${record}`;
    const most = line.length * WIDEST;
    for (;;) {
      const read = load(slots, SLOTS.read);
      if (CAPACITY - ((written - read) >>> 0) >= most) {
        break;
      }
      this.#handOver();
      wait(slots, SLOTS.read, read, LOOK_AGAIN);
    }
    let count;
    if (start + most <= CAPACITY) {
      count = writeText(this.#bytes, line, start);
    } else {
      const bytes = new Uint8Array(most);
      count = writeText(bytes, line, 0);
      for (let index = 0; index < count; index += 1) {
        this.#bytes[(start + index) & (CAPACITY - 1)] = /** @type {number} */ (bytes[index]);
      }
    }
    store(slots, SLOTS.written, (written + count) | 0);
    this.#handOver();
  }

  /**
   * Become the one who writes, if nobody does, and not too often.
   * @param {string} record
   * @param {number} written
   * @returns {boolean}
   */
  #mayWrite(record, written) {
    const { slots } = this;
    const most = record.length * WIDEST + NUMBER;
    const start = written & (CAPACITY - 1);
    if (most > ATOMIC || start + most > CAPACITY || load(slots, SLOTS.writer) !== WRITERS.nobody) {
      return false;
    }
    const time = now();
    this.#credit = Math.min(BURST, this.#credit + (time - this.#creditedAt) * A_MILLISECOND);
    this.#creditedAt = time;
    if (this.#credit < 1 || compareExchange(slots, SLOTS.writer, WRITERS.nobody, WRITERS.main) !== WRITERS.nobody) {
      return false;
    }
    this.#credit -= 1;
    // The control thread may have gone to sleep beside a record that it has not seen yet.
    return load(slots, SLOTS.read) === written;
  }

  /**
   * @param {number} start
   * @param {number} count
   * @returns {void}
   */
  #write(start, count) {
    const { slots } = this;
    let done = 0;
    try {
      done = this.writePipe(this.#bytes, start, count);
    } catch {
      // The pipe is full, or gone, which the control thread knows how to take.
    }
    store(slots, SLOTS.read, (load(slots, SLOTS.read) + done) | 0);
    if (done === count) {
      store(slots, SLOTS.writer, WRITERS.nobody);
    } else {
      this.#handOver();
    }
  }

  /** Let the control thread write, and wake it if it sleeps. */
  #handOver() {
    const { slots } = this;
    const writer = load(slots, SLOTS.writer);
    if (writer === WRITERS.control) {
      return;
    }
    // Still `main`: code was ended while it wrote.
    if (writer === WRITERS.main || writer === WRITERS.nobody) {
      this.#isWoken = false;
      compareExchange(slots, SLOTS.writer, writer, WRITERS.handedOver);
    }
    if (!this.#isWoken) {
      this.wake();
      this.#isWoken = true;
    }
  }

  /** Wait until everything has been written to the pipe. */
  drain() {
    const { slots } = this;
    const deadline = now() + LAST_OUTPUT;
    for (;;) {
      const read = load(slots, SLOTS.read);
      if (read === load(slots, SLOTS.written) || now() > deadline) {
        return;
      }
      this.#handOver();
      wait(slots, SLOTS.read, read, LOOK_AGAIN);
    }
  }
}

module.exports = { CAPACITY, Ring, SLOTS, WRITERS };
