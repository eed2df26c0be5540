/**
 * Images: what bytes hold, and `Jupyter.image`.
 */
"use strict";

const fs = { ...require("node:fs") };

const { toBytes, toText, view } = require("./bytes.js");
const { escape } = require("./markup.js");
const { types } = require("./realm.js");

/** Beginnings of files, as Latin-1. */
const SIGNATURES = /** @type {[RegExp, string][]} */ ([
  [/^\x89PNG\r\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[^])*-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i, "image/svg+xml"],
]);

/** Bytes that are looked at. */
const SIGNATURE_BYTES = 1024;

/**
 * @param {unknown} value
 * @returns {Buffer | undefined} The same memory, where the value is bytes.
 */
function bytesOf(value) {
  if (types.isAnyArrayBuffer(value)) {
    return view(value);
  }
  if (ArrayBuffer.isView(value)) {
    return view(value.buffer, value.byteOffset, value.byteLength);
  }
  return undefined;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string | undefined} The MIME type of an image.
 */
function imageType(bytes) {
  const head = toText(bytes, "latin1", 0, SIGNATURE_BYTES);
  return SIGNATURES.find(([signature]) => signature.test(head))?.[1];
}

/**
 * @param {string} mime
 * @param {Uint8Array} bytes
 * @param {string} [name]
 * @returns {Record<string, unknown>} A bundle.
 */
function imageBundle(mime, bytes, name = "") {
  const kind = mime.slice("image/".length).replace("+xml", "").toUpperCase();
  return {
    [mime]: mime === "image/svg+xml" ? standaloneSvg(toText(bytes)) : bytes,
    "text/plain": `[${kind} image, ${bytes.length} bytes${name === "" ? "" : `: ${name}`}]`,
  };
}

/**
 * An SVG element as a file of its own: frontends show it as an image, where the page's
 * colours do not reach. What draws in the current colour gets a background to be seen on.
 * @param {string} markup
 * @returns {string}
 */
function standaloneSvg(markup) {
  return markup.replace(/<svg\b([^>]*)>/i, (_, /** @type {string} */ attributes) => {
    const namespace = /\sxmlns\s*=/.test(attributes) ? "" : ' xmlns="http://www.w3.org/2000/svg"';
    const links = /xlink:/.test(markup) && !/\sxmlns:xlink/.test(attributes) ? ' xmlns:xlink="http://www.w3.org/1999/xlink"' : "";
    const style = /\sstyle\s*=\s*"([^"]*)"/.exec(attributes);
    if (!/currentColor/i.test(markup) || /background/i.test(style?.[1] ?? "")) {
      return `<svg${namespace}${links}${attributes}>`;
    }
    const rest = style === null ? attributes : attributes.replace(style[0], "");
    return `<svg${namespace}${links} style="background:#fff;color:#222;${style?.[1] ?? ""}"${rest}>`;
  });
}

/**
 * @param {string} text Of a data URL.
 * @returns {Record<string, unknown> | undefined} A bundle of the image in it.
 */
function dataUrlBundle(text) {
  const match = /^data:(image\/[\w.+-]+)((?:;[^,;]*)*),/.exec(text);
  if (match === null) {
    return undefined;
  }
  const rest = text.slice(match[0].length);
  const isBase64 = /;base64$/.test(/** @type {string} */ (match[2]));
  const bytes = isBase64 ? toBytes(rest, "base64") : toBytes(decodeURIComponent(rest));
  return imageBundle(/** @type {string} */ (match[1]), bytes);
}

/**
 * @param {unknown} source See `Jupyter.image`.
 * @param {string} attributes HTML for an image that the browser fetches.
 * @returns {Record<string, unknown>} A bundle.
 */
function sourceBundle(source, attributes) {
  const text = typeof source === "string" || source instanceof URL ? String(source) : undefined;
  if (text !== undefined && /^https?:/i.test(text)) {
    return { "text/html": `<img src="${escape(text)}"${attributes}>`, "text/plain": `[image: ${text}]` };
  }
  if (text?.startsWith("data:")) {
    const bundle = dataUrlBundle(text);
    if (bundle !== undefined) {
      return bundle;
    }
  }
  const isFile = text !== undefined && !text.startsWith("data:");
  const bytes = isFile ? fs.readFileSync(text.startsWith("file:") ? new URL(text) : text) : bytesOf(source);
  const mime = bytes === undefined ? undefined : imageType(bytes);
  if (bytes === undefined || mime === undefined) {
    throw new TypeError(
      "Jupyter.image takes the bytes of a PNG, JPEG, GIF, WebP or SVG image, a Blob, a file's path or a URL, " +
        `and ${isFile ? `the file ${text}` : "this value"} is none of these.`,
    );
  }
  return imageBundle(mime, bytes, isFile ? text : "");
}

/**
 * @param {unknown} source Bytes, a Blob or Response, a path, or a URL.
 * @param {{width?: number, height?: number, alt?: string}} options Pixels of the screen.
 * @returns {{bundle: Record<string, unknown> | Promise<Record<string, unknown>>, metadata: Record<string, unknown>}}
 * @throws {TypeError} The source is no image.
 */
function image(source, { width, height, alt } = {}) {
  const wanted = Object.entries({ width, height, alt }).filter(([, value]) => value !== undefined);
  const attributes = wanted.map(([name, value]) => ` ${name}="${escape(value)}"`).join("");
  /** @type {any} */
  const body = source;
  const bundle =
    bytesOf(source) === undefined && typeof body?.arrayBuffer === "function"
      ? Promise.resolve(body.arrayBuffer()).then((buffer) => sourceBundle(buffer, attributes))
      : sourceBundle(source, attributes);
  const size = Object.fromEntries(wanted);
  const metadata =
    wanted.length === 0 ? {} : Object.fromEntries(SIGNATURES.map(([, mime]) => [mime, size]));
  return { bundle, metadata };
}

module.exports = { bytesOf, dataUrlBundle, image, imageBundle, imageType, standaloneSvg };
