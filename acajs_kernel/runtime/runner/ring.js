/**
 * A queue of bytes in shared memory, from the main thread to the control thread.
 *
 * The control thread alone writes the pipe of events. Hence what was printed is on its way
 * whatever the main thread does next, be it computing for an hour or blocking in a call;
 * and as a record is added by a single store, an interrupt that ends the main thread's
 * code at any point leaves it added or not, never half.
 */
"use strict";

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
  /** 1 while the control thread sleeps and must be woken. */
  parked: 4,
  /** The number of the last interrupt that the main thread has read. */
  acknowledged: 5,
  /** 1 while the main thread waits for a child process, 2 when that was signalled. */
  spawning: 6,
  /** 1 while an interrupted cell is given time to end. */
  ending: 7,
});

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
    const most = record.length * WIDEST;
    const written = load(slots, SLOTS.written);
    for (;;) {
      const read = load(slots, SLOTS.read);
      if (CAPACITY - ((written - read) >>> 0) >= most) {
        break;
      }
      wait(slots, SLOTS.read, read, LOOK_AGAIN);
    }
    const start = written & (CAPACITY - 1);
    let count;
    if (start + most <= CAPACITY) {
      count = writeText(this.#bytes, record, start);
    } else {
      const bytes = new Uint8Array(most);
      count = writeText(bytes, record, 0);
      for (let index = 0; index < count; index += 1) {
        this.#bytes[(start + index) & (CAPACITY - 1)] = /** @type {number} */ (bytes[index]);
      }
    }
    store(slots, SLOTS.written, (written + count) | 0);
    if (compareExchange(slots, SLOTS.parked, 1, 0) === 1) {
      this.wake();
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
      wait(slots, SLOTS.read, read, LOOK_AGAIN);
    }
  }
}

module.exports = { CAPACITY, Ring, SLOTS };
