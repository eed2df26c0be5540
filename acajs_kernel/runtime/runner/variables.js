/**
 * The variables of a notebook as a table.
 */
"use strict";

const { dataOf } = require("./properties.js");
const { summarize, typeName } = require("./summary.js");

const soon = setImmediate;

/** Characters of a value's preview. */
const PREVIEW = 120;

/**
 * @param {string} text
 * @returns {string}
 */
function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Make the function that lists the variables.
 * @param {() => {name: string, value: unknown}[]} lexical What `let`, `const` and `class` have declared.
 * @returns {() => object} What it returns is shown as a table of name, type, size and preview.
 */
function createWho(lexical) {
  const before = new Set(Object.getOwnPropertyNames(globalThis));
  const table = () => {
    const names = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name) && !name.startsWith("__acajs"));
    const rows = [...lexical(), ...names.map((name) => ({ name, value: dataOf(globalThis, name) }))]
      .map(({ name, value }) => {
        const { size, preview } = summarize(value, PREVIEW, 1);
        return [name, typeName(value), size, preview];
      })
      .sort(([left = ""], [right = ""]) => (left < right ? -1 : 1));
    const head = ["name", "type", "size", "value"];
    const row = (/** @type {string[]} */ cells, /** @type {string} */ tag) =>
      `<tr>${cells.map((text) => `<${tag} style="text-align:left">${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
    return {
      "text/html": `<table><thead>${row(head, "th")}</thead><tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`,
      "text/plain": rows.length > 0 ? rows.map((cells) => cells.join("\t")).join("\n") : "There are no variables.",
    };
  };
  // The inspector is asked when the cell's own evaluation has left it.
  return () => ({
    [Symbol.for("Jupyter.display")]: async () => {
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          soon(resolve);
        })
      );
      return table();
    },
  });
}

module.exports = { createWho };
