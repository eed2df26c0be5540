/**
 * Modules whose file has changed are loaded anew, with those that depend on them.
 *
 * Node keeps every module that it has loaded: those of `require` by their file, from where they
 * can be removed, and those of `import` by their URL, for good. The latter get another URL. What
 * lies in `node_modules` stays, as packages do not change while they are used.
 */
"use strict";

const { readFileSync, statSync } = require("node:fs");
const Module = /** @type {any} */ (require("node:module"));
const path = { ...require("node:path") };
const { fileURLToPath, pathToFileURL } = require("node:url");

const { exposed, listOf, standingFor } = require("./realm.js");

/** The name that the magic calls. */
const RELOAD_NAME = "__acajs_reload__";

/** Files that are watched at most, and bytes of one that is searched for what it imports. */
const MOST_FILES = 2000;
const MOST_BYTES = 1_000_000;

/** Bytes for the versions of modules, where another thread resolves what is imported. */
const SHARED_BYTES = 1 << 20;

/** What a module may import, in its text: at worst too much. */
const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*["'`]([^"'`\n]+)["'`]/g;

/** What a URL of a module ends with that was loaded anew. */
const VERSION = /[?&]acajs=\d+/g;

/** @typedef {{signature: string, needs: Set<string>, isRead: boolean}} Known */

const { apply } = Reflect;
const { createRequire, registerHooks, register } = Module;
const { stringify } = JSON;

/**
 * @param {string} file
 * @returns {string} Another text where the file is another one; empty where there is none.
 */
function signatureOf(file) {
  const state = statSync(file, { bigint: true, throwIfNoEntry: false });
  return state === undefined ? "" : `${state.mtimeNs} ${state.size} ${state.ino}`;
}

/**
 * @param {string} file
 * @returns {boolean} Whether it is the user's own, and can be loaded twice.
 */
function isWatched(file) {
  return path.isAbsolute(file) && !/[\\/]node_modules[\\/]|\.node$/.test(file);
}

/**
 * @param {string} url
 * @param {(url: string) => number | undefined} versionOf
 * @returns {string}
 */
function versioned(url, versionOf) {
  const version = versionOf(url.replace(/[?#].*$/s, ""));
  return version === undefined ? url : `${url}${url.includes("?") ? "&" : "?"}acajs=${version}`;
}

/**
 * The program of the thread in which older versions of Node resolve what is imported. Its data
 * are the length of a text, and the text: the versions.
 */
const THREAD = `
${versioned.toString()}
let shared;
export const initialize = (data) => { shared = data; };
export const resolve = async (specifier, context, next) => {
  const found = await next(specifier, context);
  const length = new Int32Array(shared, 0, 1)[0];
  const versions = new Map(JSON.parse(Buffer.from(new Uint8Array(shared, 4, length)).toString()));
  return { ...found, url: versioned(found.url, (url) => versions.get(url)) };
};
//# sourceURL=acajs:resolve`;

/** Knows the modules that were loaded, and forgets those whose files have changed. */
class Reloading {
  /** Whether it does so. */
  isOn = true;
  /** @type {Map<string, Known>} */
  #files = new Map();
  /** How often a module was given up, by its URL. @type {Map<string, number>} */
  #versions = new Map();
  /** @type {SharedArrayBuffer | undefined} */
  #shared = undefined;
  #isHooked = false;

  /** Watch what `require` loads, wherever it is called. */
  install() {
    const { load } = Module.prototype;
    const watch = (/** @type {string} */ file) => this.#watch(file, false);
    const holder = {
      /**
       * @this {unknown}
       * @param {string} file
       * @returns {unknown}
       */
      load(file) {
        watch(file);
        return apply(load, this, [file]);
      },
    };
    Module.prototype.load = standingFor(holder.load, load);
    const value = exposed((/** @type {unknown} */ isOn) => {
      this.isOn = Boolean(isOn ?? this.isOn);
      return this.isOn;
    });
    Object.defineProperty(globalThis, RELOAD_NAME, { value, enumerable: false, writable: false });
  }

  /**
   * @param {string} filename What the function belongs to.
   * @returns {NodeJS.Require} The `require` of cells.
   */
  createRequire(filename) {
    const original = createRequire(filename);
    const reloading = /** @type {any} */ (
      (/** @type {string} */ specifier) => {
        this.refresh();
        return original(specifier);
      }
    );
    return standingFor(reloading, original);
  }

  /**
   * Say from where a module is to be imported now.
   * @param {string} url
   * @returns {string}
   */
  urlOf(url) {
    if (!this.isOn || !url.startsWith("file:")) {
      return url;
    }
    this.refresh();
    try {
      this.#read(fileURLToPath(url));
    } catch {
      // Node says what is wrong with it.
    }
    return versioned(url, (plain) => this.#versions.get(plain));
  }

  /** Forget the modules whose files have changed, and those that depend on them. */
  refresh() {
    if (!this.isOn || this.#files.size === 0) {
      return;
    }
    /** @type {Set<string>} */
    const stale = new Set();
    for (const [file, { signature }] of this.#files) {
      if (signatureOf(file) !== signature) {
        stale.add(file);
      }
    }
    if (stale.size > 0) {
      this.#addDependents(stale);
      for (const file of stale) {
        this.#forget(file);
      }
      this.#share();
    }
  }

  /**
   * @param {Set<string>} stale
   * @returns {void}
   */
  #addDependents(stale) {
    for (const [file, { needs }] of this.#files) {
      for (const child of listOf(Module._cache[file]?.children ?? [])) {
        needs.add(/** @type {any} */ (child).filename);
      }
    }
    for (let size = 0; size < stale.size; ) {
      size = stale.size;
      for (const [file, { needs }] of this.#files) {
        if ([...needs].some((needed) => stale.has(needed))) {
          stale.add(file);
        }
      }
    }
  }

  /**
   * @param {string} file
   * @returns {void}
   */
  #forget(file) {
    const loaded = Module._cache[file];
    if (loaded !== undefined) {
      delete Module._cache[file];
      const siblings = loaded.parent?.children ?? [];
      const index = siblings.indexOf(loaded);
      if (index >= 0) {
        siblings.splice(index, 1);
      }
    }
    const { href } = pathToFileURL(file);
    this.#versions.set(href, (this.#versions.get(href) ?? 0) + 1);
    const isRead = this.#files.get(file)?.isRead === true;
    this.#files.delete(file);
    if (isRead) {
      this.#read(file);
    } else {
      this.#watch(file, false);
    }
  }

  /**
   * Watch a module and all that it imports.
   * @param {string} first
   * @returns {void}
   */
  #read(first) {
    const waiting = [first];
    for (const file of waiting) {
      if (this.#files.get(file)?.isRead !== true) {
        waiting.push(...this.#watch(file, true));
      }
    }
  }

  /**
   * @param {string} file
   * @param {boolean} isRead Whether its text is searched for what it imports.
   * @returns {string[]} What it imports.
   */
  #watch(file, isRead) {
    if (!isWatched(file) || (this.#files.size >= MOST_FILES && !this.#files.has(file))) {
      return [];
    }
    const signature = signatureOf(file);
    const found = isRead && signature !== "" ? importsOf(file) : [];
    this.#files.set(file, { signature, needs: new Set(found), isRead });
    return found;
  }

  /** Let imports of other modules know the versions. */
  #share() {
    const versionOf = (/** @type {string} */ url) => this.#versions.get(url);
    if (registerHooks !== undefined) {
      if (!this.#isHooked) {
        registerHooks({
          resolve: (/** @type {string} */ specifier, /** @type {object} */ context, /** @type {Function} */ next) => {
            const found = next(specifier, context);
            return { ...found, url: versioned(found.url, versionOf) };
          },
        });
      }
    } else if (register !== undefined) {
      this.#shared ??= new SharedArrayBuffer(SHARED_BYTES);
      const text = Buffer.from(stringify([...this.#versions]));
      if (text.length <= SHARED_BYTES - 4) {
        new Uint8Array(this.#shared).set(text, 4);
        new Int32Array(this.#shared, 0, 1)[0] = text.length;
      }
      if (!this.#isHooked) {
        register(`data:text/javascript,${encodeURIComponent(THREAD)}`, { data: this.#shared });
      }
    }
    this.#isHooked = true;
  }
}

/**
 * @param {string} file
 * @returns {string[]} The files that its text may import, whether they are there or not.
 */
function importsOf(file) {
  const base = pathToFileURL(file);
  const found = [];
  try {
    if (statSync(file).size <= MOST_BYTES) {
      for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(SPECIFIER)) {
        if (/^(?:\.{0,2}\/|file:)/.test(specifier)) {
          found.push(fileURLToPath(new URL(specifier, base)));
        }
      }
    }
  } catch {
    // It cannot be read, or names no file.
  }
  return found;
}

module.exports = { Reloading, VERSION };
