/**
 * What `%session` says of the process that runs the cells.
 */
"use strict";

const os = require("node:os");
const process = require("node:process");

/** @returns {object} */
module.exports = () => {
  const { user, system } = process.cpuUsage();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    __proto__: null,
    node: process.version,
    system: `${os.type()} ${os.release()}, ${os.arch()}`,
    resident: rss,
    heap: heapUsed,
    // Node before 18.15 does not know the memory that its container allows.
    total: Math.min(process.constrainedMemory?.() || Infinity, os.totalmem()),
    processors: os.availableParallelism?.() ?? os.cpus().length,
    processorSeconds: user / 1e6 + system / 1e6,
    uptime: process.uptime(),
  };
};
