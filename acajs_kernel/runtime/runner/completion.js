/**
 * What can be written at a place: properties, modules, their exports, files.
 *
 * Names are listed without reading what they stand for: no getter and no trap runs, and of
 * modules only Node's own are loaded.
 */
"use strict";

const fs = { ...require("node:fs") };
const Module = require("node:module");
const path = { ...require("node:path") };

const { listOf, types, user } = require("./realm.js");

const { builtinModules, isBuiltin } = Module;

/** Entries of a folder that are looked at. */
const MOST_ENTRIES = 2000;

/** Names of one object that are looked at closely. */
const MOST_NAMES = 10_000;

/** Loading these has an effect, if only that of a warning. */
const NOISY = /^(node:)?(punycode|repl|sea|sqlite|sys|test|trace_events|wasi)\b/;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const INDEX = /^\d+$/;
const EXPORTED =
  /^\s*export\s+(?:default\b()|(?:async\s+)?(?:const|let|var|class|function\s*\*?)\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)|\{([^}]*)\})|^\s*(?:module\.)?exports\.([\w$]+)\s*=/gmu;

/** @typedef {{text: string, type: string}} Match */

const { getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const { isArray } = Array;
const { ownKeys } = Reflect;

/**
 * @param {unknown} value
 * @returns {string} In the words of JupyterLab's completer.
 */
function typeOf(value) {
  if (typeof value !== "function") {
    return "property";
  }
  return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
}

/**
 * @param {object} object
 * @param {PropertyKey} name
 * @returns {unknown} The property's value, unless a getter gives it.
 */
function dataOf(object, name) {
  try {
    return getOwnPropertyDescriptor(object, name)?.value;
  } catch {
    return undefined; // a module's name that has no value yet
  }
}

/**
 * @param {unknown} value
 * @returns {boolean} Whether it is an array, a text, bytes or the like with so many indices that
 *   V8 would take seconds to list them: a microsecond each.
 */
function isLong(value) {
  if (value === null || value === undefined || types.isProxy(value)) {
    return false;
  }
  return (isArray(value) && value.length >= MOST_NAMES) || hasOwn(value, MOST_NAMES - 1);
}

/**
 * List the names of an object's properties, its own first. Names that begin with an underscore
 * are listed where one was written.
 * @param {unknown} value
 * @param {string} prefix
 * @param {boolean} [isKey] Within quotation marks, where any name may stand.
 * @param {PropertyKey[]} [named] The value's own names beside its indices, if it is long.
 * @returns {Match[]}
 */
function propertiesOf(value, prefix, isKey = false, named = []) {
  /** @type {Map<string, Match>} */
  const found = new Map();
  const end = isKey ? user.Object.prototype : null;
  let object = value === null || value === undefined ? null : user.Object(value);
  while (object !== null && object !== end && !types.isProxy(object)) {
    /** @type {string[]} */
    const names = [];
    for (const key of isLong(object) ? named : ownKeys(object)) {
      if (
        typeof key === "string" &&
        key.startsWith(prefix) &&
        !found.has(key) &&
        (isKey ? !INDEX.test(key) : IDENTIFIER.test(key)) &&
        (prefix !== "" || !key.startsWith("_")) &&
        names.push(key) === MOST_NAMES
      ) {
        break;
      }
    }
    for (const name of names.sort()) {
      found.set(name, { text: name, type: typeOf(dataOf(object, name)) });
    }
    object = getPrototypeOf(object);
  }
  return [...found.values()];
}

/**
 * @param {string} folder
 * @returns {{name: string, isFolder: boolean}[]} Nothing for a folder that cannot be read.
 */
function entriesOf(folder) {
  try {
    const entries = listOf(fs.readdirSync(folder, { withFileTypes: true }), MOST_ENTRIES);
    return entries.map((entry) => ({
      name: entry.name,
      isFolder:
        entry.isDirectory() ||
        (entry.isSymbolicLink() && fs.statSync(path.join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() === true),
    }));
  } catch {
    return [];
  }
}

/** What can be found from the session's folder. */
class Surroundings {
  #folder;
  #require;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
    this.#require = Module.createRequire(path.join(folder, "notebook.js"));
    // Node makes it when it is first read, an effect that would keep it from being completed.
    void fs.promises;
  }

  /**
   * @param {string} prefix A path, or the beginning of one.
   * @returns {Match[]}
   */
  files(prefix) {
    const base = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const name = prefix.slice(base.length);
    return entriesOf(path.resolve(this.#folder, base))
      .filter((entry) => entry.name.startsWith(name) && (name !== "" || !entry.name.startsWith(".")))
      .map((entry) => ({
        text: `${base}${entry.name}${entry.isFolder ? "/" : ""}`,
        type: entry.isFolder ? "folder" : "file",
      }));
  }

  /**
   * @param {string} prefix The beginning of a module's specifier.
   * @returns {Match[]}
   */
  modules(prefix) {
    if (/^\.{0,2}\//.test(prefix)) {
      return this.files(prefix);
    }
    const builtin = listOf(builtinModules).filter((name) => !/^_|\/_/.test(name));
    const names = builtin.map((name) => (name.startsWith("node:") ? name : `node:${name}`)).sort();
    if (prefix !== "") {
      names.unshift(...builtin.filter((name) => !name.startsWith("node:")).sort());
    }
    /** @type {Set<string>} */
    const packages = new Set();
    for (const root of this.#packageFolders) {
      const [, scope] = /^(@[^/]*)\//.exec(prefix) ?? [];
      const folders = entriesOf(path.join(root, scope ?? "")).filter((entry) => entry.isFolder && !entry.name.startsWith("."));
      for (const { name } of folders) {
        packages.add(scope === undefined ? name + (name.startsWith("@") ? "/" : "") : `${scope}/${name}`);
      }
    }
    const [, owner] = /^((?:@[^/]+\/)?[^@/][^/]*)\//.exec(prefix) ?? [];
    const inside = owner === undefined ? [] : Object.keys(this.#manifest(owner)?.exports ?? {});
    const subpaths = inside.filter((key) => key.startsWith("./") && !key.includes("*")).map((key) => owner + key.slice(1));
    return [...names, ...packages, ...subpaths]
      .filter((text) => text.startsWith(prefix))
      .map((text) => ({ text, type: "module" }));
  }

  /**
   * @param {string} specifier
   * @returns {unknown} What a module of Node's own is, or one that was required before.
   */
  module(specifier) {
    try {
      if (isBuiltin(specifier)) {
        return NOISY.test(specifier) ? undefined : this.#require(specifier);
      }
      return this.#require.cache[this.#require.resolve(specifier)]?.exports;
    } catch {
      return undefined;
    }
  }

  /**
   * @param {string} specifier
   * @param {string} prefix
   * @returns {Match[]} What can be imported from a module, which is not run for it.
   */
  exports(specifier, prefix) {
    const value = this.module(specifier);
    if (value !== undefined) {
      return propertiesOf(value, prefix).filter(({ text }) => !(text in Object.prototype));
    }
    const file = this.#fileOf(specifier);
    let text = "";
    try {
      text = file === undefined ? "" : fs.readFileSync(file, "utf8");
    } catch {
      return [];
    }
    const names = [...text.matchAll(EXPORTED)].flatMap(([, isDefault, declared, list, assigned]) =>
      list === undefined
        ? [isDefault === undefined ? (declared ?? assigned ?? "") : "default"]
        : list.split(",").map((part) => part.trim().split(/\s+as\s+/).pop() ?? ""),
    );
    return [...new Set(names)]
      .filter((name) => IDENTIFIER.test(name) && name.startsWith(prefix))
      .sort()
      .map((name) => ({ text: name, type: "property" }));
  }

  get #packageFolders() {
    return listOf(this.#require.resolve.paths("x") ?? []);
  }

  /**
   * @param {string} name A package's.
   * @returns {any} Its `package.json`, with its `folder`.
   */
  #manifest(name) {
    for (const root of this.#packageFolders) {
      try {
        const folder = path.join(root, name);
        return { ...JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")), folder };
      } catch {
        // Not here, then.
      }
    }
    return undefined;
  }

  /**
   * @param {string} specifier
   * @returns {string | undefined}
   */
  #fileOf(specifier) {
    try {
      return this.#require.resolve(specifier);
    } catch {
      // A package that cannot be required names its file itself.
      const manifest = this.#manifest(specifier);
      let entry = manifest?.exports?.["."] ?? manifest?.exports ?? manifest?.module;
      for (let depth = 0; depth < 5 && typeof entry === "object" && entry !== null; depth += 1) {
        entry = entry.import ?? entry.node ?? entry.default;
      }
      return typeof entry === "string" ? path.join(manifest.folder, entry) : undefined;
    }
  }
}

module.exports = { Surroundings, dataOf, isLong, propertiesOf, typeOf };
