/**
 * The main thread's side of an interrupt.
 *
 * V8 can terminate what the main thread executes, but would also terminate whatever comes
 * next if nothing is executed at that moment. Hence the control thread first looks whether
 * the main thread is free to read messages. One shared cell says where the two stand:
 * 0 nothing, 1 an interrupt was sent, 2 a termination is on its way, 3 it has taken place.
 */
"use strict";

const { SLOTS } = require("./ring.js");

/** Milliseconds to wait for a termination that is on its way, on a busy machine too. */
const LANDING = 1000;

const { compareExchange, load, notify, store } = Atomics;
const soon = setImmediate;
const now = performance.now.bind(performance);

/** @typedef {import("./context.js").CellContext} CellContext */
/** @typedef {import("./inspection.js").Inspection} Inspection */

/** Makes sure that a termination hits nothing but what it was meant for. */
class Interrupts {
  /** @type {Int32Array} */
  #slots;
  /** @type {Inspection} */
  #inspection;
  /** @type {CellContext} */
  #context;

  /**
   * @param {Int32Array} slots Shared with the control thread.
   * @param {Inspection} inspection
   * @param {CellContext} context
   */
  constructor(slots, inspection, context) {
    this.#slots = slots;
    this.#inspection = inspection;
    this.#context = context;
  }

  /**
   * Tell the control thread that an interrupt was read, and take what it has sent already.
   * @param {number} number The interrupt's.
   * @returns {void}
   */
  acknowledge(number) {
    const slots = this.#slots;
    // In this order, while the control thread writes the state and then reads the number:
    // one of the two threads sees the other.
    store(slots, SLOTS.acknowledged, number);
    notify(slots, SLOTS.acknowledged);
    compareExchange(slots, SLOTS.interrupt, 1, 0);
    if (load(slots, SLOTS.interrupt) === 2) {
      const deadline = now() + LANDING;
      this.#inspection.run(() => {
        while (load(slots, SLOTS.interrupt) === 2 && now() < deadline) {
          // To be terminated here is what this loop is for.
        }
      });
    }
    if (load(slots, SLOTS.interrupt) !== 0) {
      this.landed();
    }
  }

  /** Code was terminated: nothing is on its way any more. */
  landed() {
    store(this.#slots, SLOTS.interrupt, 0);
    store(this.#slots, SLOTS.spawning, 0);
    this.#context.reset();
    soon(clearAsyncStack);
  }
}

/**
 * Let Node forget the callbacks that a termination has left without their end.
 *
 * It does so after an uncaught exception (`clearAsyncIdStack` in lib/internal/process/execution.js),
 * and would otherwise abort when the user's code comes to use async_hooks.
 * @returns {void}
 */
function clearAsyncStack() {
  if (!process.hasUncaughtExceptionCaptureCallback()) {
    process.setUncaughtExceptionCaptureCallback(() => {
      process.setUncaughtExceptionCaptureCallback(null);
    });
    throw new Error("never seen");
  }
}

module.exports = { Interrupts };
