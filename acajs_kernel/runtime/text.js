/**
 * Cutting texts so that no character is broken.
 */
"use strict";

/**
 * @param {string} text
 * @param {number} index
 * @returns {number} The same, or the one before it where a surrogate pair would be cut in two.
 */
function boundary(text, index) {
  const isInside = (text.charCodeAt(index - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  return isInside ? index - 1 : index;
}

/**
 * @param {string} text
 * @param {number} length In UTF-16 units.
 * @returns {string} Its beginning, at most of this length.
 */
function beginning(text, length) {
  return text.length <= length ? text : text.slice(0, boundary(text, length));
}

module.exports = { beginning, boundary };
