/**
 * One cell's view of the interpreter: `$$`, `console` and the output streams.
 *
 * The public part is that of the npm package `nel` 1.3.0 (its README, "$$"), the
 * engine of the IJavascript kernel that runs in NodeLTS sessions.
 */
"use strict";

const { Console } = require("node:console");
const { Writable } = require("node:stream");

const { exposedMimer, toErrorReport, toMime } = require("./session_values.js");
const { adopt, adoptMembers, user } = require("../runtime/runner/realm.js");

/** @typedef {import("./session_values.js").MimeBundle} MimeBundle */
/** @typedef {"stdout" | "stderr"} StreamName */

/**
 * What a cell needs of the session around it.
 * @typedef {object} Session
 * @property {(cell: Cell, message: object) => void} send Send a message for a cell.
 * @property {(cell: Cell, name: StreamName, text: string) => void} print Send output.
 * @property {(cell: Cell) => void} ended Called once when a cell's last message is out.
 */

/** Settings that user code may change for all cells of the session, as `$$.config`. */
const config = adopt({ awaitExecution: false });

/** Methods of `$$` and of displays that send one representation as it is. */
const RAW_OUTPUTS = Object.freeze([
  ["text", "text/plain"],
  ["html", "text/html"],
  ["svg", "image/svg+xml"],
  ["png", "image/png"],
  ["jpeg", "image/jpeg"],
  ["json", "application/json"],
]);

/** Names of the older interface whose assignment sends a representation. */
const SETTERS = Object.freeze(["mime", "html", "svg", "png", "jpeg"]);

/**
 * Replace a global as user code could: an ordinary, enumerable property.
 * @param {object} owner `globalThis` or `process`.
 * @param {string} name The property's name.
 * @param {unknown} value Its new value.
 * @returns {void}
 */
function replaceProperty(owner, name, value) {
  Object.defineProperty(owner, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/**
 * Say whether a value is to be awaited.
 * @param {unknown} value Any value; other thenables count as values.
 * @returns {value is Promise<unknown>}
 */
function isPromise(value) {
  const { Promise: CurrentPromise } = globalThis;
  return typeof CurrentPromise === "function" && value instanceof CurrentPromise;
}

/** One execution: its `$$`, its streams, and whether its result is out. */
class Cell {
  /** @type {Session} */
  #session;
  /** @type {(value?: unknown, keepAlive?: unknown) => void} */
  #sendAwaited;
  #released = false;
  #requests = 0;

  /**
   * @param {number | string} id The execution's id, echoed in every message.
   * @param {Session} session The session that runs it.
   */
  constructor(id, session) {
    this.id = id;
    this.#session = session;
    /** Whether the cell ends by a call of `$$` and not by its last statement. */
    this.isAsync = false;
    /** Whether the last message is out: whatever comes later is not sent. */
    this.isDone = false;
    this.stdout = this.#createStream("stdout");
    this.stderr = this.#createStream("stderr");
    this.console = Object.assign(new Console(this.stdout, this.stderr), { Console });
    /** Ends the cell with an error, or with what a promise of one becomes. */
    this.fail = this.#awaiting((error, keepAlive) => this.sendError(error, keepAlive));
    this.#sendAwaited = this.#awaiting((value, keepAlive) => this.sendResult(value, keepAlive));
    this.$$ = this.#createInterface();
  }

  /**
   * Make this the cell that the globals speak for.
   * @returns {void}
   */
  capture() {
    replaceProperty(process, "stdout", this.stdout);
    replaceProperty(process, "stderr", this.stderr);
    replaceProperty(globalThis, "console", this.console);
    replaceProperty(globalThis, "$$", this.$$);
    if (typeof Reflect.get(globalThis, "$$mimer$$") !== "function") {
      replaceProperty(globalThis, "$$mimer$$", exposedMimer);
    }
    for (const name of SETTERS) {
      Object.defineProperty(globalThis, `$$${name}$$`, {
        set: /** @type {(value: unknown) => void} */ (this.$$[name]),
        configurable: true,
        enumerable: false,
      });
    }
    Object.defineProperty(globalThis, "$$async$$", {
      ...adoptMembers({
        get: () => this.isAsync,
        set: (/** @type {unknown} */ value) => {
          this.isAsync = Boolean(value);
        },
      }),
      configurable: true,
      enumerable: false,
    });
    replaceProperty(globalThis, "$$done$$", this.$$.done);
  }

  /**
   * Say that another cell takes the globals: streams that user code kept run dry.
   * @returns {void}
   */
  release() {
    this.#released = true;
  }

  /**
   * Send a result; the first that ends the cell wins, later ones are dropped.
   * @param {{mime: unknown} | {error: unknown}} result What to send.
   * @param {unknown} [keepAlive] Whether further results follow.
   * @returns {void}
   */
  send(result, keepAlive) {
    if (this.isDone) {
      return;
    }
    if (keepAlive) {
      this.isAsync = true;
      this.#session.send(this, { ...result, id: this.id, end: false });
      return;
    }
    // Sent before it counts as done: a result that JSON cannot hold throws, and the
    // error is then this cell's result. (nel counts it as done and never ends it.)
    this.#session.send(this, { ...result, id: this.id, end: true });
    this.isAsync = false;
    this.isDone = true;
    this.#session.ended(this);
  }

  /**
   * End the cell with the value of its last statement, awaited if the user wants so.
   * @param {unknown} value Any value.
   * @returns {void}
   */
  finish(value) {
    if (config.awaitExecution) {
      this.#sendAwaited(value);
    } else {
      this.sendResult(value);
    }
  }

  /**
   * Send a value as the cell's result.
   * @param {unknown} value Any value.
   * @param {unknown} [keepAlive] Whether further results follow.
   * @returns {void}
   */
  sendResult(value, keepAlive) {
    this.#sendMime(toMime(value), keepAlive);
  }

  /**
   * Send anything that was thrown as the cell's error.
   * @param {unknown} thrown An error, or any other value.
   * @param {unknown} [keepAlive] Whether further results follow.
   * @returns {void}
   */
  sendError(thrown, keepAlive) {
    this.send({ error: toErrorReport(thrown) }, keepAlive);
  }

  /**
   * @param {unknown} bundle Representations by MIME type.
   * @param {unknown} [keepAlive] Whether further results follow.
   */
  #sendMime(bundle, keepAlive) {
    const mime = typeof bundle === "object" && bundle !== null ? bundle : {};
    this.send({ mime }, keepAlive);
  }

  /**
   * Make a method of `$$` that takes a value or a promise of it.
   * @param {(value: unknown, keepAlive: unknown) => void} output Sends the value.
   * @returns {(value?: unknown, keepAlive?: unknown) => void} The method.
   */
  #awaiting(output) {
    return (value, keepAlive) => {
      if (!isPromise(value)) {
        output(value, keepAlive);
        return;
      }
      this.isAsync = true;
      value
        .then((resolved) => output(resolved, keepAlive))
        .catch((error) => this.sendError(error, false));
    };
  }

  /** @returns {Record<string, unknown>} The cell's `$$`. */
  #createInterface() {
    /** @type {Record<string, unknown>} */
    const $$ = Object.create(null);
    Object.defineProperty($$, "config", { value: config });
    $$.async = (/** @type {unknown[]} */ ...options) => {
      this.isAsync = options.length === 0 || Boolean(options[0]);
      return this.isAsync;
    };
    $$.done = (/** @type {unknown} */ result) => this.sendResult(result, false);
    $$.sendResult = this.#sendAwaited;
    $$.sendError = this.fail;
    $$.mime = this.#awaiting((bundle, keepAlive) => this.#sendMime(bundle, keepAlive));
    for (const [name, type] of RAW_OUTPUTS) {
      $$[name] = this.#awaiting((value, keepAlive) => this.#sendMime({ [type]: value }, keepAlive));
    }
    $$.input = (/** @type {unknown} */ options) => {
      // The service answers no input requests: the promise stays pending, as there.
      this.isAsync = true;
      this.#session.send(this, { request: { input: options, id: this.#requests++ } });
      return new user.Promise(() => {});
    };
    $$.display = (/** @type {unknown[]} */ ...names) => this.#createDisplay(names);
    $$.clear = (/** @type {unknown} */ options) => {
      this.#session.send(this, { request: { clear: options || {} } });
    };
    return adoptMembers($$);
  }

  /**
   * Make an output that may be updated later, by its id if it has one.
   * @param {unknown[]} names The display's id, or nothing.
   * @returns {object} The display.
   */
  #createDisplay(names) {
    const [name] = names;
    const isNamed = names.length > 0;
    const show = (/** @type {unknown} */ mime) => {
      const display = isNamed ? { display_id: name, mime } : { mime };
      this.#session.send(this, { display });
    };
    /** @type {Record<string, (value: unknown) => void>} */
    const display = { mime: show };
    for (const [method, type] of RAW_OUTPUTS) {
      display[method] = (value) => show({ [type]: value });
    }
    display.close = () => this.#session.send(this, { display: { close: name } });
    if (isNamed) {
      this.#session.send(this, { display: { open: name } });
    }
    return display;
  }

  /**
   * Make the stream that user code finds as `process.stdout` or `process.stderr`.
   * @param {StreamName} name Which.
   * @returns {Writable} The stream.
   */
  #createStream(name) {
    let unread = 0;
    /** @type {Writable} */
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk, encoding, callback) => {
        // Each Buffer is decoded alone: a character split over two is broken, as in nel.
        const isText = typeof chunk === "string" && encoding === "utf8";
        const text = isText ? chunk : Buffer.from(chunk, encoding).toString();
        if (text) {
          this.#session.print(this, name, text);
        }
        if (this.#released) {
          // Nobody drains a stream of an earlier cell: it takes no more than one
          // buffer, then holds what is written to it for good, as in nel.
          unread += Buffer.byteLength(text);
          if (unread >= stream.writableHighWaterMark) {
            return;
          }
        }
        callback();
      },
    });
    return stream;
  }
}

module.exports = { Cell };

//# sourceURL=[eval]
