/**
 * Which expression stands at a place in a cell, as far as it can be looked up safely:
 * names and properties, `a.b["c"][0]`, but no calls.
 */
"use strict";

const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*`;
const LINK = String.raw`\s*\??\.\s*#?${NAME}|(?:\?\.)?\[(?:\d+|"[^"\\\n]*"|'[^'\\\n]*')\]`;
const BEFORE = String.raw`(?<![\p{ID_Continue}$.)\]?}#])`;

/** A chain at the end of a text. */
const CHAIN_AT_END = new RegExp(`${BEFORE}(${NAME}(?:${LINK})*)$`, "u");

/** A chain at the end of a text, followed by a dot and the beginning of a property's name. */
const PROPERTY_AT_END = new RegExp(
  String.raw`${BEFORE}(${NAME}(?:${LINK})*)\s*(?:\?\.|\.)\s*([\p{ID_Continue}$]*)$`,
  "u",
);

/** The beginning of a name that is no property. */
const NAME_AT_END = new RegExp(String.raw`(?:^|[^\p{ID_Continue}$.])(${NAME}|)$`, "u");

const NAME_AT_START = /^[\p{ID_Continue}$]*/u;

/** Characters before the cursor that are looked at. */
const LOOK_BACK = 2000;

/**
 * What is to be completed.
 * @typedef {{object: string | null, prefix: string}} Completion The object is null for a global name.
 */

/**
 * @param {string} code
 * @param {number} cursor In UTF-16 units.
 * @returns {Completion | null} Null where nothing can be said without running code.
 */
function completionAt(code, cursor) {
  const before = code.slice(Math.max(0, cursor - LOOK_BACK), cursor);
  const property = PROPERTY_AT_END.exec(before);
  if (property !== null) {
    return { object: property[1] ?? "", prefix: property[2] ?? "" };
  }
  const name = NAME_AT_END.exec(before);
  return name === null ? null : { object: null, prefix: name[1] ?? "" };
}

/**
 * @param {string} text
 * @returns {string} What stands before the innermost parenthesis that is open at its end.
 */
function beforeOpenParenthesis(text) {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const character = text[index];
    if (character === ")") {
      depth += 1;
    } else if (character === "(") {
      if (depth === 0) {
        return text.slice(0, index).trimEnd();
      }
      depth -= 1;
    } else if (character === ";") {
      break;
    }
  }
  return "";
}

/**
 * @param {string} code
 * @param {number} cursor In UTF-16 units.
 * @returns {string | null} The chain at the cursor, else the function whose call it is in.
 */
function expressionAt(code, cursor) {
  const start = Math.max(0, cursor - LOOK_BACK);
  const rest = NAME_AT_START.exec(code.slice(cursor))?.[0] ?? "";
  const before = code.slice(start, cursor);
  const match =
    CHAIN_AT_END.exec(before + rest) ?? CHAIN_AT_END.exec(beforeOpenParenthesis(before));
  return match?.[1] ?? null;
}

module.exports = { completionAt, expressionAt };
