/**
 * Where a session keeps its files.
 */
"use strict";

const fs = require("node:fs");
const process = require("node:process");

/** The session's data folder in the service, and the root of its files API. */
const DATA_FOLDER = "/mnt/data";

/** Set in the embedded pool's sessions, whose files API serves their working directory. */
const EMBEDDED_MARKER = "ACAJS_SESSION_MARKER";

/**
 * @returns {string} The folder that the files API serves: the data folder where there is one,
 *   except in the embedded pool, whose machine may have such a folder for something else.
 */
function sessionFolder() {
  if (process.env[EMBEDDED_MARKER] !== undefined) {
    return process.cwd();
  }
  try {
    fs.accessSync(DATA_FOLDER, fs.constants.W_OK);
    return DATA_FOLDER;
  } catch {
    return process.cwd();
  }
}

module.exports = { sessionFolder };
