/**
 * `prompt`, `confirm` and `alert` as in browsers, and an `input` that does not block.
 */
"use strict";

const { receiveMessageOnPort } = require("node:worker_threads");

const { cut } = require("./bounds.js");
const { SLOTS } = require("./ring.js");

/** Characters of a prompt that are shown. */
const MOST_CHARACTERS = 10_000;

/** @typedef {import("./output.js").Output} Output */
/** @typedef {{token: string, value?: string, error?: string}} Reply */

const { load, wait } = Atomics;

/** Asks the user through the notebook's frontend. */
class Prompts {
  /** @type {Output} */
  #output;
  /** @type {Int32Array} */
  #state;
  /** @type {() => boolean} */
  #isAllowed;
  /** @type {import("node:worker_threads").MessagePort} */
  #replies;
  #lastToken = 0;
  /** @type {Map<string, {resolve: (value: string) => void, reject: (error: Error) => void}>} */
  #promises = new Map();

  /**
   * @param {Output} output
   * @param {Int32Array} state The cells shared with the control thread.
   * @param {import("node:worker_threads").MessagePort} replies Brings what the main thread blocks for.
   * @param {() => boolean} isAllowed Whether the frontend answers the code that runs now.
   */
  constructor(output, state, replies, isAllowed) {
    this.#output = output;
    this.#state = state;
    this.#replies = replies;
    this.#isAllowed = isAllowed;
  }

  /**
   * A reply to a prompt that does not block has come.
   * @param {Reply} reply
   * @returns {void}
   */
  receive(reply) {
    const promise = this.#promises.get(reply.token);
    this.#promises.delete(reply.token);
    if (reply.error === undefined) {
      promise?.resolve(reply.value ?? "");
    } else {
      promise?.reject(new Error(reply.error));
    }
  }

  /** The functions for the user's globals. */
  functions() {
    return {
      prompt: (text = "", initial = "") => {
        const shown = initial === "" ? `${text} ` : `${text} [${initial}] `;
        return this.#ask(shown) || String(initial);
      },
      confirm: (text = "") => /^\s*y/i.test(this.#ask(`${text} [y/N] `)),
      alert: (text = "") => {
        this.#ask(`${text} [Enter] `);
      },
      input: (text = "", options = {}) => {
        const { password = false } = { ...options };
        return this.#askLater(String(text), password);
      },
    };
  }

  /**
   * Ask and block until the answer is here; an interrupt ends it.
   * @param {string} prompt
   * @returns {string}
   */
  #ask(prompt) {
    const token = this.#request(prompt, false, true);
    for (;;) {
      const count = load(this.#state, SLOTS.replies);
      for (let item; (item = receiveMessageOnPort(this.#replies)); ) {
        const reply = /** @type {Reply} */ ({ ...item.message });
        if (reply.token === token) {
          if (reply.error !== undefined) {
            throw new Error(reply.error);
          }
          return reply.value ?? "";
        }
      }
      wait(this.#state, SLOTS.replies, count);
    }
  }

  /**
   * @param {string} prompt
   * @param {boolean} password
   * @returns {Promise<string>}
   */
  async #askLater(prompt, password) {
    const token = this.#request(prompt, password, false);
    return new Promise((resolve, reject) => {
      this.#promises.set(token, { resolve, reject });
    });
  }

  /**
   * @param {string} prompt
   * @param {boolean} password
   * @param {boolean} blocks
   * @returns {string} What the reply is known by.
   */
  #request(prompt, password, blocks) {
    if (!this.#isAllowed()) {
      throw new Error(
        "This frontend does not allow input here. Run the cell in a frontend that can ask " +
          "for input, such as JupyterLab, and ask while the cell is running.",
      );
    }
    this.#lastToken += 1;
    const token = `input-${process.pid}-${this.#lastToken}`;
    const shown = cut(prompt, MOST_CHARACTERS);
    this.#output.send({
      kind: "input",
      cell: this.#output.cell,
      token,
      prompt: shown,
      password: Boolean(password),
      blocks,
    });
    return token;
  }
}

module.exports = { Prompts };
