/**
 * Values that are shown well without being asked: a rule for each kind.
 *
 * A rule looks at a value without running its getters until it knows what it has.
 */
"use strict";

const { beginning } = require("../text.js");
const { toText } = require("./bytes.js");
const { bytesOf, dataUrlBundle, imageBundle, imageType, standaloneSvg } = require("./images.js");
const { ROWS, byteSize, escape, fieldOf, grouped, isPlainObject, note, tableHtml, tableOf } = require("./markup.js");
const { listOf, types } = require("./realm.js");

/** @typedef {import("./display.js").Rule} Rule */

const { apply } = Reflect;
const sizeOfMap = /** @type {any} */ (Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get);
const sizeOfSet = /** @type {any} */ (Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get);

/** Bytes and items of binary data that are shown. */
const PREVIEW_BYTES = 128;
const PREVIEW_ITEMS = 100;

/** Characters of an element's HTML in its plain text. */
const ELEMENT_CHARACTERS = 1000;

/** The major versions that JupyterLab draws; it takes a later chart for the last of them. */
const VEGA_VERSIONS = Object.freeze({ vega: 5, "vega-lite": 5 });

/** What charts of Vega and Vega-Lite have one of; a theme names the schema as well. */
const CHART_FIELDS = ["marks", "mark", "layer", "concat", "hconcat", "vconcat", "facet", "repeat", "spec"];

/** Types of a Plotly figure's traces. */
const TRACE_TYPES =
  /^(?:bar(?:polar)?|box|candlestick|carpet|choropleth(?:map(?:box)?)?|cone|contour(?:carpet)?|densitymap(?:box)?|funnel(?:area)?|heatmap(?:gl)?|histogram(?:2d(?:contour)?)?|icicle|image|indicator|isosurface|mesh3d|ohlc|parcats|parcoords|pie|pointcloud|sankey|scatter(?:3d|carpet|geo|gl|map(?:box)?|polar(?:gl)?|smith|ternary)?|splom|streamtube|sunburst|surface|table|treemap|violin|volume|waterfall)$/;

/** What a trace has at least one of, as a list or an object; an indicator has a number. */
const TRACE_FIELDS = ["x", "y", "z", "values", "lat", "r", "labels", "locations", "header", "dimensions", "node", "open", "source"];

/**
 * What a property holds, the object's own or inherited, without running a getter.
 * @param {any} value
 * @param {string | symbol} name
 * @returns {unknown}
 */
function peek(value, name) {
  if (types.isProxy(value)) {
    return value[name];
  }
  for (let owner = value, depth = 0; owner !== null && depth < 20; owner = Object.getPrototypeOf(owner), depth += 1) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor !== undefined) {
      return descriptor.value;
    }
  }
  return undefined;
}

/**
 * @param {any} value
 * @param {...string} names
 * @returns {boolean} Whether it has all these methods.
 */
function hasMethods(value, ...names) {
  return names.every((name) => typeof peek(value, name) === "function");
}

// Images in memory, and other binary data.
/** @type {Rule} */
function bytesRule(value) {
  const bytes = types.isProxy(value) ? undefined : bytesOf(value);
  if (bytes === undefined) {
    return undefined;
  }
  const mime = ArrayBuffer.isView(value) && !types.isUint8Array(value) ? undefined : imageType(bytes);
  if (mime !== undefined) {
    return imageBundle(mime, bytes);
  }
  const name = escape(value?.constructor?.name ?? "bytes");
  const isBytes = !ArrayBuffer.isView(value) || types.isUint8Array(value) || types.isDataView(value);
  const length = isBytes ? bytes.length : /** @type {any} */ (value).length;
  const head = `<b>${name}</b> ${isBytes ? "" : `${grouped(length)} items, `}${byteSize(bytes.length)}`;
  const shown = isBytes ? PREVIEW_BYTES : PREVIEW_ITEMS;
  const preview = isBytes
    ? hexDump(bytes, shown)
    : Array.from({ length: Math.min(length, shown) }, (_, index) => String(/** @type {any} */ (value)[index])).join(", ");
  const rest = length > shown ? note(`${grouped(length - shown)} more ${isBytes ? "bytes" : "items"}`) : "";
  return { "text/html": `<p>${head}</p><pre style="white-space:pre-wrap">${escape(preview)}</pre>${rest}` };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} most How many of them.
 * @returns {string} Sixteen to a line: offset, hexadecimal, ASCII.
 */
function hexDump(bytes, most) {
  const lines = [];
  for (let start = 0; start < Math.min(bytes.length, most); start += 16) {
    const end = Math.min(start + 16, most);
    const hex = (toText(bytes, "hex", start, end).match(/../g) ?? []).join(" ").padEnd(47);
    const text = toText(bytes, "latin1", start, end).replace(/[^ -~]/g, ".");
    lines.push(`${start.toString(16).padStart(6, "0")}  ${hex}  ${text}`);
  }
  return lines.join("\n");
}

// Elements and documents of jsdom, linkedom and the like.
/** @type {Rule} */
function elementRule(value) {
  const isDocument = hasMethods(value, "createElement", "querySelector");
  if (!isDocument && !hasMethods(value, "getAttribute", "cloneNode")) {
    return undefined;
  }
  const html = isDocument ? value.documentElement.outerHTML : value.outerHTML;
  if (typeof html !== "string") {
    return undefined;
  }
  const text = html.length > ELEMENT_CHARACTERS ? `${beginning(html, ELEMENT_CHARACTERS)}\u2026 ${grouped(html.length - ELEMENT_CHARACTERS)} more characters` : html;
  return /^<svg\b/i.test(html)
    ? { "image/svg+xml": standaloneSvg(html), "text/plain": text }
    : { "text/html": html, "text/plain": text };
}

// Canvases, in whatever package.
/** @type {Rule} */
function canvasRule(value) {
  // A library's function of this name is its own property, and wants arguments.
  const isMethod = !Object.hasOwn(value, "toDataURL") || hasMethods(value, "getContext");
  return hasMethods(value, "toDataURL") && isMethod ? dataUrlBundle(String(value.toDataURL())) : undefined;
}

/**
 * @param {any} spec
 * @returns {Record<string, unknown> | undefined} A bundle of a Vega or Vega-Lite chart.
 */
function vegaBundle(spec) {
  const match = /^https?:\/\/vega\.github\.io\/schema\/(vega|vega-lite)\/v(\d+)/.exec(String(fieldOf(Object(spec), "$schema")));
  if (match === null) {
    return undefined;
  }
  const kind = /** @type {"vega" | "vega-lite"} */ (match[1]);
  const version = Number(match[2]);
  const type = (/** @type {number} */ major) => `application/vnd.${kind.replace("-", "")}.v${major}+json`;
  const last = VEGA_VERSIONS[kind];
  /** @type {Record<string, unknown>} */
  const bundle = { [type(version)]: spec };
  if (version > last) {
    bundle[type(last)] = { ...spec, $schema: `https://vega.github.io/schema/${kind}/v${last}.json` };
  }
  return bundle;
}

// Vega: specifications, vega-lite-api's objects, and views, which draw themselves.
/** @type {Rule} */
function vegaRule(value) {
  if (hasMethods(value, "toSpec")) {
    return vegaBundle(value.toSpec());
  }
  if (hasMethods(value, "toSVG", "runAsync")) {
    return Promise.resolve(value.toSVG()).then((svg) => ({ "image/svg+xml": standaloneSvg(String(svg)) }));
  }
  return types.isProxy(value) || !CHART_FIELDS.some((name) => Object.hasOwn(value, name)) ? undefined : vegaBundle(value);
}

/**
 * @param {unknown} trace
 * @param {boolean} hasLayout Whether it stands beside a layout: then it needs no type.
 * @returns {boolean}
 */
function isTrace(trace, hasLayout) {
  if (!isPlainObject(trace)) {
    return false;
  }
  const type = fieldOf(trace, "type");
  const isTyped = typeof type === "string" && TRACE_TYPES.test(type);
  const fields = TRACE_FIELDS.map((name) => fieldOf(trace, name));
  const hasData = fields.some((field) => Array.isArray(field) || ArrayBuffer.isView(field) || isPlainObject(field));
  return (isTyped || (type === undefined && hasLayout)) && (hasData || type === "indicator" || (type === "image" && "source" in trace));
}

// Plotly's figures: data, and perhaps layout, config and frames, nothing else.
/** @type {Rule} */
function plotlyRule(value) {
  if (!isPlainObject(value)) {
    return undefined;
  }
  const names = Object.keys(value);
  const data = fieldOf(value, "data");
  if (
    !Array.isArray(data) ||
    data.length === 0 ||
    !names.every((name) => ["data", "layout", "config", "frames"].includes(name)) ||
    !listOf(data).every((trace) => isTrace(trace, isPlainObject(fieldOf(value, "layout"))))
  ) {
    return undefined;
  }
  return { "application/vnd.plotly.v1+json": { layout: {}, ...value } };
}

// Data frames of polars (if it does not show itself), arquero and danfo.
/** @type {Rule} */
function frameRule(value) {
  /** @type {[string[], number, unknown[]] | undefined} */
  let frame;
  if (hasMethods(value, "columnNames", "numRows", "objects")) {
    frame = [value.columnNames(), value.numRows(), value.objects({ limit: ROWS })];
  } else if (hasMethods(value, "head", "toRecords")) {
    frame = [[...value.columns], value.height ?? value.shape?.height, value.head(ROWS).toRecords()];
  } else if (hasMethods(value, "head", "print", "iloc") && Array.isArray(value.values) && Array.isArray(value.shape)) {
    // A danfo.js frame has rows of values, a series the values.
    const rows = listOf(value.values, ROWS);
    const columns = value.shape.length > 1 ? value.columns : [value.columns?.[0] ?? "value"];
    frame = [columns, value.shape[0], rows.map((/** @type {any} */ row) => Object.fromEntries(columns.map((/** @type {string} */ name, /** @type {number} */ index) => [name, Array.isArray(row) ? row[index] : row])))];
  }
  if (frame === undefined) {
    return undefined;
  }
  const [columns, total, rows] = frame;
  const head = `${grouped(total)} rows \u00d7 ${grouped(columns.length)} columns`;
  return { "text/html": tableHtml({ ...tableOf(rows, { columns }), total, head }) };
}

// Arrays of plain objects.
/** @type {Rule} */
function rowsRule(value) {
  if (!Array.isArray(value) || types.isProxy(value) || value.length === 0) {
    return undefined;
  }
  const top = listOf(value, ROWS);
  const isTable = top.every((row) => isPlainObject(row) && !types.isProxy(row)) && top.some((row) => Object.keys(row).length > 0);
  return isTable ? { "text/html": tableHtml({ ...tableOf(top), total: value.length }) } : undefined;
}

// Maps and sets.
/** @type {Rule} */
function collectionRule(value) {
  const isMap = types.isMap(value);
  if ((!isMap && !types.isSet(value)) || types.isProxy(value)) {
    return undefined;
  }
  const size = /** @type {number} */ (apply(isMap ? sizeOfMap : sizeOfSet, value, []));
  if (size === 0) {
    return undefined;
  }
  const rows = [];
  // Not the value's own methods, which the user may have replaced.
  for (const item of isMap ? Map.prototype.entries.call(value) : Set.prototype.values.call(value)) {
    if (rows.length === ROWS) {
      break;
    }
    rows.push(isMap ? item : [item]);
  }
  const columns = isMap ? ["key", "value"] : ["value"];
  const head = `${isMap ? "Map" : "Set"}, ${grouped(size)} ${size === 1 ? "entry" : "entries"}`;
  return { "text/html": tableHtml({ rows, columns, total: size, head }) };
}

// URLs: a link, where it leads to the web.
/** @type {Rule} */
function urlRule(value) {
  if (types.isProxy(value) || !(value instanceof URL) || !/^https?:$/.test(value.protocol)) {
    return undefined;
  }
  const href = escape(value.href);
  return { "text/html": `<a href="${href}" target="_blank" rel="noopener noreferrer">${href}</a>` };
}

// Responses of `fetch`: status and headers; the body stays to be read.
/** @type {Rule} */
function responseRule(value) {
  // What merely names the class makes Node load its HTTP client, which takes 20 to 30 ms.
  if (types.isProxy(value) || peek(value, Symbol.toStringTag) !== "Response") {
    return undefined;
  }
  const { Response } = globalThis;
  if (typeof Response !== "function" || !(value instanceof Response)) {
    return undefined;
  }
  const { status, statusText, url, headers, bodyUsed } = value;
  const head = `Response ${status} ${statusText} ${url}${bodyUsed ? " (body read)" : ""}`;
  const rows = [...headers];
  return { "text/html": tableHtml({ rows, columns: ["header", "value"], total: rows.length, head }) };
}

/**
 * In the order in which they are tried.
 * @type {Rule[]}
 */
const KNOWN = [
  bytesRule,
  elementRule,
  canvasRule,
  vegaRule,
  frameRule,
  rowsRule,
  collectionRule,
  plotlyRule,
  urlRule,
  responseRule,
];

module.exports = { KNOWN };
