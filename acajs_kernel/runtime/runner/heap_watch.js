/**
 * Ends a process that does little but collect garbage, as its heap is nearly full.
 *
 * V8 gives up after four collections in a row that were of no use, and with a heap of gigabytes
 * each of them takes many seconds.
 */
"use strict";

/**
 * The rest of the control thread's program; handed over as text, it uses nothing from outside.
 * @param {number} limit Bytes that the heap of the main thread may have.
 * @returns {void}
 */
function watchHeap(limit) {
  const fs = require("node:fs");
  const inspector = require("node:inspector");

  /** Milliseconds between looks at the memory of the whole process, which cost nothing. */
  const INTERVAL = 1000;

  /** Parts of the limit: of the process from which the heap is looked at, of a heap nearly full. */
  const NEAR = 0.85;
  const FULL = 0.93;

  /** Milliseconds of collections on a heap that is nearly full until the process is ended. */
  const PATIENCE = 5000;

  /** Answers that take less are no sign of a collection, in milliseconds. */
  const PROMPT = 250;

  const now = performance.now.bind(performance);
  const startTimer = setInterval;

  /** The part of the heap that was used when it was asked for last. */
  let used = 0;
  /** Milliseconds on a full heap in which the main thread did not answer, of how many. */
  let blocked = 0;
  let watched = 0;
  let isAsking = false;
  let asked = 0;
  let processor = 0;

  /**
   * Count the time since the question was asked, unless the process has slept through it.
   * @returns {void}
   */
  function count() {
    const waited = now() - asked;
    const { user, system } = process.cpuUsage();
    const isBusy = (user + system) / 1000 - processor > waited / 2;
    watched += waited;
    blocked += isBusy && waited > PROMPT ? waited : 0;
  }

  /** Look at the heap. The main thread answers between two collections, whatever it does. */
  function ask() {
    const session = new inspector.Session();
    const { user, system } = process.cpuUsage();
    processor = (user + system) / 1000;
    asked = now();
    isAsking = true;
    session.connectToMainThread();
    session.post("Runtime.getHeapUsage", (error, usage) => {
      isAsking = false;
      session.disconnect();
      used = error === null ? /** @type {any} */ (usage).usedSize / limit : 0;
      if (used < FULL) {
        blocked = 0;
        watched = 0;
      } else {
        count();
        judge(0);
      }
    });
  }

  /** @param {number} waiting Milliseconds of a question that has no answer yet. */
  function judge(waiting) {
    if (blocked + waiting >= PATIENCE && blocked + waiting >= (watched + waiting) / 2) {
      // What V8 writes then, by which the agent knows the reason.
      fs.writeSync(2, "\n<--- Last few GCs --->\nJavaScript heap out of memory\n");
      process.kill(process.pid, "SIGKILL");
    }
  }

  const timer = startTimer(() => {
    if (!isAsking) {
      if (process.memoryUsage.rss() > NEAR * limit) {
        ask();
      }
    } else if (used >= FULL) {
      const { user, system } = process.cpuUsage();
      const waiting = now() - asked;
      if ((user + system) / 1000 - processor > waiting / 2) {
        judge(waiting);
      }
    }
  }, INTERVAL);
  timer.unref();
}

module.exports = { watchHeap };
