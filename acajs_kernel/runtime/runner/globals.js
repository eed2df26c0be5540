/**
 * What cells find in their global scope beside V8's and Node's own.
 */
"use strict";

const Module = require("node:module");
const path = require("node:path");

const { toBundle, toData } = require("./display.js");

/** @typedef {import("./output.js").Output} Output */
/** @typedef {import("./display.js").DisplaySettings} DisplaySettings */
/** @typedef {{display_id?: string, raw?: boolean, metadata?: object}} DisplayOptions */

/**
 * @param {object} target
 * @param {Record<string, unknown>} values
 * @returns {void}
 */
function define(target, values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, {
      value,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  }
}

/** Shows values in the notebook at any time. */
class Displays {
  /** @type {Output} */
  #output;
  /** @type {() => DisplaySettings} */
  #settings;
  #lastId = 0;

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
   * @returns {{id: string, update: (value: unknown, options?: DisplayOptions) => void}} Replaces what is shown.
   */
  display(value, options = {}) {
    this.#lastId += 1;
    const id = options.display_id ?? `acajs-${process.pid}-${this.#lastId}`;
    this.#show(value, options, id, false);
    return {
      id,
      update: (newValue, newOptions = options) => this.#show(newValue, newOptions, id, true),
    };
  }

  /** The functions of the namespace `Jupyter`. */
  namespace() {
    /** @param {string} mime */
    const of =
      (mime) =>
      /**
       * @param {TemplateStringsArray | unknown} text A string or a template.
       * @param {...unknown} values
       * @returns {object} Shown as this type where it is displayed.
       */
      (text, ...values) => {
        const whole = Array.isArray(text) ? String.raw({ raw: text }, ...values) : String(text);
        return { [Symbol.for("Jupyter.display")]: () => ({ [mime]: whole, "text/plain": whole }) };
      };
    return {
      display: this.display.bind(this),
      html: of("text/html"),
      md: of("text/markdown"),
      svg: of("image/svg+xml"),
      clear: ({ wait = false } = {}) => {
        this.#output.send({ kind: "clear", cell: this.#output.cell, wait });
      },
    };
  }

  /**
   * @param {unknown} value
   * @param {DisplayOptions} options
   * @param {string} id
   * @param {boolean} isUpdate
   * @returns {void}
   */
  #show(value, options, id, isUpdate) {
    const { cell } = this.#output;
    /** @param {object} data */
    const send = (data) => {
      const event = { kind: "display", cell, data, metadata: options.metadata ?? {}, display_id: id };
      this.#output.send(isUpdate ? { ...event, update: true } : event);
    };
    const bundle = options.raw === true ? toData(value) : toBundle(value, this.#settings());
    if (bundle instanceof Promise) {
      bundle.then(send);
    } else {
      send(bundle);
    }
  }
}

/**
 * Define the globals of a notebook.
 * @param {string} folder The session's folder.
 * @param {Displays} displays
 * @param {Record<string, unknown>} prompts
 * @returns {void}
 */
function defineGlobals(folder, displays, prompts) {
  const filename = path.join(folder, "notebook.js");
  const module_ = new Module(filename);
  module_.filename = filename;
  module_.paths = /** @type {any} */ (Module)._nodeModulePaths(folder);
  define(globalThis, {
    require: Module.createRequire(filename),
    module: module_,
    exports: module_.exports,
    __filename: filename,
    __dirname: folder,
    display: displays.display.bind(displays),
    Jupyter: displays.namespace(),
    ...prompts,
  });
}

module.exports = { Displays, defineGlobals };
