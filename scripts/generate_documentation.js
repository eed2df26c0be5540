/**
 * Generates acajs_kernel/session/editor/documentation.json: one line, the signature and a link for
 * each builtin of JavaScript and Node. Usage:
 *
 *   npm ci && npm install --no-save @mdn/browser-compat-data
 *   node scripts/generate_documentation.js
 *
 * The descriptions and signatures come from TypeScript's library (Apache-2.0) and from
 * its types of Node (MIT), the addresses of MDN's pages from @mdn/browser-compat-data (CC0-1.0).
 * Only what this Node really has is kept, under the path by which it is reached.
 */
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const ts = require("typescript");

const ROOT = path.join(__dirname, "..");
const TARGET = path.join(ROOT, "acajs_kernel", "session", "editor", "documentation.json");
const MDN = "https://developer.mozilla.org/docs/Web/";
const NODE = "https://nodejs.org/api/";

/** The longest line and signature that are kept. */
const MOST_CHARACTERS = 200;
const MOST_SIGNATURE_CHARACTERS = 120;

/** Modules whose functions are documented. */
const MODULES = Object.freeze(
  (
    "assert async_hooks buffer child_process crypto dns dns/promises events fs fs/promises http https " +
    "module net os path perf_hooks querystring readline readline/promises stream stream/promises " +
    "string_decoder timers timers/promises url util v8 vm worker_threads zlib"
  ).split(" "),
);

/** What the sources do not describe, in words of our own. @type {Record<string, string>} */
const OWN_LINES = {
  Array: "A list of values, indexed from 0.",
  ArrayBuffer: "Raw bytes of a fixed or resizable length, read and written through views.",
  BigInt: "An integer of any size.",
  Blob: "Immutable raw data, readable as text, bytes or a stream.",
  Boolean: "Converts a value to true or false.",
  Intl: "Formatting and comparing by the rules of a language and region.",
  Map: "Pairs of keys and values, in the order in which they were added; a key may be any value.",
  Promise: "A value that comes later, or the reason why it does not.",
  Proxy: "An object whose basic operations are handled by functions of its own.",
  Reflect: "The basic operations of objects as functions.",
  RegExp: "A regular expression: a pattern that texts are searched for.",
  Set: "Values without repetition, in the order in which they were added.",
  Symbol: "Makes a value that is equal to nothing but itself, to name a property with.",
  URL: "A parsed URL, whose parts can be read and changed.",
  URLSearchParams: "The parameters of a URL's query.",
  WeakMap: "Pairs of keys and values that keep no key from being collected as garbage.",
  WeakRef: "Refers to an object without keeping it from being collected as garbage.",
  WeakSet: "Objects, kept without keeping them from being collected as garbage.",
  AbortController: "Makes a signal that ends what was started with it.",
  Headers: "The headers of an HTTP request or response.",
  Request: "An HTTP request, as fetch takes it.",
  Response: "An HTTP response, as fetch gives it.",
  TextDecoder: "Decodes bytes to text.",
  TextEncoder: "Encodes text as UTF-8.",
  console: "Prints to stdout and stderr.",
  fetch: "Fetches a resource, mostly by HTTP; a promise of its response.",
  structuredClone: "Copies a value with all that it holds.",
  "Map.prototype.clear": "Removes all pairs.",
  "Map.prototype.has": "Whether there is a pair with a key.",
  "Map.prototype.size": "The number of pairs.",
  "Set.prototype.clear": "Removes all values.",
  "Set.prototype.has": "Whether a value is in the set.",
  "Set.prototype.size": "The number of values.",
  "String.raw": "A template's text with its escapes left as they are written.",
  process: "The Node.js process that runs this code: its environment, memory, events and end.",
  performance: "Times with a precision below a millisecond.",
  Buffer: "Bytes, with methods to convert, read and write them; a Uint8Array.",
  clearTimeout: "Cancels a timer of setTimeout.",
  clearInterval: "Cancels a timer of setInterval.",
  clearImmediate: "Cancels an immediate of setImmediate.",
};

/** @typedef {[signature: string, line: string, link: string]} Entry */

/**
 * Look a path up among MDN's pages.
 * @param {any} data
 * @param {string[]} names
 * @returns {string} The page's address below `MDN`, or nothing.
 */
function mdnPage(data, names) {
  const short = names.filter((name) => name !== "prototype");
  const last = short.pop() ?? "";
  for (const root of [data.javascript.builtins, data.api]) {
    let node = root;
    for (const name of short) {
      node = node?.[name];
    }
    for (const name of [last, `${last}_static`]) {
      const url = node?.[name]?.__compat?.mdn_url;
      if (url?.startsWith(MDN)) {
        return url.slice(MDN.length);
      }
    }
  }
  return "";
}

/**
 * @param {string} text A documentation comment.
 * @returns {string} Its first sentence, on one line.
 */
function firstSentence(text) {
  const paragraph = text
    .replace(/\[MDN Reference\]\([^)]*\)/g, "")
    .replace(/\{@link(?:code|plain)?\s+([^}\s|]+)[^}]*\}/g, "`$1`")
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .trim()
    .split(/\n\s*\n|```/)[0];
  const line = (paragraph ?? "").replace(/\s+/g, " ").trim();
  const sentence = /^.*?[.!](?=\s[A-Z`]|$)/.exec(line)?.[0] ?? line;
  return sentence.length > MOST_CHARACTERS ? `${sentence.slice(0, MOST_CHARACTERS - 1)}…` : sentence;
}

/**
 * @param {any} owner
 * @param {string} name
 * @returns {boolean} Whether it has the property, own or inherited.
 */
function has(owner, name) {
  return owner !== null && (typeof owner === "object" || typeof owner === "function") && name in owner;
}

/**
 * @param {any} owner
 * @param {string} name
 * @returns {any} The property's value, unless a getter gives it.
 */
function dataOf(owner, name) {
  for (let object = owner; object !== null; object = Object.getPrototypeOf(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    if (descriptor !== undefined) {
      return descriptor.value;
    }
  }
  return undefined;
}

/** Collects what a set of declarations says. */
class Collector {
  /** @type {Map<string, Entry>} */
  entries = new Map();
  #checker;
  #data;

  /**
   * @param {import("typescript").TypeChecker} checker
   * @param {any} data Of `@mdn/browser-compat-data`.
   */
  constructor(checker, data) {
    this.#checker = checker;
    this.#data = data;
  }

  /**
   * Add a thing and what it has.
   * @param {string[]} names Its path.
   * @param {import("typescript").Symbol} symbol
   * @param {any} owner What has it at run time.
   * @param {string} fallback The link where MDN has no page.
   * @returns {void}
   */
  add(names, symbol, owner, fallback) {
    const name = names[names.length - 1] ?? "";
    const isTyped = owner === Uint8Array.prototype || owner === Uint8Array;
    if (isTyped && !Object.hasOwn(owner, name) && Object.hasOwn(Object.getPrototypeOf(owner), name)) {
      this.add(["TypedArray", ...names.slice(1)], symbol, Object.getPrototypeOf(owner), fallback);
      return;
    }
    // What is inherited is documented where it is.
    if (!Object.hasOwn(owner, name)) {
      return;
    }
    const type = this.#checker.getTypeOfSymbol(symbol);
    this.#note(names, symbol, type, fallback);
    const value = names.length === 1 ? owner[name] : dataOf(owner, name);
    if (names.includes("prototype") || names.length > 2) {
      return;
    }
    for (const property of type.getProperties()) {
      if (property.name === "prototype" && has(value, "prototype")) {
        for (const member of this.#checker.getTypeOfSymbol(property).getProperties()) {
          this.add([...names, "prototype", member.name], member, value.prototype, fallback);
        }
      } else if (has(value, property.name)) {
        this.add([...names, property.name], property, value, fallback);
      }
    }
  }

  /**
   * @param {string[]} names
   * @param {import("typescript").Symbol} symbol
   * @param {import("typescript").Type} type
   * @param {string} fallback
   * @returns {void}
   */
  #note(names, symbol, type, fallback) {
    const key = names.join(".");
    if (!/^[\w$./:]+$/.test(key) || /(^|\.)_|^node:.*\.[A-Z\d_]+$/.test(key)) {
      return;
    }
    const declared = this.#checker.getDeclaredTypeOfSymbol(symbol).symbol?.getDocumentationComment(this.#checker);
    const own = OWN_LINES[key];
    const comment = own ?? [symbol.getDocumentationComment(this.#checker), declared ?? []]
      .map((parts) => firstSentence(ts.displayPartsToString(parts)))
      .find((text) => text !== "" && !/global reference/.test(text));
    const isModule = names[0]?.startsWith("node:") === true;
    const page = isModule ? "" : mdnPage(this.#data, names);
    const link = page === "" ? fallback : MDN + page;
    if (comment === undefined || link === "") {
      return;
    }
    const [call] = type.getCallSignatures();
    const text = call === undefined ? "" : this.#checker.signatureToString(call, undefined, ts.TypeFormatFlags.NoTruncation);
    const signature = text.length > MOST_SIGNATURE_CHARACTERS ? "(…)" : text;
    if (!this.entries.has(key)) {
      this.entries.set(key, [signature, comment, link]);
    }
  }
}

/**
 * @param {string[]} libraries
 * @param {string[]} types
 * @returns {{program: import("typescript").Program, file: import("typescript").SourceFile}}
 */
function compile(libraries, types) {
  const name = path.join(ROOT, "scripts", "empty.ts");
  const options = { lib: libraries.map((library) => `lib.${library}.d.ts`), types, noEmit: true };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === name || fileExists(file);
  host.getSourceFile = (file, ...rest) =>
    file === name
      ? ts.createSourceFile(name, "export {};", ts.ScriptTarget.ES2022)
      : getSourceFile.call(host, file, ...rest);
  const program = ts.createProgram([name], options, host);
  return { program, file: /** @type {import("typescript").SourceFile} */ (program.getSourceFile(name)) };
}

/**
 * @param {import("typescript").TypeChecker} checker
 * @param {import("typescript").Symbol} module
 * @returns {import("typescript").Symbol[]} The properties of what the module is with `export =`.
 */
function plain(checker, module) {
  const assigned = module.exports?.get(ts.InternalSymbolName.ExportEquals);
  return assigned === undefined ? [] : checker.getTypeOfSymbol(checker.getAliasedSymbol(assigned)).getProperties();
}

/**
 * @param {any} data
 * @returns {Map<string, Entry>}
 */
function collect(data) {
  const require_ = createRequire(__filename);
  /** @type {Map<string, Entry>} */
  const entries = new Map();
  for (const [libraries, types] of /** @type {[string[], string[]][]} */ ([
    [["esnext"], ["node"]],
    [["esnext", "dom"], []],
  ])) {
    const { program, file } = compile(libraries, types);
    const checker = program.getTypeChecker();
    const collector = new Collector(checker, data);
    for (const symbol of checker.getSymbolsInScope(file, ts.SymbolFlags.Value)) {
      if (!/^(_|global(This)?$)/.test(symbol.name) && Object.hasOwn(globalThis, symbol.name)) {
        const isOfNode = ["process", "Buffer", "console"].includes(symbol.name);
        collector.add([symbol.name], symbol, globalThis, isOfNode ? `${NODE}${symbol.name.toLowerCase()}.html` : `${NODE}globals.html`);
      }
    }
    for (const module of types.length > 0 ? checker.getAmbientModules() : []) {
      const specifier = module.name.replace(/"/g, "");
      if (MODULES.includes(specifier)) {
        const page = `${NODE}${specifier.split("/")[0]}.html`;
        const exports_ = require_(`node:${specifier}`);
        const text = firstSentence(ts.displayPartsToString(module.getDocumentationComment(checker)));
        collector.entries.set(`node:${specifier}`, ["", text || `The module node:${specifier}.`, page]);
        for (const symbol of checker.getExportsOfModule(module).concat(plain(checker, module))) {
          collector.add([`node:${specifier}`, symbol.name], symbol, exports_, page);
        }
      }
    }
    for (const [key, entry] of collector.entries) {
      if (!entries.has(key)) {
        entries.set(key, entry);
      }
    }
  }
  return entries;
}

/** @type {any} */
/** Not among the development tools: it is large, and only this script reads it. @type {string} */
const COMPATIBILITY_DATA = "@mdn/browser-compat-data";
const data = require(COMPATIBILITY_DATA);
const version = (/** @type {string} */ name) =>
  JSON.parse(fs.readFileSync(path.join(ROOT, "node_modules", name, "package.json"), "utf8")).version;
const sorted = [...collect(data)].sort(([left], [right]) => (left < right ? -1 : 1));
const head = {
  about: "Generated by scripts/generate_documentation.js; see NOTICE. An entry: signature, line, link.",
  sources: [
    `typescript ${version("typescript")}, lib.*.d.ts, Copyright Microsoft Corporation, Apache-2.0`,
    `@types/node ${version("@types/node")}, Copyright Microsoft Corporation and contributors, MIT`,
    `@mdn/browser-compat-data ${data.__meta.version}, Mozilla and contributors, CC0-1.0`,
  ],
};
const shorten = (/** @type {string} */ link) => link.replace(MDN, "m:").replace(NODE, "n:");
const lines = sorted.map(
  ([key, [signature, line, link]]) => `${JSON.stringify(key)}:${JSON.stringify([signature, line, shorten(link)])}`,
);
fs.writeFileSync(
  TARGET,
  `{"about":${JSON.stringify(head.about)},\n"sources":${JSON.stringify(head.sources)},\n` +
    `"links":${JSON.stringify({ m: MDN, n: NODE })},\n"entries":{\n${lines.join(",\n")}\n}}\n`,
);
console.log(`${sorted.length} entries, ${fs.statSync(TARGET).size} bytes`);
