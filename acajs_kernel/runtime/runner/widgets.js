/**
 * `Jupyter.widget`: an anywidget whose model lives in the session.
 *
 * Version 2.1.0 of the widgets' protocol
 * (https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md),
 * with the model and view that the package anywidget brings to frontends
 * (https://github.com/manzt/anywidget, `open_comm` in anywidget/_descriptor.py).
 */
"use strict";

const { createHash } = require("node:crypto");
const { inspect } = require("node:util");
const { Script } = require("node:vm");

const { DISPLAY } = require("./display.js");
const { adopt, exposeClass } = require("./realm.js");
const { putBuffers, separateBuffers } = require("./widget_state.js");

/** @typedef {import("./comms.js").Comms} Comms */
/** @typedef {import("./comms.js").CommMessage} CommMessage */
/** @typedef {(...values: any[]) => void} Listener */
/** @typedef {string | Record<string, Function>} Module The text of a module, or its functions. */
/** @typedef {{esm: Module, css?: string, state?: Record<string, unknown>}} WidgetOptions */

const { parse, stringify } = JSON;

const TARGET = "jupyter.widget";
const VERSION = "2.1.0";
const VIEW = "application/vnd.jupyter.widget-view+json";

/** The version of anywidget's frontend part: whichever there is. */
const ANYWIDGET = "*";

/** What of a long state is shown as text. */
const TEXT = Object.freeze({ maxArrayLength: 3, maxStringLength: 80, breakLength: Infinity });

/**
 * @param {string} name
 * @param {Function} part
 * @returns {string} A member of an object literal, whatever way the function was written in.
 */
function memberText(name, part) {
  const text = Function.prototype.toString.call(part);
  try {
    // It is compiled to see whether it is an expression, and never run.
    new Script(`(${text}\n)`);
    return `${name}: ${text}`;
  } catch {
    return `${name}: Object.values({ ${text} })[0]`; // a method
  }
}

/**
 * @param {Module} esm
 * @returns {string} The text of a module for the browser.
 * @throws {TypeError} It is neither a text nor an object with `render` or `initialize`.
 */
function moduleText(esm) {
  if (typeof esm === "string" && esm.trim() !== "") {
    return esm;
  }
  const parts = Object.entries(Object(esm)).filter(([, part]) => typeof part === "function");
  if (typeof esm !== "object" || !parts.some(([name]) => name === "render" || name === "initialize")) {
    throw new TypeError(
      "Jupyter.widget takes { esm, css, state }: esm is the text of a module that exports " +
        "{ render({ model, el }) {…} } by default, or an object with that function, which runs in the " +
        "browser and sees none of the notebook's variables.",
    );
  }
  return `export default {\n${parts.map(([name, part]) => memberText(name, part)).join(",\n")}\n};\n`;
}

/**
 * @param {string} esm
 * @returns {string} The same for widgets of the same module: anywidget keeps one style sheet for each.
 */
function kindOf(esm) {
  return `acajs-${createHash("sha256").update(esm).digest("hex").slice(0, 16)}`;
}

/** The model of a widget. Its views in frontends have models of their own, kept equal to it. */
class Widget {
  /** @type {import("./comms.js").Comm} */
  #comm;
  /** Inherits nothing: any name may be one of a state's. @type {Record<string, unknown>} */
  #state;
  /** Names whose values frontends do not have yet. @type {Set<string>} */
  #unsaved = new Set();
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();

  /**
   * @param {Comms} comms
   * @param {WidgetOptions} options
   */
  constructor(comms, { esm, css = "", state = {} }) {
    const text = moduleText(esm);
    this.#state = Object.assign(Object.create(null), state, { _esm: text, _css: String(css), _anywidget_id: kindOf(text) });
    const { state: sent, paths, buffers } = separateBuffers(this.#travelling(this.#state));
    const parts = {
      _model_module: "anywidget",
      _model_module_version: ANYWIDGET,
      _model_name: "AnyModel",
      _view_module: "anywidget",
      _view_module_version: ANYWIDGET,
      _view_name: "AnyView",
      _view_count: null,
    };
    const data = { state: { ...parts, ...sent }, buffer_paths: paths };
    this.#comm = comms.open(TARGET, { data, metadata: { version: VERSION }, buffers });
    this.#comm.onMessage((message) => this.#receive(message));
  }

  /** What frontends know the model by. */
  get id() {
    return this.#comm.id;
  }

  /**
   * @param {string} name
   * @returns {unknown}
   */
  get(name) {
    return this.#state[name];
  }

  /**
   * Change values here; `save_changes` sends them.
   * @param {string | Record<string, unknown>} name A name, or names and values.
   * @param {unknown} [value]
   * @returns {void}
   */
  set(name, value) {
    const changes = typeof name === "string" ? { [name]: value } : name;
    this.#apply(changes, (changed) => this.#unsaved.add(changed));
  }

  /**
   * Send what was set since this was called last.
   * @returns {void}
   * @throws {TypeError} JSON cannot hold it.
   */
  save_changes() {
    if (this.#unsaved.size > 0) {
      this.#update([...this.#unsaved]);
      this.#unsaved.clear();
    }
  }

  /**
   * @param {string} event "change", "change:NAME" or "msg:custom".
   * @param {Listener} listener Called with (model), (model, value) or (content, buffers).
   * @returns {void}
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  /**
   * @param {string} [event] All, if there is none.
   * @param {Listener} [listener] All of the event, if there is none.
   * @returns {void}
   */
  off(event, listener) {
    if (event === undefined) {
      this.#listeners.clear();
    } else if (listener === undefined) {
      this.#listeners.delete(event);
    } else {
      this.#listeners.get(event)?.delete(listener);
    }
  }

  /**
   * Send a message of your own; views hear it as "msg:custom".
   * @param {unknown} content What JSON can hold.
   * @param {unknown} [_callbacks] Of no use here: it stands where it stands in the browser.
   * @param {Iterable<unknown>} [buffers] ArrayBuffers, or views of them.
   * @returns {void}
   */
  send(content, _callbacks, buffers = []) {
    this.#comm.send({ method: "custom", content }, { buffers });
  }

  /**
   * Remove it from frontends.
   * @returns {void}
   */
  close() {
    this.#comm.close();
  }

  /** @returns {Record<string, unknown>} */
  [DISPLAY]() {
    return { [VIEW]: { version_major: 2, version_minor: 1, model_id: this.id } };
  }

  /**
   * @param {number} depth
   * @param {import("node:util").InspectOptions} options
   * @returns {string} What is shown where there are no widgets.
   */
  [inspect.custom](depth, options) {
    const own = Object.entries(this.#state).filter(([name]) => !name.startsWith("_"));
    return `Widget ${inspect(Object.fromEntries(own), { ...options, ...TEXT, depth })}`;
  }

  /**
   * @param {CommMessage} message
   * @returns {void}
   */
  #receive({ data, buffers }) {
    if (data.method === "update") {
      const state = data.state ?? {};
      const paths = data.buffer_paths ?? [];
      // A copy: what is sent must not be what the user's code changes.
      const values = adopt(parse(stringify(state)));
      putBuffers(values, paths, buffers);
      // To all frontends, so that each knows what another one has changed.
      this.#comm.send({ method: "echo_update", state, buffer_paths: paths }, { buffers });
      this.#apply(values, (changed) => this.#unsaved.delete(changed));
    } else if (data.method === "request_state") {
      this.#update(Object.keys(this.#state));
    } else if (data.method === "custom") {
      this.#emit("msg:custom", data.content, buffers);
    }
  }

  /**
   * @param {Record<string, unknown>} changes
   * @param {(name: string) => void} onChanged
   * @returns {void}
   */
  #apply(changes, onChanged) {
    const changed = Object.entries(changes).filter(([name, value]) => !Object.is(this.#state[name], value));
    for (const [name, value] of changed) {
      this.#state[name] = value;
      onChanged(name);
    }
    for (const [name, value] of changed) {
      this.#emit(`change:${name}`, this, value);
    }
    if (changed.length > 0) {
      this.#emit("change", this);
    }
  }

  /**
   * @param {string} event
   * @param {...unknown} values
   * @returns {void}
   */
  #emit(event, ...values) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      listener.apply(this, values);
    }
  }

  /**
   * @param {string[]} names
   * @returns {void}
   */
  #update(names) {
    const values = Object.fromEntries(names.map((name) => [name, this.#state[name]]));
    const { state, paths, buffers } = separateBuffers(this.#travelling(values));
    this.#comm.send({ method: "update", state, buffer_paths: paths }, { buffers });
  }

  /**
   * @param {Record<string, unknown>} values
   * @returns {Record<string, unknown>} With references in the place of other widgets.
   */
  #travelling(values) {
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, value instanceof Widget ? `anywidget:${value.id}` : value]),
    );
  }
}

exposeClass(Widget);

/**
 * @param {Comms} comms
 * @returns {(options: WidgetOptions) => Widget} `Jupyter.widget`.
 */
function createWidgets(comms) {
  return (options) => new Widget(comms, { .../** @type {any} */ (options) });
}

module.exports = { createWidgets, moduleText };
