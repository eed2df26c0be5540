/**
 * Sockets, servers, child processes and threads: which of them a cell has begun.
 */
"use strict";

const childProcess = require("node:child_process");
const diagnostics = require("node:diagnostics_channel");
const Module = require("node:module");
const net = require("node:net");

const { defineDescendants } = require("../agent/descendants.js");
const { KeyboardInterrupt } = require("./ending.js");
const { replace } = require("./guards.js");
const { SLOTS } = require("./ring.js");
const { isShell } = require("./shell.js");

const { apply } = Reflect;
const { exchange, store } = Atomics;
const { killTree } = defineDescendants();

/** @typedef {import("./ending.js").Ending} Ending */
/** @typedef {import("node:child_process").ChildProcess} ChildProcess */
/** @typedef {(this: any, ...values: any[]) => any} AnyFunction */

/**
 * @param {ChildProcess} child
 * @returns {boolean}
 */
function isRunning(child) {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Children that may run, of whatever cell. @type {Set<ChildProcess>} */
const children = new Set();

/**
 * Let the end of a cell end these too.
 * @param {Ending} ending
 * @param {import("./context.js").CellContext} context
 * @param {Int32Array} slots Shared with the control thread.
 * @param {(message: object) => void} tell The control thread.
 * @returns {void}
 */
function guardResources(ending, context, slots, tell) {
  /**
   * Guard a method that begins something.
   * @param {(begun: any) => void} add
   * @returns {(native: AnyFunction) => AnyFunction}
   */
  const begins = (add) => (native) =>
    function (...values) {
      ending.refuse();
      const result = apply(native, this, values);
      add(this);
      return result;
    };

  /**
   * What it calls back counts for the cell that has begun it.
   * @param {any} emitter
   * @param {() => void} [onClose]
   * @returns {void}
   */
  const adopt = (emitter, onClose) => {
    const cell = ending.owner;
    const { emit } = emitter;
    const value = function (/** @type {any[]} */ ...values) {
      if (values[0] === "close") {
        onClose?.();
      }
      context.resume(cell);
      return !ending.wasEnded(cell) && apply(emit, emitter, values);
    };
    Object.defineProperty(emitter, "emit", { value, configurable: true, writable: true });
  };

  const addStream = (/** @type {import("node:stream").Duplex} */ stream) => {
    ending.add({ isActive: () => !stream.destroyed, fail: (error) => stream.destroy(error) });
  };

  replace(net.Socket.prototype, "connect", begins(addStream));
  replace(
    net.Server.prototype,
    "listen",
    begins((/** @type {any} */ server) => {
      adopt(server);
      const close = () => {
        server.close();
        server.closeAllConnections?.();
      };
      ending.add({ isActive: () => server.listening, fail: close });
    }),
  );
  replace(
    childProcess.ChildProcess.prototype,
    "spawn",
    begins((/** @type {ChildProcess} */ child) => {
      for (const each of children) {
        if (!isRunning(each)) {
          children.delete(each);
        }
      }
      children.add(child);
      let isOpen = child.pid !== undefined;
      adopt(child, () => {
        isOpen = false;
      });
      const signal = (/** @type {NodeJS.Signals} */ name) => (/** @type {Error} */ error) => {
        if (isRunning(child)) {
          killTree(/** @type {number} */ (child.pid), name);
        }
        for (const stream of child.stdio ?? []) {
          stream?.destroy(error);
        }
      };
      // Commands of magics are given their own time.
      const isActive = () => isOpen && !isShell(child);
      ending.add({ isActive, fail: signal("SIGTERM"), end: signal("SIGKILL") });
    }),
  );
  for (const name of ["spawnSync", "execSync", "execFileSync"]) {
    replace(childProcess, name, (native) => function (...values) {
      ending.refuse();
      tell({ spared: [...children].filter(isRunning).map((child) => child.pid) });
      store(slots, SLOTS.spawning, 1);
      try {
        return apply(native, this, values);
      } finally {
        // The control thread has killed it.
        if (exchange(slots, SLOTS.spawning, 0) > 1) {
          ending.isHit = true;
          // eslint-disable-next-line no-unsafe-finally -- whatever has come of it
          throw new KeyboardInterrupt();
        }
      }
    });
  }
  diagnostics.subscribe("http.client.request.start", (message) => {
    const { request } = /** @type {any} */ (message);
    adopt(request);
    addStream(request);
  });
  diagnostics.subscribe("udp.socket", (message) => {
    const { socket } = /** @type {any} */ (message);
    let isOpen = true;
    socket.once("close", () => {
      isOpen = false;
    });
    ending.add({ isActive: () => isOpen, fail: () => socket.close() });
  });
  process.on("worker", (worker) => {
    let isActive = true;
    worker.once("exit", () => {
      isActive = false;
    });
    adopt(worker);
    ending.add({ isActive: () => isActive, fail: () => void worker.terminate() });
  });
  Module.syncBuiltinESMExports();
}

module.exports = { guardResources };
