/**
 * A cell whose text V8 has refused has not run, and is told from every cell that has.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

const REFUSED = [
  "let a: number = 1",
  "globalThis.ran = true; const x: string = 'x'",
  "globalThis.ran = true; await null; var = 1",
  "globalThis.ran = true; let q = 1; let q = 2",
  "interface A { x: number }",
  "globalThis.ran = true; return 1",
  "globalThis.ran = true; /(/",
  "globalThis.ran = true; (",
  "import { a } from 'b'",
];

const RUN = [
  "throw new SyntaxError('mine')",
  "JSON.parse('{')",
  "eval('var a = = 1')",
  "(0, eval)('let a: number = 1')",
  "new Function('let a: number = 1')",
  "await null; throw new SyntaxError('later')",
  "await null; eval('let a: number = 1')",
  "new RegExp('(')",
  "BigInt('x')",
  "require('vm').runInThisContext('let a: number = 1')",
  "new (require('vm').Script)('let a: number = 1')",
  "throw Object.assign(new SyntaxError('Unexpected token'), { stack: 'SyntaxError: Unexpected token' })",
  "Error.stackTraceLimit = 0; throw new SyntaxError('mine')",
  "Promise.reject(new SyntaxError('not awaited')); throw new SyntaxError('mine')",
  "await Promise.reject(new SyntaxError('awaited'))",
  "class Promise {}; throw new SyntaxError('mine')",
  "decodeURIComponent('%')",
  "null.x",
  "throw 'SyntaxError'",
];

describe("a cell that V8 refuses", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
  });
  after(() => session.close());

  for (const code of REFUSED) {
    test(`has not run, and says so: ${code}`, async () => {
      const { error } = await session.run(code);
      assert.equal(error?.ename, "SyntaxError");
      assert.equal(error?.compiled, false);
      const { text } = await session.run("typeof ran");
      assert.match(text ?? "", /undefined/);
    });
  }

  test("is told from one that follows it and whose error is too long for V8's answer", async () => {
    await session.run("let a: number = 1");
    const { error } = await session.run("throw new SyntaxError('\\u0001'.repeat(4.6e7))");
    assert.equal(error?.ename, "SyntaxError");
    assert.equal(error?.compiled, undefined);
  });

  for (const code of RUN) {
    test(`is told from one that has run: ${code}`, async () => {
      const { error } = await session.run(code);
      assert.notEqual(error, undefined);
      assert.equal(error?.compiled, undefined);
    });
  }
});
