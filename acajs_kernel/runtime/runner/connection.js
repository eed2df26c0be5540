/**
 * A connection to V8's inspector that takes and gives texts.
 *
 * `inspector.Session` makes and reads its messages with objects of the user's realm, so that
 * `Object.prototype.toJSON` or `Object.prototype.error` decide what is understood. What it is
 * made of has no such objects, and is taken from Node where Node gives it away.
 */
"use strict";

const { Session } = require("node:inspector");

const { binding } = require("./internals.js");

const { parse, stringify } = JSON;

/** @typedef {{dispatch: (message: string) => void, disconnect: () => void}} Connection */
/** @typedef {new (onMessage: (message: string) => void) => Connection} ConnectionType */

/** The same by what Node documents. @implements {Connection} */
class SessionConnection {
  #session = new Session();
  #onMessage;

  /** @param {(message: string) => void} onMessage */
  constructor(onMessage) {
    this.#onMessage = onMessage;
    this.#session.connect();
  }

  /**
   * @param {string} message
   * @returns {void}
   */
  dispatch(message) {
    const { id, method, params } = parse(message);
    this.#session.post(method, params, (error, result) => {
      const outcome = error === null ? { result } : { error: { message: error.message } };
      this.#onMessage(stringify({ id, ...outcome }));
    });
  }

  disconnect() {
    this.#session.disconnect();
  }
}

/** @type {ConnectionType} */
const InspectorConnection = binding("inspector")?.Connection ?? SessionConnection;

module.exports = { InspectorConnection, SessionConnection };
