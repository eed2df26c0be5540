/**
 * What cells find in their global scope beside V8's and Node's own.
 */
"use strict";

const Module = require("node:module");
const path = { ...require("node:path") };

const { DISPLAY, METADATA, SILENT, plainText, represent } = require("./display.js");
const { image } = require("./images.js");
const { escape, tableHtml, tableOf } = require("./markup.js");
const { Progress } = require("./progress.js");
const { adopt, exposed } = require("./realm.js");
const { createWidgets } = require("./widgets.js");

/** @typedef {import("./comms.js").Comms} Comms */
/** @typedef {import("./displays.js").Displays} Displays */
/** @typedef {import("./display.js").DisplaySettings} DisplaySettings */
/** @typedef {import("./output.js").Output} Output */

/** Messages of comms, which alone may have binary buffers. */
const COMM_KINDS = new Map(
  /** @type {const} */ ([
    ["comm_open", "open"],
    ["comm_msg", "msg"],
    ["comm_close", "close"],
  ]),
);

/** Messages that the kernel alone may publish: frontends wait for them. */
const RESERVED = new Set(["status", "execute_input", "execute_result", "error", "iopub_welcome", "shutdown_reply"]);

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

/**
 * @param {unknown} bundle A MIME bundle, or a promise of one.
 * @param {Record<string, unknown>} [metadata]
 * @returns {object} A value that is shown as this bundle.
 */
function displayable(bundle, metadata = {}) {
  return { [DISPLAY]: () => bundle, [METADATA]: metadata };
}

/**
 * A function for a string or a template of one type.
 * @param {string} mime
 * @param {(text: string) => string} [finish]
 * @param {boolean} [isRaw] Whether backslashes in templates are text.
 */
function ofType(mime, finish = (text) => text, isRaw = false) {
  return (/** @type {any} */ text, /** @type {any[]} */ ...values) => {
    const shown = values.map((value) => value ?? "");
    const joined = Array.isArray(text?.raw)
      ? String.raw({ raw: isRaw ? text.raw : text }, ...shown)
      : String(text);
    const whole = finish(joined);
    // As text, so that one may stand within another.
    return { ...displayable({ [mime]: whole, "text/plain": whole }), toString: () => whole };
  };
}

/**
 * @param {string} text
 * @returns {string} With the delimiters that frontends look for.
 */
function delimited(text) {
  return /\$|\\\(|\\\[|\\begin/.test(text) ? text : `$\\displaystyle ${text.trim()}$`;
}

/**
 * The namespace `Jupyter`. Its functions need no `this`.
 * @param {Output} output
 * @param {Displays} displays
 * @param {DisplaySettings} settings
 * @param {Comms} comms
 * @returns {Record<string, unknown>}
 */
function createNamespace(output, displays, settings, comms) {
  const display = displays.display.bind(displays);
  return {
    $display: DISPLAY,
    display,
    html: ofType("text/html"),
    md: ofType("text/markdown"),
    svg: ofType("image/svg+xml"),
    latex: ofType("text/latex", delimited, true),
    escape,
    format: async (/** @type {unknown} */ value) => (await represent(value, settings)).data,
    image: (/** @type {unknown} */ source, options = {}) => {
      const { bundle, metadata } = image(source, { ...options });
      return displayable(bundle, metadata);
    },
    json: (/** @type {unknown} */ value, /** @type {any} */ options = {}) => {
      const { expanded = false, root = "root" } = { ...options };
      return displayable({ "application/json": value, "text/plain": plainText(value, settings) }, {
        "application/json": { expanded, root },
      });
    },
    table: (/** @type {Iterable<unknown>} */ rows, options = {}) =>
      displayable({ "text/html": tableHtml(tableOf(rows, { ...options })), "text/plain": plainText(rows, settings) }),
    progress: (/** @type {unknown} */ total, options = {}) => {
      const progress = new Progress(total, { ...options }, display);
      SILENT.add(progress);
      return progress;
    },
    clear: (/** @type {any} */ options = {}) => {
      const { wait = false } = { ...options };
      output.send({ kind: "clear", cell: output.cell, wait: Boolean(wait) });
    },
    comm: comms.api(),
    widget: createWidgets(comms),
    broadcast: async (/** @type {unknown} */ type, /** @type {unknown} */ content = {}, /** @type {any} */ extra = {}) => {
      const kind = COMM_KINDS.get(/** @type {any} */ (type));
      if (kind !== undefined) {
        comms.publish(kind, /** @type {any} */ (content), extra);
        return;
      }
      const isContent = typeof content === "object" && content !== null && !Array.isArray(content);
      if (typeof type !== "string" || !isContent || RESERVED.has(type) || extra.buffers?.length > 0) {
        throw new TypeError(
          "Jupyter.broadcast takes the type of a message, which is not one of the kernel's own " +
            `(${[...RESERVED].join(", ")}), and its content, an object, without binary buffers.`,
        );
      }
      output.send({ kind: "message", cell: output.cell, type, content });
    },
    /** Options of Node's `util.inspect` for plain texts. */
    get inspectOptions() {
      settings.inspectOptions ??= { colors: settings.colors ?? true, depth: settings.depth ?? 2 };
      return settings.inspectOptions;
    },
    set inspectOptions(options) {
      settings.inspectOptions = { ...options };
    },
  };
}

/**
 * Define the globals of a notebook.
 * @param {object} parts
 * @param {string} parts.folder The session's folder.
 * @param {Output} parts.output
 * @param {Displays} parts.displays
 * @param {DisplaySettings} parts.settings
 * @param {Record<string, unknown>} parts.prompts
 * @param {import("./ijavascript.js").IJavascript} parts.ijavascript
 * @param {Comms} parts.comms
 * @param {import("./reloading.js").Reloading} parts.reloading
 * @returns {void}
 */
function defineGlobals({ folder, output, displays, settings, prompts, ijavascript, comms, reloading }) {
  const filename = path.join(folder, "notebook.js");
  const module_ = new Module(filename);
  module_.filename = filename;
  module_.paths = /** @type {any} */ (Module)._nodeModulePaths(folder);
  define(globalThis, {
    require: reloading.createRequire(filename),
    module: module_,
    exports: module_.exports,
    __filename: filename,
    __dirname: folder,
    display: exposed(displays.display.bind(displays)),
    Jupyter: adopt(createNamespace(output, displays, settings, comms)),
    ...prompts,
  });
  Object.defineProperties(globalThis, ijavascript.globals());
}

module.exports = { createNamespace, defineGlobals };
