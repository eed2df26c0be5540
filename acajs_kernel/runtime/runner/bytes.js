/**
 * Texts and bytes, by what Node had for them before users could replace it.
 */
"use strict";

const { apply } = Reflect;
const { from } = Buffer;
const { toString, write } = Buffer.prototype;
const { base64Slice, hexSlice, latin1Slice, utf8Slice, utf8Write } = /** @type {any} */ (Buffer.prototype);

/**
 * Without the look-ups that `Buffer.prototype.toString` makes.
 * @type {Record<string, ((start?: number, end?: number) => string) | undefined>}
 */
const SLICES = { base64: base64Slice, hex: hexSlice, latin1: latin1Slice, utf8: utf8Slice };

/**
 * @param {string} text
 * @param {BufferEncoding} [encoding]
 * @returns {Uint8Array}
 */
function toBytes(text, encoding) {
  return apply(from, Buffer, [text, encoding]);
}

/**
 * @param {ArrayBufferView} bytes
 * @param {BufferEncoding} [encoding]
 * @param {number} [start]
 * @param {number} [end]
 * @returns {string}
 */
function toText(bytes, encoding = "utf8", start = 0, end = bytes.byteLength) {
  const slice_ = SLICES[encoding];
  return slice_ === undefined ? apply(toString, bytes, [encoding, start, end]) : apply(slice_, bytes, [start, Math.min(end, bytes.byteLength)]);
}

/**
 * @param {ArrayBufferLike} memory
 * @param {number} [start]
 * @param {number} [length]
 * @returns {Buffer} The same memory.
 */
function view(memory, start, length) {
  return apply(from, Buffer, [memory, start, length]);
}

/**
 * @param {Uint8Array} bytes
 * @param {string} text
 * @param {number} start
 * @returns {number} How many bytes were written.
 */
function writeText(bytes, text, start) {
  return utf8Write === undefined ? apply(write, bytes, [text, start]) : apply(utf8Write, bytes, [text, start, bytes.length - start]);
}

module.exports = { toBytes, toText, view, writeText };
