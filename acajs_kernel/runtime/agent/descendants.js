/**
 * The processes that a process started, found in Linux's /proc.
 */
"use strict";

const fs = require("node:fs");

/**
 * @returns {Map<number, number[]>} The children of every process; empty where /proc is missing.
 */
function childrenOfAll() {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  /** @type {string[]} */
  let names = [];
  try {
    names = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return children;
  }
  for (const name of names) {
    try {
      // The second field, the command's name, may hold spaces and parentheses.
      const status = fs.readFileSync(`/proc/${name}/stat`, "utf8");
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
 * @returns {number[]} The process's descendants, nearest first.
 */
function descendantsOf(pid) {
  const children = childrenOfAll();
  const found = [...(children.get(pid) ?? [])];
  for (let index = 0; index < found.length; index += 1) {
    found.push(...(children.get(/** @type {number} */ (found[index])) ?? []));
  }
  return found;
}

/**
 * Kill a process and what it started; what cannot be found or killed is left.
 * @param {number} pid
 * @returns {void}
 */
function killTree(pid) {
  for (const each of [...descendantsOf(pid), pid]) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

module.exports = { killTree };
