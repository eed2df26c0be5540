/**
 * The processes that a process started, found in Linux's /proc.
 */
"use strict";

/**
 * Uses nothing from outside: the runner's control thread is given its text.
 * @returns {{childrenOf: (pid: number) => number[], killTree: (pid: number, signal?: NodeJS.Signals) => void}}
 */
function defineDescendants() {
  // Taken once: cells may replace them, and an ended cell's own are refused.
  const { readdirSync, readFileSync } = require("node:fs");
  const kill = process.kill.bind(process);

  /**
   * @returns {Map<number, number[]>} The children of every process; empty where /proc is missing.
   */
  function childrenOfAll() {
    /** @type {Map<number, number[]>} */
    const children = new Map();
    /** @type {string[]} */
    let names = [];
    try {
      names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    } catch {
      return children;
    }
    for (const name of names) {
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
   * @returns {number[]} What the process's main thread has started, or all its threads where that is not known.
   */
  function childrenOf(pid) {
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
    } catch {
      return childrenOfAll().get(pid) ?? [];
    }
  }

  /**
   * Send a signal to a process and what it started; what cannot be found or killed is left.
   * @param {number} pid
   * @param {NodeJS.Signals} [signal]
   * @returns {void}
   */
  function killTree(pid, signal = "SIGKILL") {
    const children = childrenOfAll();
    const found = [pid];
    for (let index = 0; index < found.length; index += 1) {
      found.push(...(children.get(/** @type {number} */ (found[index])) ?? []));
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
