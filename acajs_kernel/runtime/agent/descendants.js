/**
 * The processes that a process started, found in Linux's /proc.
 */
"use strict";

/**
 * Uses nothing from outside: the runner's control thread is given its text.
 * @returns {{childrenOf: (pid: number) => number[], killTree: (pid: number, signal?: NodeJS.Signals) => void}}
 */
function defineDescendants() {
  // Taken once: cells may replace them, and an ended cell's calls of them are refused.
  const { existsSync, readdirSync, readFileSync } = require("node:fs");
  const kill = process.kill.bind(process);
  const { filter } = Array.prototype;

  /** Whether Linux tells what a process started; else all processes must be looked through. */
  const isTold = existsSync(`/proc/${process.pid}/task/${process.pid}/children`);

  /**
   * @param {string} folder
   * @returns {string[]} What in it is named by a number.
   */
  function numbersIn(folder) {
    return Reflect.apply(filter, readdirSync(folder), [(/** @type {string} */ name) => /^\d+$/.test(name)]);
  }

  /** @returns {Map<number, number[]>} The children of every process. */
  function childrenOfAll() {
    /** @type {Map<number, number[]>} */
    const children = new Map();
    for (const name of numbersIn("/proc")) {
      try {
        // The second field, the command's name, may hold spaces and parentheses.
        const status = readFileSync(`/proc/${name}/stat`, "utf8");
        const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
        const parent = Number(fields[1]);
        children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
      } catch {
        // It ended in the meantime.
      }
    }
    return children;
  }

  /**
   * @param {number} pid
   * @param {(string | number)[]} [threads] The process's.
   * @returns {number[]} What its threads have started; empty when it has ended, or /proc is missing.
   */
  function startedBy(pid, threads) {
    try {
      if (!isTold) {
        return childrenOfAll().get(pid) ?? [];
      }
      const folder = `/proc/${pid}/task`;
      const lists = (threads ?? numbersIn(folder)).map((thread) => readFileSync(`${folder}/${thread}/children`, "utf8"));
      return lists.join(" ").split(" ").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  }

  /**
   * @param {number} pid
   * @returns {number[]} What the process's main thread has started, or all its threads where that is not known.
   */
  function childrenOf(pid) {
    return startedBy(pid, [pid]);
  }

  /**
   * Send a signal to a process and what it started; what cannot be found or killed is left.
   * @param {number} pid
   * @param {NodeJS.Signals} [signal]
   * @returns {void}
   */
  function killTree(pid, signal = "SIGKILL") {
    const found = [pid];
    for (let index = 0; index < found.length; index += 1) {
      found.push(...startedBy(/** @type {number} */ (found[index])));
    }
    for (const each of found) {
      try {
        kill(each, signal);
      } catch {
        // It has ended already.
      }
    }
  }

  return { childrenOf, killTree };
}

module.exports = { defineDescendants };
