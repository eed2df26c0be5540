/**
 * What keeps Node running: timers, requests, servers, child processes.
 */
"use strict";

const process = require("node:process");
const { setTimeout } = require("node:timers");

/** Of the runner's own pipes, which are always there. */
const OWN = ["PipeWrap", "TTYWrap"];

/** Milliseconds between two looks. */
const PAUSE = 20;

/** @returns {number} How many such things there are. */
function pending() {
  return process.getActiveResourcesInfo().filter((name) => !OWN.includes(name)).length;
}

/**
 * @param {{waits?: boolean}} [options] Whether to wait until there are none.
 * @returns {number | Promise<number>} How many there are.
 */
module.exports = ({ waits = false } = {}) => {
  if (!waits || pending() === 0) {
    return pending();
  }
  return (async () => {
    while (pending() > 0) {
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          setTimeout(resolve, PAUSE).unref();
        })
      );
    }
    return 0;
  })();
};
