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
  const { setInterval: startTimer } = require("node:timers");

  /** Milliseconds between looks at the memory of the whole process, which cost nothing. */
  const INTERVAL = 1000;

  /** Parts of the limit: of the process from which the heap is looked at, of a heap nearly full. */
  const NEAR = 0.85;
  const FULL = 0.93;

  /** Milliseconds of collections on a heap that is nearly full until the process is ended. */
  const PATIENCE = 5000;

  /** Answers that take less are no sign of a collection, in milliseconds. */
  const PROMPT = 250;

  /** The least part of a processor that collections get while others want it too. */
  const SHARE = 0.05;

  const now = performance.now.bind(performance);

  /** The part of the heap that was used when it was asked for last. */
  let used = 0;
  /** Milliseconds on a full heap in which the main thread did not answer, less those in which it ran. */
  let blocked = 0;
  let isAsking = false;
  let asked = 0;
  let processor = 0;

  /** @returns {number} Milliseconds that the processors have worked for this process. */
  function worked() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }

  /** @returns {number} Milliseconds since the question was asked, or none where the process slept. */
  function waiting() {
    const milliseconds = now() - asked;
    return worked() - processor > milliseconds * SHARE ? milliseconds : 0;
  }

  /** Look at the heap. The main thread answers between two collections, whatever it does. */
  function ask() {
    const session = new inspector.Session();
    processor = worked();
    asked = now();
    isAsking = true;
    session.connectToMainThread();
    session.post("Runtime.getHeapUsage", (error, usage) => {
      isAsking = false;
      session.disconnect();
      used = error === null ? /** @type {any} */ (usage).usedSize / limit : 0;
      const answered = waiting();
      blocked = used < FULL ? 0 : blocked + (answered > PROMPT ? answered : 0);
      judge(0);
    });
  }

  /** @param {number} unanswered Milliseconds of a question that has no answer yet. */
  function judge(unanswered) {
    if (blocked + unanswered >= PATIENCE) {
      // What V8 writes then, by which the agent knows the reason.
      fs.writeSync(2, "\n<--- Last few GCs --->\nJavaScript heap out of memory\n");
      process.kill(process.pid, "SIGKILL");
    }
  }

  const timer = startTimer(() => {
    if (!isAsking) {
      blocked = Math.max(0, blocked - INTERVAL);
      if (process.memoryUsage.rss() > NEAR * limit) {
        ask();
      }
    } else if (used >= FULL) {
      judge(waiting());
    }
  }, INTERVAL);
  timer.unref();
}

module.exports = { watchHeap };
