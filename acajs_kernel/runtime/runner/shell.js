/**
 * Commands of the session's shell, for cells.
 */
"use strict";

const { spawn } = require("node:child_process");
const { EventEmitter } = require("node:events");

const { exposed, listOf, pinned, user } = require("./realm.js");

// Taken once: what a cell listens for is not told to it any more when it has been interrupted.
const { on: listen, once: listenOnce } = EventEmitter.prototype;
const { apply } = Reflect;

/** The name the kernel's magics call. */
const SHELL_NAME = "__acajs_shell__";

/** Milliseconds between asking a command to end and ending it. */
const GRACE = 1000;

const isWindows = process.platform === "win32";
const kill = process.kill.bind(process);
const startTimer = setTimeout;
const stopTimer = clearTimeout;

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */

/** @type {Set<ChildProcess>} */
const running = new Set();

/** Says how a command ended that did not end well. */
class ShellError extends user.Error {
  /**
   * @param {number | null} code
   * @param {string | null} signal
   */
  constructor(code, signal) {
    super(signal === null ? `exit status ${code}` : `ended by ${signal}`);
    this.name = "ShellError";
  }
}

/**
 * @param {ChildProcess} child
 * @param {NodeJS.Signals} signal
 * @returns {void}
 */
function signalAll(child, signal) {
  try {
    // Elsewhere the command leads a group of its own, with whatever it has started.
    kill(isWindows ? /** @type {number} */ (child.pid) : -(/** @type {number} */ (child.pid)), signal);
  } catch {
    // It has ended by itself.
  }
}

/**
 * Run a command, or a program with its arguments.
 *
 * What it prints goes to this process's own descriptors, which the agent reads as it comes.
 * @param {string | string[]} command
 * @param {string} [input] What it reads; without it nothing.
 * @returns {Promise<void>} Rejected if it failed.
 */
function runShell(command, input) {
  const [program = "", ...rest] = Array.isArray(command) ? listOf(command) : [command];
  return new Promise((resolve, reject) => {
    const child = pinned(spawn(program, rest, {
      shell: !Array.isArray(command),
      stdio: [input === undefined ? "ignore" : "pipe", "inherit", "inherit"],
      detached: !isWindows,
      windowsHide: true,
    }));
    running.add(child);
    const onError = (/** @type {Error} */ error) => {
      running.delete(child);
      reject(error);
    };
    const onExit = (/** @type {number | null} */ code, /** @type {string | null} */ signal) => {
      running.delete(child);
      if (code === 0) {
        resolve();
      } else {
        reject(new ShellError(code, signal));
      }
    };
    apply(listen, child, ["error", onError]);
    apply(listen, child, ["exit", onExit]);
    if (child.stdin !== null) {
      // A program may end before it has read everything.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    }
  });
}

/**
 * End every command that runs: asked first, then by force.
 * @returns {Promise<void>}
 */
async function stopShell() {
  const ends = [...running].map(
    (child) =>
      /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const timer = startTimer(() => signalAll(child, "SIGKILL"), GRACE);
          const onExit = () => {
            stopTimer(timer);
            resolve();
          };
          apply(listenOnce, child, ["exit", onExit]);
          signalAll(child, "SIGTERM");
        })
      ),
  );
  await Promise.all(ends);
}

/** Define the name that the magics use. */
function defineShell() {
  const value = exposed(Object.assign(runShell, { stop: stopShell }));
  Object.defineProperty(globalThis, SHELL_NAME, { value, enumerable: false, writable: false });
}

/**
 * @param {ChildProcess} child
 * @returns {boolean} Whether it is a command that is ended in its own way.
 */
function isShell(child) {
  return running.has(child);
}

module.exports = { defineShell, isShell };
