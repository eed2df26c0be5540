/**
 * Parts of the runner's program that not every session needs: they come with the first
 * request that needs them, and are kept for all runners to come.
 */
"use strict";

const zlib = { ...require("node:zlib") };

/** @typedef {Record<string, [method: string, packed: string]>} PackedParts By their names. */

const { entries } = Object;

/** What has come of them. */
class Parts {
  /** The texts by the names. @type {Map<string, string>} */
  #texts = new Map();

  /**
   * Keep what is not there yet.
   * @param {PackedParts | undefined} parts
   * @returns {void}
   */
  keep(parts) {
    for (const [name, [method, packed]] of entries(parts ?? {})) {
      if (!this.#texts.has(name)) {
        const bytes = /** @type {any} */ (zlib)[method](Buffer.from(packed, "base64"));
        this.#texts.set(name, bytes.toString());
      }
    }
  }

  /**
   * @param {string[]} names
   * @returns {string[]} Those that have not come yet.
   */
  missing(names) {
    return names.filter((name) => !this.#texts.has(name));
  }

  /**
   * Give a runner what it has not got yet.
   * @param {string[] | undefined} names
   * @param {import("./runner_process.js").RunnerProcess | null} runner
   * @returns {void}
   */
  give(names, runner) {
    for (const name of names ?? []) {
      if (runner !== null && !runner.parts.has(name)) {
        runner.parts.add(name);
        runner.send({ type: "part", name, text: this.#texts.get(name) });
      }
    }
  }
}

module.exports = { Parts };
