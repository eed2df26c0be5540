/**
 * What can be written at a place: modules, their exports, files.
 *
 * Of modules only Node's own are loaded.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { builtinModules, isBuiltin } = require("./node_modules.js");
const { IDENTIFIER, propertiesOf } = require("./properties.js");
const { listOf } = require("./realm.js");

/** Entries of a folder that are looked at. */
const MOST_ENTRIES = 2000;

/** Loading these has an effect, if only that of a warning. */
const NOISY = /^(node:)?(punycode|repl|sea|sqlite|sys|test|trace_events|wasi)\b/;
const EXPORTED =
  /^\s*export\s+(?:default\b()|(?:async\s+)?(?:const|let|var|class|function\s*\*?)\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)|\{([^}]*)\})|^\s*(?:module\.)?exports\.([\w$]+)\s*=/gmu;

/** @typedef {import("./properties.js").Match} Match */

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

  /**
   * @param {string} folder
   * @param {NodeRequire} require Finds modules from there.
   */
  constructor(folder, require) {
    this.#folder = folder;
    this.#require = require;
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
    const builtin = builtinModules.filter((name) => !/^_|\/_/.test(name));
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

module.exports = { Surroundings };
