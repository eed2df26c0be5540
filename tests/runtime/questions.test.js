/**
 * Completion, inspection and imports.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");
const { completionAt, expressionAt } = require("../../acajs_kernel/runtime/runner/chains.js");

for (const kind of KINDS) {
  describe(`questions in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
      await session.run(
        "let hits = 0; const thing = { alpha: 1, get beta() { hits += 1; return 2 }, gamma() {}, 'not a name': 1, list: [{ inner: 5 }] }; " +
          "class Shape { static make() {} } function add(a, b) { return a + b } " +
          "const spy = new Proxy({}, { ownKeys() { hits += 1; return [] }, get() { hits += 1 } });",
      );
    });
    after(() => session.close());

    /**
     * @param {string} code
     * @returns {Promise<{texts: string[], start: number, end: number, types: Record<string, string>}>}
     */
    async function complete(code) {
      const { matches, start, end } = await session.ask({ op: "complete", code, cursor: code.length });
      const types = Object.fromEntries(
        matches.map((/** @type {{text: string, type: string}} */ match) => [match.text, match.type]),
      );
      return { texts: Object.keys(types), start, end, types };
    }

    test("completes properties, the object's own first", async () => {
      const { texts, start, end, types } = await complete("1 + thing.");
      assert.deepEqual(texts.slice(0, 4), ["alpha", "beta", "gamma", "list"]);
      assert.ok(texts.includes("hasOwnProperty") && !texts.includes("not a name"));
      assert.deepEqual([start, end], [10, 10]);
      assert.equal(types.gamma, "function");
    });

    test("completes along properties and indices", async () => {
      assert.deepEqual((await complete("thing.list[0].in")).texts, ["inner"]);
      assert.deepEqual((await complete('thing?.["list"].fla')).texts, ["flat", "flatMap"]);
    });

    test("completes variables of cells, globals and keywords", async () => {
      assert.deepEqual((await complete("thi")).types, { thing: "variable", this: "keyword" });
      assert.ok((await complete("Shape.ma")).texts.includes("make"));
      assert.ok((await complete("consol")).texts.includes("console"));
      assert.ok((await complete("awai")).texts.includes("await"));
    });

    test("completes nothing where code would have to run", async () => {
      assert.deepEqual((await complete("add(1).to")).texts, []);
      assert.deepEqual((await complete("nowhere.x")).texts, []);
    });

    test("inspects functions, also inside their call, and values", async () => {
      const inside = await session.ask({ op: "inspect", code: "add(1, ", cursor: 7 });
      assert.match(inside.data["text/plain"], /^add: function\n\nfunction add\(a, b\) \{ return a \+ b \}$/);
      const value = await session.ask({ op: "inspect", code: "thing", cursor: 2 });
      assert.match(value.data["text/plain"], /alpha: 1,\s+beta: \[Getter\]/);
      const none = await session.ask({ op: "inspect", code: "nowhere", cursor: 3 });
      assert.equal(none.found, false);
    });

    test("runs no getter, no trap and no function of the user's", async () => {
      await complete("thing.beta.");
      await complete("spy.");
      await session.ask({ op: "inspect", code: "thing.beta", cursor: 10 });
      await session.ask({ op: "inspect", code: "spy", cursor: 1 });
      await session.ask({ op: "inspect", expression: "hits = 100" });
      assert.equal((await session.run("hits")).text, "0");
    });

    test("refuses while a cell keeps the runtime busy", async () => {
      const { cell } = await session.start("for (;;);");
      const answer = await session.ask({ op: "complete", code: "thi", cursor: 3 });
      assert.equal(answer.refused, "busy");
      await session.ask({ op: "interrupt", cell, wait: 2000 });
      await session.finish(cell);
      assert.deepEqual((await complete("thin")).texts, ["thing"]);
    });
  });

  describe(`imports in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
      const write = (/** @type {string} */ name, /** @type {string} */ text) => {
        const file = path.join(session.folder, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, text);
      };
      write("own.mjs", "export default 'own'; export const named = import.meta.url;");
      write("own.cjs", "exports.common = 'common';");
      write("data.json", '{"a": 1}');
      write("node_modules/dual/package.json", '{"name": "dual", "exports": {"import": "./i.mjs", "require": "./r.cjs"}}');
      write("node_modules/dual/i.mjs", "export default 'imported'");
      write("node_modules/dual/r.cjs", "module.exports = 'required'");
    });
    after(() => session.close());

    for (const [claim, code, expected] of /** @type {[string, string, string][]} */ ([
      ["a builtin", "(await __acajs_import__('node:path')).posix.join('a', 'b')", "'a/b'"],
      ["a builtin without its scheme", "(await __acajs_import__('path')).posix.join('a', 'b')", "'a/b'"],
      ["a file of the folder", "(await __acajs_import__('./own.mjs')).default", "'own'"],
      ["a CommonJS file", "(await __acajs_import__('./own.cjs')).common", "'common'"],
      ["JSON", "(await __acajs_import__('./data.json', { with: { type: 'json' } })).default.a", "1"],
      ["a package by its import condition", "(await __acajs_import__('dual')).default", "'imported'"],
      ["an absolute path", "(await __acajs_import__(__dirname + '/own.mjs')).default", "'own'"],
      ["a file URL", "(await __acajs_import__(new URL('own.mjs', __acajs_meta__.url).href)).default", "'own'"],
      ["a data URL", "(await __acajs_import__('data:text/javascript,export default 3')).default", "3"],
    ])) {
      test(`imports ${claim}`, async () => {
        const { text, error } = await session.run(code);
        assert.equal(text, expected, error?.evalue);
      });
    }

    test("requires packages and files from the session's folder", async () => {
      const { text } = await session.run("[require('dual'), require('./own.cjs').common, typeof module, typeof exports]");
      assert.equal(text, "[ 'required', 'common', 'object', 'object' ]");
    });

    test("tells of a module that is missing", async () => {
      const { error } = await session.run("await __acajs_import__('./missing.mjs')");
      assert.equal(error?.ename, "Error");
      assert.match(error?.evalue, /Cannot find module/);
    });

    test("gives import.meta the session's folder", async () => {
      const { text } = await session.run(
        "[__acajs_meta__.dirname === __dirname, __acajs_meta__.url.endsWith('/notebook.mjs'), __acajs_meta__.resolve('fs'), __acajs_meta__.resolve('./x').endsWith('/x')]",
      );
      assert.equal(text, "[ true, true, 'node:fs', true ]");
    });
  });
}

describe("expressions at a cursor", () => {
  test("are chains of names, properties and plain indices", () => {
    assert.deepEqual(completionAt("x = a.b[0].c['d'].e", 19), { object: "a.b[0].c['d']", prefix: "e" });
    assert.deepEqual(completionAt("foo", 3), { object: null, prefix: "foo" });
    assert.deepEqual(completionAt("", 0), { object: null, prefix: "" });
    assert.deepEqual(completionAt("größe.", 6), { object: "größe", prefix: "" });
  });

  test("are none behind calls and literals", () => {
    assert.equal(completionAt("f().x", 5), null);
    assert.equal(completionAt("f()[0].x", 8), null);
  });

  test("are what the cursor touches, or the function that is called", () => {
    assert.equal(expressionAt("a.bc + d", 3), "a.bc");
    assert.equal(expressionAt("f(g(1), ", 8), "f");
    assert.equal(expressionAt("1 + ", 4), null);
  });
});
