/**
 * Record what nel does as the contract's expectation: `node tests/local/contract_record.js`.
 *
 * Read the difference before keeping it. Deviations (`host`) are written by hand.
 */
"use strict";

const fs = require("node:fs");

const { abbreviate, readContract, runCase } = require("./contract.js");
const { Nel } = require("./interpreters.js");

/** Characters that an editor does not show, or that change how it shows others. */
const INVISIBLE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/g;

/**
 * Fill in every case's `expect`.
 * @returns {Promise<void>}
 */
async function record() {
  for (const { file, shared, cases } of readContract()) {
    for (const contractCase of cases) {
      if (!contractCase.varies) {
        const isStuck = contractCase.stuck === true;
        const { outcome } = await runCase(contractCase, (folder) => new Nel(folder), { isStuck });
        contractCase.expect = /** @type {unknown[]} */ (abbreviate(outcome));
      }
    }
    const text = JSON.stringify({ shared, cases }, null, 2).replace(INVISIBLE, (character) => {
      const code = character.charCodeAt(0).toString(16);
      return `\\u${code.padStart(4, "0")}`;
    });
    fs.writeFileSync(file, `${text}\n`);
  }
}

record().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
