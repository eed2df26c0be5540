/**
 * Starting the control thread.
 */
"use strict";

const { getHeapStatistics } = require("node:v8");
const { MessageChannel, SHARE_ENV, Worker } = require("node:worker_threads");

const { pinned } = require("./realm.js");

const { controlThread } = require("./control.js");
const { watchHeap } = require("./heap_watch.js");
const { Ring, SLOTS, WRITERS } = require("./ring.js");

/**
 * Start the thread that writes the events and serves what cannot wait for the main one.
 *
 * It takes some 40 ms to come up. Until then the ring keeps the events, and the pipes what
 * the agent sends.
 * @returns {{ring: Ring, replies: import("node:worker_threads").MessagePort}} What the events are
 *   added to, and where replies to blocking prompts arrive.
 */
function startControlThread() {
  const ring = new Ring();
  const { port1, port2 } = new MessageChannel();
  const { port1: waking, port2: woken } = new MessageChannel();
  const limit = getHeapStatistics().heap_size_limit;
  const worker = new Worker(`(${controlThread.toString()})();(${watchHeap.toString()})(${limit})`, {
    eval: true,
    workerData: { memory: ring.memory, slots: ring.slots, indices: SLOTS, writers: WRITERS, port: port2, waking: woken },
    transferList: [port2, woken],
    execArgv: [],
    env: SHARE_ENV,
  });
  worker.unref();
  pinned(waking);
  ring.wake = () => waking.postMessage(null);
  return { ring, replies: port1 };
}

module.exports = { startControlThread };
