/**
 * Runs a program in plain mode, which awaits nothing: its output comes when it has ended.
 */
"use strict";

const { spawnSync } = require("node:child_process");
const process = require("node:process");

const { folder } = require("./folder.js");

/**
 * @param {string | string[]} command A line for the shell, or a program and its arguments.
 * @param {string} [input] What it reads.
 * @returns {void}
 */
module.exports = (command, input) => {
  const [program = "", ...rest] = [command].flat();
  const ended = spawnSync(program, rest, {
    shell: !Array.isArray(command),
    cwd: folder(),
    input,
    encoding: "utf8",
    maxBuffer: Infinity,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  process.stdout.write(ended.stdout ?? "");
  process.stderr.write(ended.stderr ?? "");
  if (ended.error) {
    throw ended.error;
  }
  if (ended.status !== 0) {
    const how = ended.signal === null ? `exit status ${ended.status}` : `ended by ${ended.signal}`;
    throw Object.assign(new Error(how), { name: "ShellError" });
  }
};
