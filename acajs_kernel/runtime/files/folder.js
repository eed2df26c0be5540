/**
 * The files below one folder of the session, named relative to it with slashes.
 */
"use strict";

const { createHash, randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const CHUNK_BYTES = 1024 * 1024;

/** Files of the kernel's own, which no listing shows. */
const OWN = ".acajs-";

/** @typedef {{path: string, name: string, directory: string, type: "file" | "directory", size: number, modified: number}} Entry */
/** @typedef {{path: string, type: "file" | "directory" | "missing", size: number, sha256: string}} Facts */
/**
 * @typedef {object} Move A file that was uploaded under another name.
 * @property {string} from
 * @property {string} to
 * @property {string} sha256 What its content must have.
 */

/**
 * @param {string} file
 * @returns {string} The SHA-256 of its content, in hexadecimal digits.
 */
function hashOf(file) {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const descriptor = fs.openSync(file, "r");
  try {
    for (let count; (count = fs.readSync(descriptor, buffer, 0, CHUNK_BYTES, null)) > 0; ) {
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    fs.closeSync(descriptor);
  }
  return hash.digest("hex");
}

/** A folder and what is below it. */
class Folder {
  /** @type {string} */
  #root;

  /** @param {string} root */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {string} relative
   * @returns {string} The path on the disk.
   */
  resolve(relative) {
    const resolved = path.resolve(this.#root, ...relative.split("/").filter((part) => part !== ""));
    if (resolved !== this.#root && !resolved.startsWith(path.join(this.#root, path.sep))) {
      throw new Error(`"${relative}" leads out of the session's folder.`);
    }
    return resolved;
  }

  /**
   * List a folder.
   * @param {string} relative
   * @param {boolean} recursive Also what lies in its folders.
   * @param {number} offset Entries to pass over.
   * @param {number} limit Entries to return at most.
   * @returns {{total: number, entries: Entry[]}} Sorted, such that pages fit together.
   */
  walk(relative, recursive, offset, limit) {
    const start = relative.split("/").filter((part) => part !== "").join("/");
    /** @type {[string, fs.Dirent][]} */
    const found = [];
    const waiting = [start];
    for (let directory; (directory = waiting.pop()) !== undefined; ) {
      for (const child of fs.readdirSync(this.resolve(directory), { withFileTypes: true })) {
        if (child.name.startsWith(OWN)) {
          continue;
        }
        found.push([directory, child]);
        if (recursive && child.isDirectory()) {
          waiting.push(directory === "" ? child.name : `${directory}/${child.name}`);
        }
      }
    }
    const order = found
      .map(([directory, child]) => ({ directory, name: child.name, key: `${directory}/${child.name}` }))
      .sort((one, other) => (one.key < other.key ? -1 : 1));
    const entries = order.slice(offset, offset + limit).flatMap(({ directory, name }) => {
      const whole = directory === "" ? name : `${directory}/${name}`;
      const state = fs.statSync(this.resolve(whole), { throwIfNoEntry: false });
      return state === undefined ? [] : [this.#entry(whole, directory, name, state)];
    });
    return { total: found.length, entries };
  }

  /**
   * @param {string} whole
   * @param {string} directory
   * @param {string} name
   * @param {fs.Stats} state
   * @returns {Entry}
   */
  #entry(whole, directory, name, state) {
    const isFolder = state.isDirectory();
    return {
      path: whole,
      name,
      directory,
      type: isFolder ? "directory" : "file",
      size: isFolder ? 0 : state.size,
      modified: state.mtimeMs,
    };
  }

  /**
   * @param {string} relative
   * @param {boolean} hashed Whether the checksum is wanted.
   * @returns {Facts}
   */
  facts(relative, hashed) {
    const file = this.resolve(relative);
    const state = fs.statSync(file, { throwIfNoEntry: false });
    if (state === undefined) {
      return { path: relative, type: "missing", size: 0, sha256: "" };
    }
    if (state.isDirectory()) {
      return { path: relative, type: "directory", size: 0, sha256: "" };
    }
    return { path: relative, type: "file", size: state.size, sha256: hashed ? hashOf(file) : "" };
  }

  /**
   * Put a file in its place if it arrived whole.
   * @param {Move} move
   * @returns {{path: string, problem: string}} The problem is empty when it is in its place.
   */
  place({ from, to, sha256 }) {
    const source = this.resolve(from);
    const target = this.resolve(to);
    try {
      if (!fs.existsSync(source)) {
        // A repeated request: done before, or lost.
        const isDone = fs.existsSync(target) && hashOf(target) === sha256;
        return { path: to, problem: isDone ? "" : "it did not arrive" };
      }
      if (hashOf(source) !== sha256) {
        fs.rmSync(source, { force: true });
        return { path: to, problem: "its checksum is another one" };
      }
      if (fs.statSync(target, { throwIfNoEntry: false })?.isDirectory()) {
        fs.rmSync(source, { force: true });
        return { path: to, problem: "there is a folder of this name" };
      }
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.renameSync(source, target);
      return { path: to, problem: "" };
    } catch (error) {
      fs.rmSync(source, { force: true });
      return { path: to, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  /**
   * Make a file visible at the top, where an API that knows no folders finds it.
   * @param {string} relative
   * @param {string} as Its second name.
   * @returns {string} That name.
   */
  expose(relative, as) {
    const target = this.resolve(as);
    fs.rmSync(target, { force: true });
    try {
      fs.linkSync(this.resolve(relative), target);
    } catch {
      // Not every file system has a second name for a file.
      fs.copyFileSync(this.resolve(relative), target);
    }
    return as;
  }

  /**
   * @param {string} relative
   * @returns {string} The folder, which is there now.
   */
  make(relative) {
    fs.mkdirSync(this.resolve(relative), { recursive: true });
    return relative;
  }

  /**
   * @param {string} relative
   * @param {boolean} recursive Also a folder, with everything in it.
   * @returns {{path: string, problem: string}} The problem is empty when it is gone.
   */
  remove(relative, recursive) {
    const file = this.resolve(relative);
    try {
      if (file === this.#root) {
        throw new Error("it is the session's folder itself");
      }
      fs.rmSync(file, { recursive, force: true });
      return { path: relative, problem: "" };
    } catch (error) {
      return { path: relative, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  /**
   * Replace a folder by another one.
   * @param {string} from
   * @param {string} to
   * @returns {void}
   */
  replace(from, to) {
    const target = this.resolve(to);
    const old = this.resolve(`${OWN}old-${randomBytes(6).toString("hex")}`);
    if (fs.existsSync(target)) {
      fs.renameSync(target, old);
    }
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.renameSync(this.resolve(from), target);
    fs.rmSync(old, { recursive: true, force: true });
  }
}

module.exports = { Folder };
