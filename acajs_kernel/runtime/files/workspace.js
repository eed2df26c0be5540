/**
 * Copies of the files beside the notebook, in the session's folder.
 *
 * A record of what was sent lies beside them, so that a file that a cell has changed since is
 * known for one, also by a kernel that was started later.
 */
"use strict";

const { createHash, randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

/** What was sent, by paths: the SHA-256 of each file. */
const RECORD = ".acajs-workspace";

/** @typedef {import("./folder.js").Folder} Folder */
/** @typedef {Record<string, string>} Hashes SHA-256 in hexadecimal digits, by paths. */
/**
 * What lies in a file's place: nothing; what was sent last; what a cell has made of that, while
 * the file beside the notebook has changed too; or something that was never sent, and stays.
 * @typedef {"missing" | "sent" | "both" | "foreign"} State
 */
/** @typedef {{path: string, offset: number, length: number, sha256: string}} Piece A file within what was uploaded. */

const { entries, fromEntries } = Object;

/**
 * @param {Folder} folder
 * @returns {Map<string, string>}
 */
function readRecord(folder) {
  try {
    const found = entries(JSON.parse(fs.readFileSync(folder.resolve(RECORD), "utf8")));
    return new Map(found.filter(([, hash]) => typeof hash === "string"));
  } catch {
    return new Map();
  }
}

/**
 * @param {Folder} folder
 * @param {Map<string, string>} record
 * @returns {void}
 */
function writeRecord(folder, record) {
  const unfinished = folder.resolve(`${RECORD}-${randomBytes(6).toString("hex")}`);
  fs.writeFileSync(unfinished, JSON.stringify(fromEntries(record)));
  fs.renameSync(unfinished, folder.resolve(RECORD));
}

/**
 * Remove what is no longer beside the notebook, unless a cell has changed it.
 * @param {Folder} folder
 * @param {Map<string, string>} record
 * @param {Set<string>} kept What is there still.
 * @returns {void}
 */
function prune(folder, record, kept) {
  for (const [name, sent] of [...record]) {
    if (!kept.has(name)) {
      if (folder.facts(name, true).sha256 === sent) {
        folder.remove(name, false);
      }
      record.delete(name);
    }
  }
}

/**
 * Compare the session's files with those beside the notebook.
 * @param {Folder} folder
 * @param {Hashes} hashes What they should be.
 * @param {string[]} [kept] All that is beside the notebook: of what was sent nothing else stays.
 * @returns {Record<string, State>} Those that are something else, but for those that only a cell has changed.
 */
function compare(folder, hashes, kept) {
  const record = readRecord(folder);
  const before = record.size;
  if (kept !== undefined) {
    prune(folder, record, new Set(kept));
  }
  let isChanged = record.size < before;
  /** @type {[string, State][]} */
  const others = [];
  for (const [name, wanted] of entries(hashes)) {
    const { type, sha256 } = folder.facts(name, true);
    const sent = record.get(name);
    if (type === "missing") {
      others.push([name, "missing"]);
    } else if (sha256 === wanted) {
      isChanged ||= sent !== wanted;
      record.set(name, wanted);
    } else if (sent === undefined) {
      // From now on it counts as known: the next change beside the notebook is the later one.
      others.push([name, "foreign"]);
      record.set(name, wanted);
      isChanged = true;
    } else if (sent !== wanted) {
      others.push([name, sha256 === sent ? "sent" : "both"]);
    }
  }
  if (isChanged) {
    writeRecord(folder, record);
  }
  return fromEntries(others);
}

/**
 * Put files in their places, all of them or none, if they have arrived whole.
 * @param {Folder} folder
 * @param {string} from What was uploaded: the files, one behind the other.
 * @param {Piece[]} pieces
 * @returns {string} What is wrong; empty if nothing is.
 */
function lay(folder, from, pieces) {
  const source = folder.resolve(from);
  if (!fs.existsSync(source)) {
    // A repeated request: done before, or lost.
    const isDone = pieces.every((piece) => folder.facts(piece.path, true).sha256 === piece.sha256);
    return isDone ? "" : "they did not arrive";
  }
  const made = folder.resolve(`${RECORD}-${randomBytes(6).toString("hex")}`);
  const content = fs.openSync(source, "r");
  try {
    fs.mkdirSync(made);
    for (const [index, { path: name, offset, length, sha256 }] of pieces.entries()) {
      const buffer = Buffer.alloc(length);
      const count = fs.readSync(content, buffer, 0, length, offset);
      if (count !== length || createHash("sha256").update(buffer).digest("hex") !== sha256) {
        return `the checksum of ${name} is another one`;
      }
      if (folder.facts(name, false).type === "directory") {
        return `the session has a folder in the place of ${name}`;
      }
      fs.writeFileSync(path.join(made, String(index)), buffer);
    }
    const record = readRecord(folder);
    for (const [index, { path: name, sha256 }] of pieces.entries()) {
      const target = folder.resolve(name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.renameSync(path.join(made, String(index)), target);
      record.set(name, sha256);
    }
    writeRecord(folder, record);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    fs.closeSync(content);
    fs.rmSync(source, { force: true });
    fs.rmSync(made, { recursive: true, force: true });
  }
}

module.exports = { compare, lay };
