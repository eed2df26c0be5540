/**
 * The contract: what cells do in the npm package `nel`, and so must do in the
 * embedded pool's interpreter. The cases are the JSON files of `contract/`.
 */
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const { withinPatience } = require("./interpreters.js");

/** @typedef {import("./interpreters.js").Transcript} Transcript */
/** @typedef {import("./interpreters.js").SessionHost | import("./interpreters.js").Nel} Subject */

/**
 * One case. Each of `expect` and `host` holds one compact transcript a cell.
 * @typedef {object} Case
 * @property {string} name What holds.
 * @property {string[]} cells The cells' texts, run one after another.
 * @property {Record<string, string>} [files] Files that the cells find in their folder.
 * @property {boolean} [stuck] Whether nel never ends the first cell.
 * @property {boolean} [varies] Whether the outcome depends on Node's version, so that
 *   only the two interpreters are compared.
 * @property {unknown[]} [expect] What nel does; recorded by `contract_record.js`.
 * @property {unknown[]} [host] What the embedded pool does, where it is another thing.
 * @property {string} [because] Why it is.
 */

const FOLDER = path.join(__dirname, "contract");

/** Characters above which a text is recorded by its length and digest. */
const LONG_TEXT = 300;

/** A stack frame, unless it is in a cell. */
const FOREIGN_FRAME = /^ {4}at (?!.*(evalmachine|node_modules|<folder>))/;

/**
 * A file of cases.
 * @typedef {object} Group
 * @property {string} file Its path.
 * @property {boolean} shared Whether its cases do not touch one another, so that they
 *   all run in the same interpreter.
 * @property {Case[]} cases
 */

/** @returns {Group[]} The contract's files. */
function readContract() {
  return fs
    .readdirSync(FOLDER)
    .sort()
    .map((name) => path.join(FOLDER, name))
    .map((file) => ({ file, ...JSON.parse(fs.readFileSync(file, "utf8")) }));
}

/**
 * Drop what depends on the place, on Node's version or on the interpreter's own code.
 * @param {string} text
 * @param {string} folder The folder that the cells ran in.
 * @returns {string}
 */
function normalise(text, folder) {
  return text
    .replaceAll(folder, "<folder>")
    .replace(/(node:[\w/]+):\d+/g, "$1")
    .replace(/\[eval\]:\d+/g, "[eval]")
    .replace(/\(node:\d+\)/g, "(node:PID)")
    .split("\n")
    .filter((line) => !FOREIGN_FRAME.test(line))
    .join("\n");
}

/**
 * Apply a function to every text in a value.
 * @param {unknown} value
 * @param {(text: string) => string} change
 * @returns {unknown}
 */
function mapTexts(value, change) {
  if (typeof value === "string") {
    return change(value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => mapTexts(item, change));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]),
    );
  }
  return value;
}

/**
 * Record a long text by its length and digest.
 * @param {unknown} value
 * @returns {unknown}
 */
function abbreviate(value) {
  return mapTexts(value, (text) => {
    if (text.length <= LONG_TEXT) {
      return text;
    }
    const digest = crypto.createHash("sha256").update(text).digest("hex").slice(0, 16);
    return `<${text.length} characters, SHA-256 ${digest}>`;
  });
}

/**
 * Leave out what did not happen.
 * @param {Transcript} transcript
 * @param {string} folder The folder that the cells ran in.
 * @returns {Record<string, unknown>}
 */
function compact(transcript, folder) {
  const { stdout, stderr, results, errors, displays, requests, end, exitCode } = transcript;
  const traced = errors.map(({ ename, evalue, traceback }) => ({
    ename,
    evalue: typeof evalue === "string" ? normalise(evalue, folder) : evalue,
    ...(traceback.length > 0 && {
      traceback: normalise(traceback.join("\n"), folder).split("\n"),
    }),
  }));
  const isPlain = end === "result" && results.length === 1 && errors.length === 0;
  const isError = end === "error" && errors.length === 1 && results.length === 0;
  const parts = {
    ...(stdout && { stdout }),
    ...(stderr && { stderr: normalise(stderr, folder) }),
    ...(displays.length > 0 && { displays }),
    ...(requests.length > 0 && { requests }),
    ...(isPlain && { mime: results[0] ?? null }),
    ...(isError && { error: traced[0] }),
    ...(!isPlain && !isError && { end, results, errors: traced }),
    ...(end === "exit" && { exitCode }),
  };
  const known = JSON.parse(JSON.stringify(parts));
  return /** @type {Record<string, unknown>} */ (
    mapTexts(known, (text) => text.replaceAll(folder, "<folder>"))
  );
}

/**
 * Prepare a folder and start an interpreter in it.
 * @template {Subject} T
 * @param {(folder: string) => T} open Starts the interpreter in a folder.
 * @param {Record<string, string>} [files] What the folder holds.
 * @returns {Promise<{subject: T, folder: string, close: () => Promise<void>}>}
 */
async function openSubject(open, files = {}) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "acajs-contract-")));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  const subject = open(folder);
  const close = async () => {
    await subject.close();
    fs.rmSync(folder, { recursive: true });
  };
  await withinPatience(subject.online, "the interpreter's first message");
  return { subject, folder, close };
}

/**
 * Run a case's cells, each after the end of the one before.
 * @param {Case} contractCase
 * @param {{subject: Subject, folder: string}} opened The interpreter.
 * @param {{isStuck?: boolean}} [options] Whether not to wait for the first cell.
 * @returns {Promise<Record<string, unknown>[]>} What each cell brought.
 */
async function runCells({ cells }, { subject, folder }, { isStuck = false } = {}) {
  /** @type {Transcript[]} */
  const transcripts = [];
  for (const [index, code] of cells.entries()) {
    const { transcript, ended } = subject.start(code);
    transcripts.push(transcript);
    if (isStuck && index === 0) {
      // The next cell's end shows that this one had every chance to end.
      ended.catch(() => {});
    } else if ((await ended).end !== "exit") {
      await subject.drain();
    }
  }
  return transcripts.map((transcript) => compact(transcript, folder));
}

/**
 * Run a case in an interpreter of its own.
 * @template {Subject} T
 * @param {Case} contractCase
 * @param {(folder: string) => T} open Starts the interpreter in a folder.
 * @param {{isStuck?: boolean}} [options] Whether not to wait for the first cell.
 * @returns {Promise<{outcome: Record<string, unknown>[], subject: T}>}
 */
async function runCase(contractCase, open, options) {
  const { subject, folder, close } = await openSubject(open, contractCase.files);
  try {
    return { outcome: await runCells(contractCase, { subject, folder }, options), subject };
  } finally {
    await close();
  }
}

module.exports = { abbreviate, openSubject, readContract, runCase, runCells };
