/**
 * Comms: channels between code in the session and code in the frontend.
 *
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
 */
"use strict";

const { randomUUID } = require("node:crypto");

const { toBytes, toText } = require("./bytes.js");
const { bytesOf } = require("./images.js");
const { adopt, exposeClass, listOf, user } = require("./realm.js");

/** @typedef {import("./output.js").Output} Output */
/**
 * @typedef {object} CommMessage What the other side has sent.
 * @property {any} data
 * @property {Record<string, unknown>} metadata
 * @property {Uint8Array[]} buffers
 */
/** @typedef {{metadata?: object, buffers?: Iterable<unknown>}} Extras */
/** @typedef {(message: CommMessage) => void} Listener */
/** @typedef {(comm: Comm, message: CommMessage) => void} Target Takes a comm that the frontend has opened. */
/** @typedef {(kind: "open" | "msg" | "close", data: unknown, extras: Extras) => void} Post */
/**
 * @typedef {object} ReceivedMessage
 * @property {"open" | "msg" | "close"} message
 * @property {string} comm
 * @property {string} [target]
 * @property {unknown} [data]
 * @property {Record<string, unknown>} [metadata]
 * @property {string[]} [buffers] In base64.
 */

/**
 * @param {Iterable<unknown>} buffers
 * @returns {string[]} In base64.
 * @throws {TypeError} One is no ArrayBuffer and no view of one.
 */
function encodeBuffers(buffers) {
  return (Array.isArray(buffers) ? listOf(buffers) : [...buffers]).map((buffer) => {
    const bytes = bytesOf(buffer);
    if (bytes === undefined) {
      throw new TypeError("A comm's buffers are ArrayBuffers or views of them, such as Uint8Array.");
    }
    return toText(bytes, "base64");
  });
}

/**
 * @param {string} text Base64.
 * @returns {Uint8Array} With a buffer of its own, so that views of other types fit.
 */
function decodeBuffer(text) {
  const bytes = toBytes(text, "base64");
  const own = new user.Uint8Array(bytes.length);
  own.set(bytes);
  return own;
}

/** One channel. It is open until one of the two sides closes it, or the runtime ends. */
class Comm {
  /** @type {Post} */
  #post;
  #isOpen = true;
  /** @type {Set<Listener>} */
  #messageListeners = new Set();
  /** @type {Set<Listener>} */
  #closeListeners = new Set();

  /**
   * @param {string} id
   * @param {string} target What the other side knows it by.
   * @param {Post} post
   */
  constructor(id, target, post) {
    this.id = id;
    this.target = target;
    this.#post = post;
  }

  /** Whether messages still go both ways. */
  get isOpen() {
    return this.#isOpen;
  }

  /**
   * @param {unknown} [data] What JSON can hold.
   * @param {Extras} [extras]
   * @returns {void}
   * @throws {Error} It is closed.
   */
  send(data = {}, extras = {}) {
    if (!this.#isOpen) {
      throw new Error(`The comm of target "${this.target}" is closed: nothing can be sent. Open a new one with Jupyter.comm.`);
    }
    this.#post("msg", data, extras);
  }

  /**
   * Tell the other side that nothing more comes; harmless when it is closed already.
   * @param {unknown} [data]
   * @param {Extras} [extras]
   * @returns {void}
   */
  close(data = {}, extras = {}) {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#post("close", data, extras);
    }
  }

  /**
   * @param {Listener} listener Called with every message of the frontend.
   * @returns {() => void} Ends that.
   */
  onMessage(listener) {
    this.#messageListeners.add(listener);
    return () => void this.#messageListeners.delete(listener);
  }

  /**
   * @param {Listener} listener Called when the frontend closes it.
   * @returns {() => void} Ends that.
   */
  onClose(listener) {
    this.#closeListeners.add(listener);
    return () => void this.#closeListeners.delete(listener);
  }

  /**
   * @param {Comm} comm
   * @param {"msg" | "close"} kind
   * @returns {Listener[]} Who hears of it.
   */
  static receive(comm, kind) {
    if (kind === "close") {
      comm.#isOpen = false;
    }
    return [...(kind === "close" ? comm.#closeListeners : comm.#messageListeners)];
  }
}

exposeClass(Comm);

/** All comms of the runner. */
class Comms {
  /** @type {Output} */
  #output;
  /** @type {(thrown: unknown) => void} */
  #onThrown;
  /** @type {Map<string, Comm>} */
  #comms = new Map();
  /** @type {Map<string, Target>} */
  #targets = new Map();

  /**
   * @param {Output} output
   * @param {(thrown: unknown) => void} onThrown Told of errors in callbacks.
   */
  constructor(output, onThrown) {
    this.#output = output;
    this.#onThrown = onThrown;
  }

  /**
   * @param {string} target What the frontend has registered.
   * @param {Extras & {data?: unknown, id?: string}} [options]
   * @returns {Comm}
   */
  open(target, options = {}) {
    const { data = {}, id = randomUUID().replaceAll("-", ""), metadata = {}, buffers = [] } = { ...options };
    const comm = this.#add(String(id), String(target));
    this.#send("open", comm, data, { metadata, buffers });
    return comm;
  }

  /**
   * `Jupyter.comm`: opens comms, and takes those that the frontend opens.
   * @returns {object}
   */
  api() {
    return Object.assign(this.open.bind(this), {
      register: (/** @type {string} */ target, /** @type {Target} */ onOpen) => {
        if (typeof onOpen !== "function") {
          throw new TypeError("Jupyter.comm.register takes a target's name and a function of (comm, message).");
        }
        this.#targets.set(String(target), onOpen);
      },
      unregister: (/** @type {string} */ target) => void this.#targets.delete(String(target)),
    });
  }

  /**
   * Publish a message as it is; its comm, if it opens one, is not heard here.
   * @param {"open" | "msg" | "close"} kind
   * @param {{comm_id: string, target_name?: string, data?: unknown}} content
   * @param {Extras} extras
   * @returns {void}
   */
  publish(kind, content, extras) {
    this.#send(kind, { id: String(content.comm_id), target: String(content.target_name ?? "") }, content.data ?? {}, extras);
  }

  /**
   * A message of the frontend has come; one for a comm that is closed is passed over.
   * @param {ReceivedMessage} received
   * @returns {void}
   */
  receive({ message: kind, comm: id, target = "", data = {}, metadata = {}, buffers = [] }) {
    const message = adopt({ data, metadata, buffers: buffers.map(decodeBuffer) });
    if (kind === "open") {
      const onOpen = this.#targets.get(target);
      const comm = this.#add(id, target);
      if (onOpen === undefined) {
        comm.close();
      } else {
        this.#call(() => onOpen(comm, message));
      }
      return;
    }
    const comm = this.#comms.get(id);
    if (comm === undefined) {
      return;
    }
    if (kind === "close") {
      this.#comms.delete(id);
    }
    for (const listener of Comm.receive(comm, kind)) {
      this.#call(() => listener(message));
    }
  }

  /**
   * @param {string} id
   * @param {string} target
   * @returns {Comm}
   */
  #add(id, target) {
    /** @type {Comm} */
    const comm = new Comm(id, target, (kind, data, extras) => {
      this.#send(kind, comm, data, extras);
      if (kind === "close") {
        this.#comms.delete(id);
      }
    });
    this.#comms.set(id, comm);
    return comm;
  }

  /** @param {() => void} action The user's code. */
  #call(action) {
    try {
      action();
    } catch (thrown) {
      this.#onThrown(thrown);
    }
  }

  /**
   * @param {"open" | "msg" | "close"} kind
   * @param {{id: string, target: string}} comm
   * @param {unknown} data
   * @param {Extras} extras
   * @returns {void}
   */
  #send(kind, { id, target }, data, { metadata = {}, buffers = [] }) {
    if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
      throw new TypeError("A comm's metadata is an object.");
    }
    this.#output.send({
      kind: "comm",
      cell: this.#output.cell,
      message: kind,
      comm: id,
      ...(kind === "open" ? { target } : {}),
      data,
      metadata,
      buffers: encodeBuffers(buffers),
    });
  }
}

module.exports = { Comm, Comms };
