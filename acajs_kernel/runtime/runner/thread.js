/**
 * Starting the control thread.
 */
"use strict";

const { getHeapStatistics } = require("node:v8");
const { MessageChannel, SHARE_ENV, Worker } = require("node:worker_threads");

const { defineDescendants } = require("../agent/descendants.js");
const { controlThread } = require("./control.js");
const { watchHeap } = require("./heap_watch.js");
const { pinned } = require("./realm.js");
const { Ring, SLOTS, WRITERS } = require("./ring.js");

/**
 * Start the thread that writes the events and serves what cannot wait for the main one.
 *
 * It takes some 40 ms to come up. Until then the ring keeps the events, and the pipes what
 * the agent sends.
 * @returns {{ring: Ring, replies: import("node:worker_threads").MessagePort, tell: (message: object) => void}}
 *   What the events are added to, where replies to blocking prompts arrive, and what the thread is told with.
 */
function startControlThread() {
  const ring = new Ring();
  const { port1, port2 } = new MessageChannel();
  const { port1: waking, port2: woken } = new MessageChannel();
  const limit = getHeapStatistics().heap_size_limit;
  const program = `(${controlThread.toString()})((${defineDescendants.toString()})())`;
  const worker = new Worker(`${program};(${watchHeap.toString()})(${limit})`, {
    eval: true,
    workerData: { memory: ring.memory, slots: ring.slots, indices: SLOTS, writers: WRITERS, port: port2, waking: woken },
    transferList: [port2, woken],
    execArgv: [],
    env: SHARE_ENV,
  });
  worker.unref();
  pinned(waking);
  const tell = (/** @type {object | null} */ message) => waking.postMessage(message);
  ring.wake = () => tell(null);
  return { ring, replies: port1, tell };
}

module.exports = { startControlThread };
