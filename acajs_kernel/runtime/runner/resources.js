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
const { method, replace } = require("./guards.js");
const { standingFor } = require("./realm.js");
const { SLOTS } = require("./ring.js");
const { isShell } = require("./shell.js");

const { apply } = Reflect;
const { defineProperty } = Object;
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
    method(function (...values) {
      ending.refuse();
      const result = apply(native, this, values);
      add(this);
      return result;
    });

  /**
   * What it calls back counts for the cell that has begun it.
   * @param {any} emitter
   * @param {string} [last] The event after which there is nothing more.
   * @returns {() => boolean} Whether that is still to come.
   */
  const claim = (emitter, last) => {
    let isOpen = true;
    const cell = ending.owner;
    const { emit } = emitter;
    const guarded = method((...values) => {
      isOpen &&= values[0] !== last;
      context.resume(cell);
      // Whoever ends a command of a magic waits for its end, which comes after that of its cell.
      return (!ending.wasEnded(cell) || isShell(emitter)) && apply(emit, emitter, values);
    });
    defineProperty(emitter, "emit", { value: standingFor(guarded, emit), configurable: true, writable: true });
    return () => isOpen;
  };

  const addStream = (/** @type {import("node:stream").Duplex} */ stream) => {
    const { destroy } = stream;
    ending.add({ isActive: () => !stream.destroyed, fail: (error) => apply(destroy, stream, [error]) });
  };

  replace(net.Socket.prototype, "connect", begins(addStream));
  replace(
    net.Server.prototype,
    "listen",
    begins((/** @type {any} */ server) => {
      claim(server);
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
      const isOpen = claim(child, "close");
      const signal = (/** @type {NodeJS.Signals} */ name) => (/** @type {Error} */ error) => {
        if (isRunning(child)) {
          killTree(/** @type {number} */ (child.pid), name);
        }
        for (const stream of child.stdio ?? []) {
          stream?.destroy(error);
        }
      };
      // Commands of magics are given their own time.
      const isActive = () => child.pid !== undefined && isOpen() && !isShell(child);
      ending.add({ isActive, fail: signal("SIGTERM"), end: signal("SIGKILL") });
    }),
  );
  for (const name of ["spawnSync", "execSync", "execFileSync"]) {
    replace(childProcess, name, (native) => method(function (...values) {
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
    }));
  }
  diagnostics.subscribe("http.client.request.start", (message) => {
    const { request } = /** @type {any} */ (message);
    claim(request);
    addStream(request);
  });
  diagnostics.subscribe("udp.socket", (message) => {
    const { socket } = /** @type {any} */ (message);
    ending.add({ isActive: claim(socket, "close"), fail: () => socket.close() });
  });
  process.on("worker", (worker) => {
    ending.add({ isActive: claim(worker, "exit"), fail: () => void worker.terminate() });
  });
  Module.syncBuiltinESMExports();
}

module.exports = { guardResources };
