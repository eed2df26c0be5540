/**
 * Promises that are made where the stack ends are the user's business, and end nothing.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** @type {[claim: string, code: string][]} */
const SHAPES = [
  ["an asynchronous function that awaits itself", "async function a() { await a(); } try { await a(); } catch (e) { e.message }"],
  ["one that returns itself", "async function b() { return b(); } try { await b(); } catch (e) { e.message }"],
  ["an arrow function", "const c = async () => { await c(); }; try { await c(); } catch (e) { e.message }"],
  ["a resolved promise at the limit", "let d1; function d() { try { d(); } catch (e) { d1 ??= e; Promise.resolve(1); throw e; } } try { d(); } catch { d1.message }"],
  ["then at the limit", "function f() { Promise.resolve().then(() => 0); f(); } try { f(); } catch (e) { e.message }"],
  ["a constructor that calls itself", "function g() { new Promise(() => 0); return g(); } try { g(); } catch (e) { e.message }"],
  ["finally at the limit", "function h() { try { h(); } finally { Promise.all([]); } } try { h(); } catch (e) { e.message }"],
  ["an asynchronous generator", "async function* k() { yield* k(); } try { for await (const _ of k()); } catch (e) { e.message }"],
  ["a method", "const o = { async m() { await this.m(); } }; try { await o.m(); } catch (e) { e.message }"],
  ["after an await", "await null; async function p() { await p(); } try { await p(); } catch (e) { e.message }"],
  ["in a timer", "await new Promise((resolve) => setTimeout(async () => { async function q() { await q(); } try { await q(); } catch (e) { resolve(e.message); } }, 1))"],
];

describe("the stack's limit", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
    await session.run("var kept = 1");
  });
  after(() => session.close());

  const testShapes = (/** @type {string} */ when) => {
    for (const [claim, code] of SHAPES) {
      test(`holds for ${claim}${when}`, async () => {
        const { text, error } = await session.run(`${code}\n`);
        assert.deepEqual([error, text], [undefined, "'Maximum call stack size exceeded'"]);
        assert.equal((await session.run("kept")).text, "1");
      });
    }
  };

  testShapes("");

  test("holds for an error that nobody catches", async () => {
    const { error } = await session.run("async function r() { await r(); } await r();");
    assert.equal(error?.ename, "RangeError");
    assert.equal((await session.run("kept")).text, "1");
  });

  test("can be interrupted", async () => {
    const { cell } = await session.start("for (;;) await new Promise((resolve) => setTimeout(() => resolve(), 5));");
    await session.ask({ op: "interrupt", cell, wait: 2000 });
    assert.equal((await session.finish(cell)).error?.ename, "KeyboardInterrupt");
  });

  testShapes(" after an interrupt");
});
