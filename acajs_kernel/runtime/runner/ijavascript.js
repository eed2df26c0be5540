/**
 * `$$` and its kin, as IJavascript defines them, so that its notebooks run unchanged.
 *
 * Their meaning is that of the npm package nel 1.3.0 (lib/server/context.js): a cell that
 * called `$$.async()` ends with the first result that is sent, and later ones are lost.
 */
"use strict";

const { SILENT, toBundle, toData } = require("./display.js");
const { adoptMembers, exposed, promiseOf, types } = require("./realm.js");

const { assign, create, defineProperty, entries } = Object;

/** @typedef {import("./cells.js").Outcome} Outcome */
/** @typedef {import("./display.js").DisplaySettings} DisplaySettings */
/** @typedef {import("./output.js").Output} Output */
/**
 * What one cell has done with its `$$`.
 * @typedef {object} State
 * @property {boolean} isAsync
 * @property {Outcome} [outcome]
 * @property {(outcome: Outcome) => void} [onEnd] Waits for the outcome.
 */

/** The MIME types that have functions of their own. */
const TYPES = Object.freeze({
  text: "text/plain",
  html: "text/html",
  svg: "image/svg+xml",
  png: "image/png",
  jpeg: "image/jpeg",
  json: "application/json",
});

/** Cells whose interfaces work on after them. */
const REMEMBERED = 50;

/** The interfaces of the cells to IJavascript's functions. */
class IJavascript {
  /** @type {Output} */
  #output;
  /** @type {DisplaySettings} */
  #settings;
  /** @type {(thrown: unknown) => import("./cells.js").ErrorFields} */
  #describe;
  /** @type {(prompt: string, options: {password?: boolean}) => Promise<string>} */
  #input;
  /** @type {Map<string, {state: State, $$: object}>} */
  #cells = new Map();

  /**
   * @param {object} parts
   * @param {Output} parts.output
   * @param {DisplaySettings} parts.settings Of every bundle; `$$mimer$$` and `$$.config` set them.
   * @param {(thrown: unknown) => import("./cells.js").ErrorFields} parts.describe
   * @param {(prompt: string, options: {password?: boolean}) => Promise<string>} parts.input
   */
  constructor({ output, settings, describe, input }) {
    this.#output = output;
    this.#settings = settings;
    this.#describe = describe;
    this.#input = input;
  }

  /**
   * A cell's code has ended: its outcome is what `$$` was given, or will be, if it was used.
   * @param {string} cell
   * @param {Outcome} outcome
   * @param {(outcome: Outcome) => void} onEnd
   * @returns {void}
   */
  settle(cell, outcome, onEnd) {
    const state = this.#cells.get(cell)?.state;
    if (state?.outcome !== undefined) {
      onEnd(state.outcome);
    } else if (state?.isAsync === true && !("error" in outcome)) {
      state.onEnd = onEnd;
    } else {
      if (state !== undefined) {
        state.outcome = outcome;
      }
      onEnd(outcome);
    }
  }

  /** Descriptors of the globals. @returns {PropertyDescriptorMap} */
  globals() {
    const current = () => /** @type {any} */ (this.#of(this.#output.cell).$$);
    /**
     * @param {() => unknown} get
     * @param {(value: any) => void} set
     * @returns {PropertyDescriptor}
     */
    const property = (get, set) => ({ get: exposed(get), set: exposed(set), configurable: true, enumerable: false });
    const defaultMimer = exposed((/** @type {unknown} */ value) => toBundle(value, { ...this.#settings, mimer: undefined }));
    /** @type {PropertyDescriptorMap} */
    const globals = {
      $$: property(current, (value) => {
        defineProperty(globalThis, "$$", { value, writable: true, configurable: true });
      }),
      $$async$$: property(
        () => this.#of(this.#output.cell).state.isAsync,
        (value) => current().async(value),
      ),
      $$done$$: property(() => current().done, () => undefined),
      $$defaultMimer$$: property(() => defaultMimer, () => undefined),
      $$mimer$$: property(
        () => this.#settings.mimer ?? defaultMimer,
        (value) => {
          this.#settings.mimer = typeof value === "function" && value !== defaultMimer ? value : undefined;
        },
      ),
    };
    for (const name of ["mime", "html", "svg", "png", "jpeg"]) {
      globals[`$$${name}$$`] = property(() => undefined, (value) => current()[name](value));
    }
    return globals;
  }

  /**
   * @param {string} cell
   * @returns {{state: State, $$: object}}
   */
  #of(cell) {
    let entry = this.#cells.get(cell);
    if (entry === undefined) {
      /** @type {State} */
      const state = { isAsync: false };
      entry = { state, $$: this.#create(cell, state) };
      this.#cells.set(cell, entry);
      for (const [oldest, { state: old }] of this.#cells) {
        if (this.#cells.size <= REMEMBERED) {
          break;
        }
        if (old.onEnd === undefined || old.outcome !== undefined) {
          this.#cells.delete(oldest);
        }
      }
    }
    return entry;
  }

  /**
   * @param {string} cell
   * @param {State} state
   * @returns {object} The cell's `$$`.
   */
  #create(cell, state) {
    const output = this.#output;
    const settings = this.#settings;
    /** @param {Outcome} outcome */
    const end = (outcome) => {
      if (state.outcome === undefined) {
        state.outcome = outcome;
        state.onEnd?.(outcome);
      }
    };
    /**
     * @param {any} bundle
     * @param {unknown} keepAlive
     */
    const send = (bundle, keepAlive) => {
      const data = toData(bundle);
      if (state.outcome !== undefined) {
        return;
      }
      if (keepAlive === true) {
        state.isAsync = true;
        output.send({ kind: "display", cell, data, metadata: {} });
      } else {
        end({ data, metadata: {} });
      }
    };
    /** @param {unknown} error */
    const sendError = (error) => end({ error: this.#describe(error) });
    /**
     * @param {(value: any, keepAlive: unknown) => void} action
     * @returns {(value?: unknown, keepAlive?: unknown) => void} The same; a promise is awaited.
     */
    const awaiting = (action) => (value, keepAlive) => {
      if (types.isPromise(value)) {
        state.isAsync = true;
        promiseOf(value).then((settled) => action(settled, keepAlive)).catch(sendError);
      } else {
        action(value, keepAlive);
      }
    };
    /**
     * @param {any} value
     * @param {unknown} keepAlive
     */
    const sendResult = (value, keepAlive) => {
      if (value === undefined && keepAlive !== true) {
        end({ nothing: true });
        return;
      }
      const bundle = toBundle(value, settings);
      if (bundle instanceof Promise) {
        state.isAsync = true;
        bundle.then((data) => send(data, keepAlive));
      } else {
        send(bundle, keepAlive);
      }
    };
    const config = {
      get awaitExecution() {
        return settings.awaitPromises === true;
      },
      set awaitExecution(value) {
        settings.awaitPromises = Boolean(value);
      },
    };
    /** @type {Record<string, unknown>} */
    const $$ = assign(create(null), {
      async: (/** @type {unknown[]} */ ...values) => {
        state.isAsync = values.length === 0 || Boolean(values[0]);
        return state.isAsync;
      },
      done: (/** @type {unknown} */ value) => sendResult(value, false),
      sendResult: awaiting(sendResult),
      sendError: awaiting(sendError),
      mime: awaiting(send),
      input: (/** @type {any} */ options, /** @type {unknown} */ callback) => {
        state.isAsync = true;
        const { prompt = "", password = false } = { ...options };
        const answer = this.#input(prompt, { password });
        if (typeof callback === "function") {
          answer.then((text) => callback(null, text), (error) => callback(error));
        }
        return answer;
      },
      display: (/** @type {unknown[]} */ ...ids) => this.#createDisplay(cell, ids.length === 0 ? "" : String(ids[0])),
      clear: (/** @type {any} */ options = {}) => {
        const { wait = false } = { ...options };
        output.send({ kind: "clear", cell, wait: Boolean(wait) });
      },
    });
    for (const [name, mime] of entries(TYPES)) {
      $$[name] = awaiting((value, keepAlive) => send({ [mime]: value }, keepAlive));
    }
    defineProperty($$, "config", { value: config, configurable: true });
    return adoptMembers($$);
  }

  /**
   * @param {string} cell
   * @param {string} id
   * @returns {object} What `$$.display()` returns; with an id, all after the first replace it.
   */
  #createDisplay(cell, id) {
    const output = this.#output;
    let isShown = false;
    let isClosed = false;
    /** @param {unknown} bundle */
    const mime = (bundle) => {
      if (isClosed) {
        return;
      }
      const data = toData(bundle);
      const event = { kind: "display", cell, data, metadata: {} };
      if (id === "") {
        output.send(event);
      } else {
        output.send({ ...event, display_id: id, ...(isShown ? { update: true } : {}) });
      }
      isShown = true;
    };
    /** @type {Record<string, unknown>} */
    const display = {
      mime,
      close: () => {
        isClosed = true;
      },
    };
    for (const [name, type] of entries(TYPES)) {
      display[name] = (/** @type {unknown} */ value) => mime({ [type]: value });
    }
    SILENT.add(display);
    return display;
  }
}

module.exports = { IJavascript };
