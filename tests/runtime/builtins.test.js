/**
 * What of Node a session loads for the runtime's own sake: no more than it needs.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** What Node loads only when it is used, and takes long for. */
const HEAVY = /undici|webcrypto|internal\/blob|http2|_http_|\btls\b|worker_threads$|repl$|internal\/navigator|sqlite|wasi/;

/** Cells, each of which shows something in a way of its own. */
const CELLS = [
  "1",
  "({ a: 1 })",
  "[{ a: 1 }, { a: 2 }]",
  "console.log({ b: 1 })",
  "new Map([[1, 2]])",
  "new Error('shown')",
  "null.x",
  "await null",
  "Jupyter.html`<b>bold</b>`",
  "Buffer.from('bytes')",
  "class A { constructor() { this.x = 1 } }; new A()",
];

describe("the runtime", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]), {});
    await session.run("var loaded = () => process.moduleLoadList.filter((name) => !seen.has(name)).join('\\n')");
    await session.run("var seen = new Set(process.moduleLoadList)");
  });
  after(() => session.close());

  for (const code of CELLS) {
    test(`loads nothing heavy for: ${code}`, async () => {
      await session.run(code);
      const { stdout } = await session.run("console.log(loaded())");
      assert.doesNotMatch(stdout, HEAVY);
      assert.ok(stdout.split("\n").length < 12, stdout);
    });
  }

  test("loads nothing heavy for a completion", async () => {
    await session.ask({ op: "complete", needs: ["editor"], kind: "name", prefix: "a", targets: [] });
    const { stdout } = await session.run("console.log(loaded())");
    assert.doesNotMatch(stdout, HEAVY);
  });

  test("still shows the answer of a request as a table", async () => {
    const { results } = await session.run("new Response('x', { status: 404, headers: { a: 'b' } })");
    assert.match(results[0]?.data["text/html"], /404/);
  });
});
