/**
 * Answers one question about the files of the session, within one execution of its
 * interpreter: what the files API cannot do, such as checksums, renaming and folders.
 *
 * It needs no agent and leaves nothing behind, so that it works beside a running cell, in
 * plain mode, and in a session that another kernel uses. Each operation may be repeated.
 */
"use strict";

const { checksumOf, toAsciiJson } = require("./agent/answers.js");
const { Folder } = require("./files/folder.js");
const { findNpm, unreachable } = require("./files/npm.js");
const { unpack } = require("./files/unpack.js");
const { compare, lay } = require("./files/workspace.js");
const { sessionFolder } = require("./folder.js");

/** @typedef {import("./agent/answers.js").Execution} Execution */
/** @typedef {{operation: string, via: string, [field: string]: any}} Request */

/**
 * @param {Request} request
 * @param {string} root The session's data folder.
 * @returns {unknown} What JSON can hold.
 */
function perform(request, root) {
  const folder = new Folder(root);
  switch (request.operation) {
    case "describe":
      return { folder: root, platform: process.platform, arch: process.arch, node: process.version };
    case "walk":
      return folder.walk(request.path, request.recursive, request.offset, request.limit);
    case "facts":
      return request.paths.map((/** @type {string} */ path) => folder.facts(path, request.hashed));
    case "place":
      return request.moves.map((/** @type {import("./files/folder.js").Move} */ move) => folder.place(move));
    case "expose":
      return folder.expose(request.path, request.as);
    case "make":
      return request.paths.map((/** @type {string} */ path) => folder.make(path));
    case "remove":
      return request.paths.map((/** @type {string} */ path) => folder.remove(path, request.recursive));
    case "npm":
      return { command: findNpm() };
    case "npm_failure":
      return unreachable(folder.resolve(request.logs));
    case "workspace_compare":
      return compare(folder, request.hashes, request.kept);
    case "workspace_lay":
      return lay(folder, request.from, request.pieces);
    case "unpack":
      return unpack(folder, request.archive, request.into);
    default:
      throw new Error(`There is no operation "${request.operation}".`);
  }
}

/**
 * Answer a request, and end the execution with the answer.
 * @param {Execution} execution
 * @param {Request} request
 * @returns {void}
 */
function serve(execution, request) {
  /** @type {object} */
  let answer;
  try {
    answer = { value: perform(request, sessionFolder()) };
  } catch (error) {
    const { code = "", message = String(error) } = /** @type {NodeJS.ErrnoException} */ (error);
    answer = { error: { code, message } };
  }
  const text = toAsciiJson(answer);
  const frame = `acajs1 1 ${text.length} 0 ${text.length} ${checksumOf(text)} ${text}`;
  if (request.via === "stdout") {
    process.stdout.write(frame);
    execution.done();
  } else {
    execution.text(frame);
  }
}

module.exports = serve;
