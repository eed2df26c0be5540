/**
 * Pipes for the runner's descriptors 1 and 2.
 *
 * Node gives children Unix sockets, and Linux opens no socket by its name: `/dev/stdout` and
 * `/dev/stderr` would be of no use to commands and cells.
 */
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");

/** Milliseconds that making the pipes may take. */
const PATIENCE = 2000;

/**
 * @typedef {object} NamedPipes
 * @property {string[]} paths Where the runner opens them: for stdout and stderr.
 * @property {net.Socket[]} readers The other ends.
 * @property {() => void} release The runner has opened them, or never will.
 */

/** @returns {NamedPipes | null} Null where there is no need, or nobody to make them. */
function createNamedPipes() {
  if (process.platform !== "linux") {
    return null;
  }
  let folder = "";
  /** @type {number[]} */
  const held = [];
  const release = () => {
    for (const descriptor of held.splice(0)) {
      fs.closeSync(descriptor);
    }
    if (folder !== "") {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), ".acajs-pipes-"));
    const paths = ["1", "2"].map((name) => path.join(folder, name));
    if (spawnSync("mkfifo", paths, { stdio: "ignore", timeout: PATIENCE }).status !== 0) {
      throw new Error("there is no mkfifo");
    }
    const { O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;
    const readers = paths.map((file) => {
      const fd = fs.openSync(file, O_RDONLY | O_NONBLOCK);
      // Until the runner writes, a pipe without a writer would have ended.
      held.push(fs.openSync(file, O_WRONLY));
      return new net.Socket({ fd, readable: true, writable: false });
    });
    return { paths, readers, release };
  } catch {
    release();
    return null;
  }
}

module.exports = { createNamedPipes };
