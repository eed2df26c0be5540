/**
 * HTML of ours: everything in it that comes from a value is escaped.
 *
 * It needs no style sheet: JupyterLab and nbconvert style plain tables after their themes,
 * and GitHub, which removes all styles, shows them well too.
 */
"use strict";

const { inspect, listOf } = require("./realm.js");

/** Characters of one cell of a table that are shown. */
const CELL_CHARACTERS = 200;

/** Columns of a table that are shown. */
const COLUMNS = 50;

/** Rows of a table that are shown unless the user wants more. */
const ROWS = 50;

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** @typedef {{rows: unknown[][], columns: string[], total: number, head?: string, limit?: number}} TableContent */

/**
 * @param {unknown} value
 * @returns {string} Its text, in which HTML sees nothing but text, also within quotes.
 */
function escape(value) {
  return String(value).replace(/[&<>"']/g, (character) => /** @type {string} */ (ENTITIES[character]));
}

/**
 * @param {number} number
 * @returns {string} With commas between the thousands.
 */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * @param {number} bytes
 * @returns {string}
 */
function byteSize(bytes) {
  const power = bytes < 1000 ? 0 : bytes < 1e6 ? 1 : bytes < 1e9 ? 2 : 3;
  const unit = /** @type {string} */ (["bytes", "kB", "MB", "GB"][power]);
  return power === 0 ? `${bytes} ${unit}` : `${(bytes / 1000 ** power).toFixed(1)} ${unit}`;
}

/**
 * @param {unknown} value
 * @returns {string} One line for a cell of a table.
 */
function cellText(value) {
  let text;
  if (value === undefined) {
    text = "";
  } else if (typeof value === "string") {
    text = value;
  } else {
    try {
      text = inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 20, maxStringLength: CELL_CHARACTERS });
    } catch {
      text = "[cannot be shown]";
    }
  }
  return text.length > CELL_CHARACTERS ? `${text.slice(0, CELL_CHARACTERS)}\u2026` : text;
}

/**
 * @param {string} text
 * @returns {string} A line beneath what it belongs to.
 */
function note(text) {
  return `<p><small>${escape(text)}</small></p>`;
}

/**
 * @param {TableContent} content
 * @returns {string} An HTML table; numbers stand on the right.
 */
function tableHtml({ rows, columns, total, head = "", limit = ROWS }) {
  const names = listOf(columns, COLUMNS);
  const shown = listOf(rows, limit);
  const line = shown.map((row) => {
    const cells = names.map((_, index) => {
      const value = row[index];
      const isNumber = typeof value === "number" || typeof value === "bigint";
      return `<td style="text-align:${isNumber ? "right" : "left"}">${escape(cellText(value))}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const header = names.map((name, index) => {
    const first = shown.find((row) => row[index] !== undefined && row[index] !== null)?.[index];
    const isNumber = typeof first === "number" || typeof first === "bigint";
    return `<th style="text-align:${isNumber ? "right" : "left"}">${escape(cellText(name))}</th>`;
  });
  const notes = [];
  if (total > shown.length) {
    notes.push(`${grouped(shown.length)} of ${grouped(total)} rows; ${grouped(total - shown.length)} more`);
  }
  if (columns.length > names.length) {
    notes.push(`${names.length} of ${grouped(columns.length)} columns`);
  }
  return (
    `${head === "" ? "" : note(head)}<table><thead><tr>${header.join("")}</tr></thead>` +
    `<tbody>${line.join("")}</tbody></table>${notes.length > 0 ? note(notes.join(", ")) : ""}`
  );
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>} Whether it is an object as literals make them.
 */
function isPlainObject(value) {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * What a property holds, without running a getter.
 * @param {object} object
 * @param {string} key
 * @returns {unknown}
 */
function fieldOf(object, key) {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined) {
    return undefined;
  }
  return "value" in descriptor ? descriptor.value : GETTER;
}

/** Stands in a table for what only running the user's code would tell. */
const GETTER = Object.freeze({ [Symbol.for("nodejs.util.inspect.custom")]: () => "[Getter]" });

/**
 * @param {Iterable<unknown>} rows Objects, arrays or single values.
 * @param {{columns?: string[], limit?: number}} [options]
 * @returns {TableContent}
 */
function tableOf(rows, { columns, limit = ROWS } = {}) {
  const list = Array.isArray(rows) ? rows : [...rows];
  const top = listOf(list, limit);
  const names = new Set(columns);
  let values = false;
  for (const row of columns === undefined ? top : []) {
    if (typeof row === "object" && row !== null) {
      for (const key of Object.keys(row)) {
        names.add(key);
      }
    } else {
      values = true;
    }
  }
  const keys = [...names];
  const cells = top.map((row) => {
    const isObject = typeof row === "object" && row !== null;
    const fields = keys.map((key) => (isObject ? fieldOf(row, key) : undefined));
    return values ? [isObject ? undefined : row, ...fields] : fields;
  });
  return { rows: cells, columns: values ? ["value", ...keys] : keys, total: list.length, limit };
}

module.exports = { ROWS, byteSize, cellText, escape, fieldOf, grouped, isPlainObject, note, tableHtml, tableOf };
