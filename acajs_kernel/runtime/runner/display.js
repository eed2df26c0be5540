/**
 * Values as MIME bundles: what a notebook can show of them.
 */
"use strict";

const { inspect } = require("node:util");

/** Objects with this method say themselves how they are shown. */
const DISPLAY = Symbol.for("Jupyter.display");

/** Methods of the npm package `nel`, IJavascript's engine. */
const NEL_METHODS = Object.freeze({
  _toHtml: "text/html",
  _toSvg: "image/svg+xml",
  _toPng: "image/png",
  _toJpeg: "image/jpeg",
});

/** @typedef {Record<string, unknown>} MimeBundle */
/** @typedef {{colors?: boolean, depth?: number}} DisplaySettings */
/**
 * @callback Rule
 * @param {any} value An object or a function.
 * @returns {MimeBundle | Promise<MimeBundle | null | undefined> | null | undefined} Undefined: does not apply.
 */

/** @type {Rule} */
function displaySymbolRule(value) {
  return typeof value[DISPLAY] === "function" ? value[DISPLAY]() : undefined;
}

/** @type {Rule} */
function nelRule(value) {
  /** @type {MimeBundle} */
  const bundle = {};
  if (typeof value._toMime === "function") {
    Object.assign(bundle, value._toMime());
  }
  for (const [method, mime] of Object.entries(NEL_METHODS)) {
    if (typeof value[method] === "function" && !(mime in bundle)) {
      bundle[mime] = value[method]();
    }
  }
  return Object.keys(bundle).length > 0 ? bundle : undefined;
}

/**
 * The rules, tried in order; the first that gives a bundle decides.
 * @type {Rule[]}
 */
const RULES = [displaySymbolRule, nelRule];

/**
 * @param {unknown} value
 * @param {DisplaySettings} settings
 * @returns {string} As Node's REPL shows it.
 */
function plainText(value, settings) {
  try {
    return inspect(value, { colors: settings.colors ?? true, depth: settings.depth ?? 2 });
  } catch (error) {
    return `[value that cannot be shown: ${error instanceof Error ? error.message : "thrown"}]`;
  }
}

/**
 * @param {unknown} value
 * @returns {string | undefined} Base64 of bytes.
 */
function encodeBytes(value) {
  if (value instanceof ArrayBuffer) {
    return Buffer.from(value).toString("base64");
  }
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
  return undefined;
}

/**
 * Make a bundle such that it can travel: bytes as base64, everything else as JSON.
 * @param {unknown} bundle
 * @returns {MimeBundle}
 */
function toData(bundle) {
  /** @type {MimeBundle} */
  const data = {};
  if (typeof bundle !== "object" || bundle === null) {
    return data;
  }
  for (const [mime, value] of Object.entries(bundle)) {
    if (value === undefined || value === null) {
      continue;
    }
    const bytes = encodeBytes(value);
    if (bytes !== undefined) {
      data[mime] = bytes;
    } else if (/\bjson$/.test(mime)) {
      data[mime] = value;
    } else {
      data[mime] = typeof value === "string" ? value : String(value);
    }
  }
  return data;
}

/**
 * @param {unknown} value
 * @returns {MimeBundle | Promise<MimeBundle | null | undefined> | null | undefined} What a rule makes of it.
 */
function applyRules(value) {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return undefined;
  }
  for (const rule of RULES) {
    try {
      const bundle = rule(value);
      if (bundle !== undefined) {
        return bundle;
      }
    } catch {
      // A rule that fails must not cost the user the value itself.
    }
  }
  return undefined;
}

/**
 * @param {unknown} value
 * @param {DisplaySettings} settings
 * @returns {MimeBundle | Promise<MimeBundle>} With `text/plain` in any case.
 */
function toBundle(value, settings) {
  /**
   * @param {MimeBundle | null | undefined} bundle
   * @returns {MimeBundle}
   */
  const complete = (bundle) => {
    const data = toData(bundle);
    if (!("text/plain" in data)) {
      data["text/plain"] = plainText(value, settings);
    }
    return data;
  };
  const bundle = applyRules(value);
  if (typeof (/** @type {any} */ (bundle)?.then) === "function") {
    return Promise.resolve(bundle).then(complete, () => complete(null));
  }
  return complete(/** @type {MimeBundle | null | undefined} */ (bundle));
}

module.exports = { toBundle, toData };
