"use strict";

/*
 * A corpus of modules as people write them, and what a parser of its own says of a module
 * that was rewritten. Sources of installed packages, and statements in every order, with
 * comments wherever the language lets one stand.
 */

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const acorn = require("acorn");

const MODULES = path.join(__dirname, "..", "..", "node_modules");
const MOST_CHARACTERS = 30_000;
const MODULE_SYNTAX = /\b(?:import|export)\b/;

/** Statements, with and without their semicolons. */
const STATEMENTS = [
  'import d from "m"', 'import d from "m";', "import * as ns from 'm'", 'import {a, b as c} from "m"', 'import d2, {a2} from "m"',
  'import d3, * as ns3 from "m"', 'import "m"', "import 'm';", 'import {} from "m"', 'import d4 from "m" with {type: "json"}',
  'import {\n  a5,\n  b5 as c5,\n} from "m"', 'import from from "m"', 'import as from "m"', 'import {as as as2, default as d6} from "m"',
  'import {"x-y" as z7} from "m"', 'import type from "m"', "export {}", "export {x}", "export {x as y};", 'export {a8} from "m"', 'export * from "m"',
  'export * as e9 from "m"', 'export {a10, b10 as default} from "m" with {type: "json"}', "export const k11 = 1", "export let l12 = 2, m12",
  "export function f13() {}", "export async function f14() {}", "export function* f15() {}", "export class C16 {}", "export default 1",
  "export default function () {}", "export default function f17() {}", "export default class {}", "export default class C18 {}",
  "export default {a: 1}", "export default async () => {}", "export default async function () {}", "export default (1, 2)", "export default [1]",
  'const p19 = import("m")', 'await import("m")', 'const u20 = import.meta.url', "const {url: u21} = import.meta", 'import("m").then((x) => x)',
  'const t22 = `${await import("m")} import "x"`', "const r23 = /import x from 'y'/", "const s24 = \"import x from 'y'\"", "const v25 = x / 2 / 3",
  "let x", "(1)", "[1].length", "`t`", "/r/.test('a')", "+1", "-1", "++i26.n", "{ a: 1 }", "{ a: 1, b: 2 }", "({a: 1})", "!0", "% 2", "* 3", "'use strict'",
  "const o27 = {import: 1, export: 2, from: 'x'}", "o27.import", "class K28 { import() {} static export = 1 }", "if (x) { y }", "label: for (;;) break label",
  "const w29 = (a) => a", "async () => { await import('m') }", "function g30() { return import.meta.url }", "var i26 = {n: 1}", "export var from = 'm'",
  'const with31 = 1', 'export {with31}', "const a32 = b32 => {}\nconst b32 = 1", "do x; while (0)", "const j33 = x\n++i26.n", "return34: { break return34 }",
  "const m35 = x ? `a` : /b'/g", "const q36 = '//', z36 = 1 // c", "x = y\n/re/g", "const y = 1, e37 = a => a/1/2", "for (const n38 of []) ;", "export { y }\n",
];

const COMMENTS = [
  "/* c */", "/* import x from 'y' */", '/* from "x" */', "/**/", "/* it's */", "/* ` */", "/* ${ */", "/* export {a} */", "/*\n*/", "/* export\nimport */", "/***/",
  '// import os from "node:os"\n', "// import 'x'\n", "// it's\n", "// `\n", "// export {a}\n", "// export\n", '// export * from "x"\n', "// ends in from 'x'\n",
  "// {\n", "// /*\n", "// */ \n", "// import os from 'node:os'\r\n", '// with { type: "json" }\n', "//\n", '/* "use strict" */', "// \\\n", "// const x = /re/\n", "/* // */",
];

/**
 * @param {number} seed
 * @returns {() => number} Numbers from 0 to 1, the same for the same seed (mulberry32).
 */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * @param {string} source
 * @returns {boolean} Whether V8 takes it for a module.
 */
function isModule(source) {
  try {
    return Boolean(new vm.SourceTextModule(source));
  } catch {
    return false;
  }
}

/**
 * @param {string} source
 * @param {"module" | "script"} sourceType
 * @returns {any} Its tree, or null where it does not parse.
 */
function parse(source, sourceType) {
  try {
    return acorn.parse(source, { ecmaVersion: "latest", sourceType, allowAwaitOutsideFunction: true, allowHashBang: true });
  } catch {
    return null;
  }
}

/**
 * @param {string} folder
 * @returns {string[]} The texts of modules below it.
 */
function moduleTexts(folder) {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?js$/.test(name))
    .sort()
    .map((name) => path.join(folder, name))
    .filter((file) => fs.statSync(file).isFile())
    .map((file) => fs.readFileSync(file, "utf8"))
    .filter((text) => text.length < MOST_CHARACTERS && MODULE_SYNTAX.test(text));
}

/**
 * @param {string} source
 * @param {() => number} next
 * @returns {string} The same with comments between some of its tokens.
 */
function withComments(source, next) {
  const pick = () => COMMENTS[Math.floor(next() * COMMENTS.length)] ?? "";
  const share = next() < 0.5 ? 0.1 : 0.6;
  let text = "";
  let end = 0;
  try {
    for (const token of acorn.tokenizer(source, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true })) {
      text += source.slice(end, token.start) + (next() < share && token.start > 0 ? pick() : "") + source.slice(token.start, token.end);
      end = token.end;
    }
  } catch {
    return source; // the tokenizer alone cannot tell every pattern from a division
  }
  return text + (next() < share ? pick() : "") + source.slice(end);
}

/**
 * @param {() => number} next
 * @returns {string} A few statements.
 */
function composed(next) {
  const count = 1 + Math.floor(next() * 4);
  const chosen = Array.from({ length: count }, () => STATEMENTS[Math.floor(next() * STATEMENTS.length)]);
  return chosen.join(next() < 0.85 ? "\n" : next() < 0.5 ? "; " : "\r\n");
}

/**
 * Make modules that V8 accepts.
 * @param {{seed: number, count: number}} options
 * @returns {string[]}
 */
function modules({ seed, count }) {
  const next = random(seed);
  const found = [];
  for (const text of moduleTexts(MODULES)) {
    found.push(text);
    const statements = (text.length < 8000 && parse(text, "module")?.body) || [];
    for (let first = 0; first < statements.length; first += 3) {
      const some = statements.slice(first, first + 3);
      found.push(text.slice(some[0].start, some.at(-1).end));
    }
  }
  const real = found.filter((text) => MODULE_SYNTAX.test(text) && isModule(text));
  const made = [];
  for (let attempts = 0; made.length < count && attempts < count * 20; attempts += 1) {
    const base = next() < 0.9 ? composed(next) : (real[Math.floor(next() * real.length)] ?? "");
    const source = base.length > 3000 || next() < 0.1 ? base : withComments(base, next);
    if (isModule(source) && parse(source, "module") !== null) {
      made.push(source);
    }
  }
  return [...new Set([...real, ...made])];
}

/**
 * @param {any} node
 * @param {(node: any) => void} visit
 */
function walk(node, visit) {
  if (Array.isArray(node)) {
    node.forEach((item) => walk(item, visit));
  } else if (node && typeof node.type === "string") {
    visit(node);
    Object.values(node).forEach((item) => walk(item, visit));
  }
}

const EXPECTED = { calls: 0, metas: 0, left: 0 };

/**
 * @param {string} source
 * @param {any} tree
 * @returns {{calls: number, metas: number, left: number, others: string[]}} How often modules are
 *   imported and `import.meta` is read, what is left of module syntax, and the other statements.
 */
function census(source, tree) {
  const counts = { ...EXPECTED };
  walk(tree, (node) => {
    const isStatement = /^(?:Import|Export)\w*Declaration$/.test(node.type);
    const isMeta = node.type === "MetaProperty" && node.meta.name === "import";
    counts.left += isStatement || isMeta || node.type === "ImportExpression" ? 1 : 0;
    counts.calls += (isStatement && node.source) || node.type === "ImportExpression" ? 1 : 0;
    counts.calls += node.type === "CallExpression" && node.callee.name === "__acajs_import__" ? 1 : 0;
    counts.metas += isMeta || (node.type === "Identifier" && node.name === "__acajs_meta__") ? 1 : 0;
  });
  const others = tree.body
    .map((/** @type {any} */ node) => source.slice(node.start, node.end).replace(/[\s;]+$/, ""));
  return { ...counts, others };
}

/**
 * Compare a module with what it was rewritten to.
 * @param {[string, string]} pair
 * @returns {string} What is wrong, or nothing.
 */
function difference([source, rewritten]) {
  const tree = parse(rewritten, "script");
  if (tree === null) {
    return "acorn does not parse what was rewritten";
  }
  const before = census(source, parse(source, "module"));
  const after = census(rewritten, tree);
  if (after.left > 0 || after.calls !== before.calls || after.metas !== before.metas) {
    return `${JSON.stringify({ ...before, others: 0 })} became ${JSON.stringify({ ...after, others: 0 })}`;
  }
  // A semicolon on a later line is theirs.
  const missing = before.others.find(
    (text) => !/\b(?:import|export)\b/.test(text) && !after.others.some((other) => other.startsWith(text)),
  );
  return missing === undefined ? "" : `a statement was changed: ${missing}`;
}

module.exports = { difference, modules };
