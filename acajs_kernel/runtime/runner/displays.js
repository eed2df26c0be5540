/**
 * `display`: shows values in the notebook at any time.
 */
"use strict";

const { SILENT, represent, toData, toJson } = require("./display.js");

/** @typedef {import("./output.js").Output} Output */
/** @typedef {import("./display.js").DisplaySettings} DisplaySettings */
/** @typedef {import("./display.js").Representation} Representation */
/** @typedef {{display_id?: string, raw?: boolean, metadata?: Record<string, unknown>, update?: boolean}} DisplayOptions */
/** @typedef {{id: string, update: (value: unknown, options?: DisplayOptions) => void, close: () => void}} DisplayHandle */

/** Shows values in the notebook at any time. */
class Displays {
  /** @type {Output} */
  #output;
  /** @type {() => DisplaySettings} */
  #settings;
  #lastId = 0;
  /**
   * Displays that wait for their bundles, by the cell that they belong to.
   * @type {Map<string, Set<Promise<void>>>}
   */
  #pending = new Map();

  /**
   * @param {Output} output
   * @param {() => DisplaySettings} settings
   */
  constructor(output, settings) {
    this.#output = output;
    this.#settings = settings;
  }

  /**
   * @param {unknown} value A value, or with `raw` a MIME bundle.
   * @param {DisplayOptions} [options]
   * @returns {DisplayHandle} Replaces what is shown.
   */
  display(value, options = {}) {
    const { display_id: wanted, update } = { ...options };
    this.#lastId += 1;
    const id = String(wanted ?? `acajs-${process.pid}-${this.#lastId}`);
    let isOpen = true;
    this.#show(value, options, id, update === true);
    const handle = {
      id,
      update: (/** @type {unknown} */ newValue, newOptions = options) => {
        if (isOpen) {
          this.#show(newValue, newOptions, id, true);
        }
      },
      close: () => {
        isOpen = false;
      },
    };
    SILENT.add(handle);
    return handle;
  }

  /**
   * Call back when a cell's displays have been sent.
   * @param {string} cell
   * @param {() => void} onSent
   * @returns {void}
   */
  settle(cell, onSent) {
    const pending = this.#pending.get(cell);
    if (pending === undefined) {
      onSent();
    } else {
      Promise.all(pending).then(() => this.settle(cell, onSent));
    }
  }

  /**
   * @param {unknown} value
   * @param {DisplayOptions} options
   * @param {string} id
   * @param {boolean} isUpdate
   * @returns {void}
   */
  #show(value, { ...options }, id, isUpdate) {
    const { cell } = this.#output;
    // As JSON has it: what its prototype has become must not decide what is sent.
    const extra = /** @type {object} */ (toJson({ ...options.metadata }));
    /** @param {Representation} representation */
    const send = ({ data, metadata }) => {
      const event = { kind: "display", cell, data, metadata: { ...metadata, ...extra }, display_id: id };
      this.#output.send(isUpdate ? { ...event, update: true } : event);
    };
    const shown =
      options.raw === true ? { data: toData(value), metadata: {} } : represent(value, this.#settings());
    if (shown instanceof Promise) {
      this.#await(
        cell,
        shown.then(send).catch((error) => {
          this.#output.attribute(cell, () => this.#output.print("stderr", `A value was not displayed: ${error}\n`));
        }),
      );
    } else {
      send(shown);
    }
  }

  /**
   * @param {string} cell
   * @param {Promise<void>} promise
   * @returns {void}
   */
  #await(cell, promise) {
    const pending = this.#pending.get(cell) ?? new Set();
    this.#pending.set(cell, pending.add(promise));
    promise.finally(() => {
      pending.delete(promise);
      if (pending.size === 0) {
        this.#pending.delete(cell);
      }
    });
  }
}

module.exports = { Displays };
