/**
 * Each case of the contract holds for nel and for the embedded pool's interpreter.
 */
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { after, before, describe, it } = require("node:test");

const { abbreviate, openSubject, readContract, runCase, runCells } = require("./contract.js");
const { Nel, SessionHost } = require("./interpreters.js");

/**
 * @template T
 * @typedef {{subject: T, folder: string, close: () => Promise<void>}} Opened
 */

/** What is wrong when the host sends them. */
const STRAYS = "messages for a cell that was not running";

const files = readContract();
const cases = files.flatMap((file) => file.cases);

after(() => {
  const deviations = cases.filter((contractCase) => contractCase.host).length;
  const cells = cases.reduce((sum, contractCase) => sum + contractCase.cells.length, 0);
  process.stdout.write(
    `# contract: ${cases.length} cases, ${cells} cells, ` +
      `${deviations} documented deviations, Node ${process.version}\n`,
  );
});

/**
 * Check what a case brought.
 * @param {import("./contract.js").Case} contractCase
 * @param {unknown[]} nel What nel did.
 * @param {unknown[]} host What the host did.
 * @returns {void}
 */
function check(contractCase, nel, host) {
  if (contractCase.host) {
    assert.ok(contractCase.because, "a deviation says why");
    assert.deepEqual(abbreviate(host), contractCase.host, "the host");
    assert.notDeepEqual(host, nel, "no deviation any more");
  } else {
    assert.deepEqual(host, nel, "the host does not do as nel");
  }
  if (!contractCase.varies) {
    assert.deepEqual(abbreviate(nel), contractCase.expect, "nel does not do as recorded");
  }
}

/** @param {string} folder */
const openNel = (folder) => new Nel(folder);

/** @param {string} folder */
const openHost = (folder) => new SessionHost(folder);

for (const { file, shared, cases: group } of files) {
  const title = `contract: ${path.basename(file, ".json")}`;
  // The cases name POSIX commands and paths; nothing that they test depends on them.
  const skip = process.platform === "win32";
  describe(title, { concurrency: shared ? 1 : 2, skip }, () => {
    /** @type {Promise<[Opened<Nel>, Opened<SessionHost>]> | undefined} */
    let opened;
    if (shared) {
      before(async () => {
        opened = Promise.all([openSubject(openNel), openSubject(openHost)]);
        await opened;
      });
      after(async () => {
        const [nel, host] = await /** @type {NonNullable<typeof opened>} */ (opened);
        await Promise.all([nel.close(), host.close()]);
        assert.deepEqual(host.subject.strays, [], STRAYS);
      });
    }
    for (const contractCase of group) {
      it(contractCase.name, async () => {
        if (opened) {
          const [nel, host] = await opened;
          const outcomes = [runCells(contractCase, nel), runCells(contractCase, host)];
          const [nelOutcome, hostOutcome] = await Promise.all(outcomes);
          check(contractCase, nelOutcome, hostOutcome);
          return;
        }
        const isStuck = contractCase.stuck === true;
        const [nel, host] = await Promise.all([
          runCase(contractCase, openNel, { isStuck }),
          runCase(contractCase, openHost),
        ]);
        check(contractCase, nel.outcome, host.outcome);
        assert.deepEqual(host.subject.strays, [], STRAYS);
      });
    }
  });
}
