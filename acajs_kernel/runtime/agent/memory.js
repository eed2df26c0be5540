/**
 * How much memory the runner may use, so that it dies before the session does.
 */
"use strict";

const fs = require("node:fs");
const os = require("node:os");

const MEGABYTE = 1024 * 1024;

/** Megabytes for the interpreter itself and for what the runner holds outside its heap. */
const RESERVED_MEGABYTES = 256;

const LEAST_HEAP_MEGABYTES = 128;

/** Node's own default does not exceed this on any machine. */
const GREATEST_HEAP_MEGABYTES = 4096;

/** Where a container's limit is found: control groups version 2, then version 1. */
const LIMIT_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** @returns {number} Bytes that the session may use: the container's limit, or the machine's. */
function totalMemory() {
  const machine = os.totalmem();
  for (const file of LIMIT_FILES) {
    try {
      const limit = Number(fs.readFileSync(file, "utf8"));
      if (limit > 0 && limit < machine) {
        return limit;
      }
    } catch {
      // Not a container of this kind.
    }
  }
  return machine;
}

/**
 * @param {number} total Bytes that the session may use.
 * @returns {number} Megabytes for the runner's old generation.
 */
function heapMegabytes(total) {
  const share = Math.floor((total / MEGABYTE - RESERVED_MEGABYTES) * 0.75);
  return Math.min(Math.max(share, LEAST_HEAP_MEGABYTES), GREATEST_HEAP_MEGABYTES);
}

module.exports = { heapMegabytes, totalMemory };
