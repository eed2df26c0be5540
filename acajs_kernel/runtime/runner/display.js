/**
 * Values as MIME bundles: what a notebook can show of them.
 */
"use strict";

const { boundedJson, limitData } = require("./bounds.js");
const { toText } = require("./bytes.js");
const { bytesOf } = require("./images.js");
const { KNOWN } = require("./known_values.js");
const { grouped } = require("./markup.js");
const { inspect, originalOf, promiseOf, types, user } = require("./realm.js");

/** Objects with this method say themselves how they are shown. */
const DISPLAY = Symbol.for("Jupyter.display");

/** Objects may have the bundle's metadata here. */
const METADATA = Symbol.for("Jupyter.metadata");

/** A frame of this runtime or of Node's in an error's stack; what opens the error's fields stays. */
const OWN_FRAME = /\n[^\n]* at [^\n]*(?:acajs:\w+|node:inspector):\d+:\d+\)?(?:.\[39m)?( \{)?(?=\n|$)/g;

/** Characters of a plain text that are shown. */
const PLAIN_CHARACTERS = 200_000;

/** Methods of the npm package `nel`, IJavascript's engine. */
const NEL_METHODS = Object.freeze({
  _toHtml: "text/html",
  _toSvg: "image/svg+xml",
  _toPng: "image/png",
  _toJpeg: "image/jpeg",
});

const { parse } = JSON;
const { apply } = Reflect;

/** @typedef {Record<string, unknown>} MimeBundle */
/**
 * @typedef {object} DisplaySettings
 * @property {boolean} [colors]
 * @property {number} [depth]
 * @property {import("node:util").InspectOptions} [inspectOptions] Instead of these two, and more.
 * @property {((value: unknown) => unknown) | undefined} [mimer] Makes the bundles instead.
 * @property {boolean} [awaitPromises] Whether a promise as a cell's result is awaited.
 */
/** @typedef {{data: MimeBundle, metadata: Record<string, unknown>}} Representation */
/** @typedef {MimeBundle | Promise<MimeBundle | null | undefined> | null | undefined} RuleResult */
/**
 * @callback Rule
 * @param {any} value An object or a function.
 * @returns {RuleResult} Undefined: does not apply.
 */

/**
 * Values that show nothing as a cell's result, as they are only there to be kept.
 * @type {WeakSet<object>}
 */
const SILENT = new WeakSet();

/** @type {Rule} */
function displaySymbolRule(value) {
  const method = value[DISPLAY];
  return typeof method === "function" ? apply(originalOf(method), value, []) : undefined;
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
const RULES = [displaySymbolRule, nelRule, ...KNOWN];

/**
 * @param {unknown} error
 * @returns {string}
 */
function messageOf(error) {
  return types.isNativeError(error) ? `${error.name}: ${error.message}` : String(error);
}

/**
 * @param {string} text
 * @returns {string} At most its first 200,000 characters, and how many there were.
 */
function bounded(text) {
  const rest = text.length - PLAIN_CHARACTERS;
  return rest <= 0 ? text : `${text.slice(0, PLAIN_CHARACTERS)}\u001b[0m\u2026 ${grouped(rest)} more characters`;
}

/**
 * @param {unknown} value
 * @param {DisplaySettings} settings
 * @returns {string} As Node's REPL shows it.
 */
function plainText(value, settings) {
  try {
    const { colors = true, depth = 2, inspectOptions } = settings;
    const text = inspect(value, { colors, depth, ...inspectOptions });
    return bounded(text.includes(" at ") ? text.replace(OWN_FRAME, "$1") : text);
  } catch (error) {
    return `[value that cannot be shown: ${types.isNativeError(error) ? error.message : "thrown"}]`;
  }
}

/**
 * @param {unknown} value
 * @returns {unknown} The same as JSON can hold it.
 * @throws {TypeError} It is circular.
 * @throws {RangeError} It is too large, or nested too deep.
 */
function toJson(value) {
  const text = boundedJson(value, (_, item) => (typeof item === "bigint" ? Number(item) : item));
  return text === undefined ? undefined : parse(text);
}

/**
 * @param {MimeBundle} data
 * @returns {string} What stands for a bundle without a plain text.
 */
function textOf(data) {
  const text = Object.entries(data).find(([mime]) => mime.startsWith("text/"))?.[1];
  return typeof text === "string" ? bounded(text) : `[${Object.keys(data).join(", ")}]`;
}

/**
 * A bundle that the user has made, as it can travel.
 * @param {unknown} bundle
 * @returns {MimeBundle} With `text/plain`, unless there is nothing at all.
 */
function toData(bundle) {
  const data = encoded(bundle);
  if (Object.keys(data).length > 0) {
    data["text/plain"] ??= textOf(data);
  }
  return data;
}

/**
 * Make a bundle such that it can travel: bytes as base64, everything else as JSON.
 * @param {unknown} bundle
 * @returns {MimeBundle}
 */
function encoded(bundle) {
  /** @type {MimeBundle} */
  const data = {};
  /** @type {string[]} */
  const notes = [];
  if (typeof bundle !== "object" || bundle === null) {
    return data;
  }
  for (const [mime, value] of Object.entries(bundle)) {
    if (value === undefined || value === null) {
      continue;
    }
    try {
      const bytes = bytesOf(value);
      const isJson = /\bjson$/.test(mime);
      const item = (bytes && toText(bytes, "base64")) ?? (isJson ? toJson(value) : String(value));
      if (item !== undefined) {
        data[mime] = item;
      }
    } catch (error) {
      notes.push(`[the ${mime} of this value cannot be shown: ${messageOf(error)}]`);
    }
  }
  return limitData(data, notes);
}

/**
 * Whether an object claims to have every property, as stand-ins for remote objects do:
 * what it would answer to a rule means nothing.
 * @param {any} value
 * @returns {boolean}
 */
function isAllThings(value) {
  try {
    return types.isProxy(value) && value[Symbol("acajs")] !== undefined;
  } catch {
    return true;
  }
}

/**
 * @param {unknown} value
 * @returns {{bundle?: RuleResult, failure?: string}} What a rule makes of it.
 */
function applyRules(value) {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || isAllThings(value)) {
    return {};
  }
  let failure;
  for (const rule of RULES) {
    try {
      const bundle = rule(value);
      if (bundle !== undefined) {
        return { bundle };
      }
    } catch (error) {
      // A rule that fails must not cost the user the value itself. What the value says of
      // itself is the user's own code, whose mistakes are worth to know.
      if (rule === displaySymbolRule || rule === nelRule) {
        failure = messageOf(error);
      }
    }
  }
  return failure === undefined ? {} : { failure };
}

/**
 * @param {unknown} value
 * @param {(value: unknown) => unknown} mimer The user's.
 * @returns {{bundle?: RuleResult, failure?: string}}
 */
function applyMimer(value, mimer) {
  try {
    return { bundle: /** @type {RuleResult} */ (mimer(value)) };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>} The metadata that goes with its bundle.
 */
function metadataOf(value) {
  try {
    const metadata = /** @type {any} */ (value)?.[METADATA];
    return typeof metadata === "object" && metadata !== null ? Object(toJson(metadata)) : {};
  } catch {
    return {};
  }
}

/**
 * @param {any} value
 * @returns {boolean} Whether it has a `then` of its kind: one of `Object.prototype` means nothing.
 */
function isThenable(value) {
  const then = value?.then;
  return typeof then === "function" && then !== /** @type {any} */ (user.Object.prototype).then;
}

/**
 * @param {unknown} value
 * @param {DisplaySettings} settings
 * @returns {MimeBundle | Promise<MimeBundle>} With `text/plain` in any case.
 */
function toBundle(value, settings) {
  /**
   * @param {RuleResult} bundle
   * @param {string} [failure]
   * @returns {MimeBundle}
   */
  const complete = (bundle, failure) => {
    const data = encoded(bundle);
    // What was made to be displayed has no other text.
    const isMade = Object.keys(data).length > 0 && !types.isProxy(value) && Object.hasOwn(Object(value), DISPLAY);
    data["text/plain"] ??= isMade ? textOf(data) : plainText(value, settings);
    if (failure !== undefined) {
      data["text/plain"] += `\n[the value's own display method failed: ${failure}]`;
    }
    return data;
  };
  const { bundle, failure } = settings.mimer === undefined ? applyRules(value) : applyMimer(value, settings.mimer);
  if (types.isPromise(bundle) || isThenable(bundle)) {
    return (types.isPromise(bundle) ? promiseOf(bundle) : Promise.resolve(bundle)).then(complete, (error) => complete(null, messageOf(error)));
  }
  return complete(/** @type {MimeBundle | null | undefined} */ (bundle), failure);
}

/**
 * @param {unknown} value
 * @param {DisplaySettings} settings
 * @returns {Representation | Promise<Representation>}
 */
function represent(value, settings) {
  const bundle = toBundle(value, settings);
  const isObject = (typeof value === "object" || typeof value === "function") && value !== null;
  const metadata = isObject && !isAllThings(value) ? metadataOf(value) : {};
  /** @param {MimeBundle} data */
  const complete = (data) => {
    const entries = Object.entries(metadata).filter(([key]) => !key.includes("/") || key in data);
    return { data, metadata: Object.fromEntries(entries) };
  };
  return bundle instanceof Promise ? bundle.then(complete) : complete(bundle);
}

module.exports = { DISPLAY, METADATA, SILENT, plainText, represent, toBundle, toData, toJson };
