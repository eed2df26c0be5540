/**
 * Where an imported module has its syntax error: the error that Node throws does not say.
 */
"use strict";

const { Worker } = require("node:worker_threads");

const { pinned } = require("./realm.js");
const { ARROW } = require("./traceback.js");

/** Milliseconds that the search may take. */
const PATIENCE = 2000;

const startTimer = setTimeout;
const stopTimer = clearTimeout;

/**
 * A thread's whole program: compile a module and those that it imports, until one fails. Nothing
 * of them is run. What a thread fails with has the place in its stack.
 * @returns {void}
 */
function compileModules() {
  const fs = require("node:fs");
  const vm = /** @type {any} */ (require("node:vm"));
  const { workerData } = require("node:worker_threads");

  const most = 1000;
  const found = new Set([workerData]);
  for (const url of found) {
    let text = "";
    try {
      text = fs.readFileSync(new URL(url), "utf8");
    } catch {
      // It is no file, or is gone.
    }
    const module = new vm.SourceTextModule(text, { identifier: url });
    for (const specifier of module.dependencySpecifiers) {
      if (/^(?:\.{0,2}\/|file:)/.test(specifier) && /\.m?js$/.test(specifier) && found.size < most) {
        found.add(new URL(specifier, url).href);
      }
    }
  }
}

/**
 * @param {string} url
 * @returns {Promise<Error | null>} The syntax error of this module, or of one that it imports.
 */
function findError(url) {
  return new Promise((resolve) => {
    const worker = pinned(
      new Worker(`(${compileModules.toString()})()`, {
        eval: true,
        workerData: url,
        execArgv: ["--experimental-vm-modules", "--no-warnings"],
      }),
    );
    const end = (/** @type {unknown} */ error) => {
      stopTimer(timer);
      worker.terminate();
      // What comes from another thread is no native error.
      resolve(typeof error === "object" ? /** @type {Error | null} */ (error) : null);
    };
    const timer = startTimer(end, PATIENCE);
    worker.once("error", end);
    worker.once("exit", end);
  });
}

/**
 * Put the place of a module's syntax error before its stack, as Node does for other files.
 * @param {any} error What its import has failed with.
 * @param {string} url The module's.
 * @returns {Promise<void>}
 */
async function locate(error, url) {
  const { message, name, stack } = error;
  if (name !== "SyntaxError" || typeof stack !== "string" || ARROW.test(stack) || !url.startsWith("file:")) {
    return;
  }
  const found = await findError(url);
  const arrow = found?.message === message && ARROW.exec(found?.stack ?? "");
  if (arrow) {
    error.stack = `${arrow[0]}\n${stack}`;
  }
}

module.exports = { locate };
