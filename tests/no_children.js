/** Preloaded into a session whose executor forbids child processes. */
"use strict";

const child = require("node:child_process");

for (const name of /** @type {const} */ (["spawn", "fork", "exec", "execFile"])) {
  Object.assign(child, {
    [name]: () => {
      throw new Error(`${name} EPERM`);
    },
  });
}
