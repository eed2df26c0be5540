/**
 * What a cell is: language, results, errors.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** Cells in one session, one after the other, and what the last one shows. */
const RESULTS = /** @type {[string, string[], string | undefined][]} */ ([
  ["a number", ["1 + 1"], "2"],
  ["a value in spite of a semicolon", ["1 + 2;"], "3"],
  ["a string in quotes", ["'a' + 'b'"], "'ab'"],
  ["nothing for undefined", ["undefined"], undefined],
  ["nothing for a declaration", ["const declared = 1"], undefined],
  ["null", ["null"], "null"],
  ["minus zero", ["-0"], "-0"],
  ["NaN", ["0 / 0"], "NaN"],
  ["a big integer", ["10n ** 20n"], "100000000000000000000n"],
  ["a symbol", ["Symbol('s')"], "Symbol(s)"],
  ["an object literal", ["({ a: 1 })"], "{ a: 1 }"],
  ["the state of a promise that is not awaited", ["Promise.resolve(1)"], "Promise { 1 }"],
  ["a lone surrogate that came from the cell's text", ["'\ud800'.charCodeAt(0)"], "55296"],
  ["text beyond ASCII", ["'é😀'"], "'é😀'"],
  ["a redeclared const", ["const c1 = 1", "const c1 = 2", "c1"], "2"],
  ["a redeclared let", ["let l1 = 1", "let l1 = 2", "l1"], "2"],
  ["a redeclared class", ["class K1 {}", "class K1 { static x = 5 }", "K1.x"], "5"],
  ["a redeclared function", ["function f1() { return 1 }", "function f1() { return 2 }", "f1()"], "2"],
  ["what a destructuring has declared", ["const { p1, ...q1 } = { p1: 1, z: 2 }", "q1"], "{ z: 2 }"],
  ["what a closure sees", ["let k1 = 1; const get1 = () => k1", "k1 = 7", "get1()"], "7"],
  ["top-level await", ["await Promise.resolve(5)"], "5"],
  ["await in a destructuring", ["const [w1] = await Promise.resolve([3])", "w1"], "3"],
  ["for await", ["let s1 = 0; for await (const x of [1, 2]) s1 += x; s1"], "3"],
  ["a hoisted function", ["h1(); function h1() { return 4 }"], "4"],
  ["a labelled loop", ["a: for (;;) { break a } 8"], "8"],
  ["a strict cell", ["'use strict'; (function () { return this })()"], undefined],
  ["the module of Node that is required", ["require('node:path').basename('/a/b')"], "'b'"],
  ["a const after its initialiser has thrown", ["const t1 = null.x", "const t1 = 6; t1"], "6"],
]);

/** A cell, and its error's name, message and traceback. */
const ERRORS = /** @type {[string, string, string, string, string[]][]} */ ([
  [
    "the frames of the cell and its line with a caret",
    "function bad() {\n  throw new TypeError('no');\n}\n  bad();",
    "TypeError",
    "no",
    ["TypeError: no", "LABEL:2", "  throw new TypeError('no');", "        ^", "    at bad (LABEL:2:9)", "    at LABEL:4:3"],
  ],
  ["an assignment to a const", "const fixed = 1; fixed = 2", "TypeError", "Assignment to constant variable.", ["TypeError: Assignment to constant variable.", "LABEL:1", "const fixed = 1; fixed = 2", "                       ^", "    at LABEL:1:24"]],
  ["a syntax error with its place", "let ok = 1;\nlet x = ;", "SyntaxError", "Unexpected token ';'", ["SyntaxError: Unexpected token ';'", "LABEL:2", "let x = ;", "        ^"]],
  ["an end that came too early", "foo(", "SyntaxError", "Unexpected end of input", ["SyntaxError: Unexpected end of input", "LABEL:1", "foo(", "    ^"]],
  ["a thrown number", "throw 42", "Uncaught", "42", ["Uncaught 42"]],
  ["a thrown null", "throw null", "Uncaught", "null", ["Uncaught null"]],
  ["a thrown object", "throw { a: 1 }", "Uncaught", "{ a: 1 }", ["Uncaught { a: 1 }"]],
  ["a rejection that is awaited", "await Promise.reject(new RangeError('r'))", "RangeError", "r", ["RangeError: r", "LABEL:1", "await Promise.reject(new RangeError('r'))", "                     ^", "    at LABEL:1:22"]],
  [
    "a chain of causes",
    "throw new Error('outer', { cause: new TypeError('inner') })",
    "Error",
    "outer",
    [
      "Error: outer", "LABEL:1", "throw new Error('outer', { cause: new TypeError('inner') })", "      ^", "    at LABEL:1:7",
      "  [cause] TypeError: inner", "  LABEL:1", "  throw new Error('outer', { cause: new TypeError('inner') })", "                                    ^", "      at LABEL:1:35",
    ],
  ],
  [
    "what an aggregate holds",
    "throw new AggregateError([1, 'two'], 'many')",
    "AggregateError",
    "many",
    ["AggregateError: many", "LABEL:1", "throw new AggregateError([1, 'two'], 'many')", "      ^", "    at LABEL:1:7", "  [errors 0] 1", "  [errors 1] 'two'"],
  ],
]);

for (const kind of KINDS) {
  describe(`cells in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
    });
    after(() => session.close());

    for (const [claim, cells, expected] of RESULTS) {
      test(`shows ${claim}`, async () => {
        let result;
        for (const code of cells) {
          result = await session.run(code);
        }
        assert.equal(result?.text, expected);
        assert.equal(result?.done.status, "ok");
      });
    }

    for (const [claim, code, ename, evalue, traceback] of ERRORS) {
      test(`explains ${claim}`, async () => {
        const { error, done, events } = await session.run(code, { label: "LABEL" });
        assert.deepEqual(
          { ename: error?.ename, evalue: error?.evalue, traceback: error?.traceback },
          { ename, evalue, traceback },
        );
        assert.equal(done.status, "error");
        assert.equal(events.at(-1)?.kind, "done");
      });
    }

    test("shows the user's own line of a cell that was rewritten", async () => {
      const { error } = await session.run("const m = await rewritten();\n  null.x", {
        label: "LABEL",
        source: "import m from 'm';\n  null.x",
      });
      assert.deepEqual(error?.traceback.slice(0, 3), [
        "ReferenceError: rewritten is not defined",
        "LABEL:1",
        "import m from 'm';",
      ]);
    });

    test("names an earlier cell in a stack", async () => {
      await session.run("function thrower() { throw new Error('later') }", { label: "In[A]" });
      const { error } = await session.run("thrower()", { label: "In[B]" });
      assert.deepEqual(error?.traceback.slice(-2), [
        "    at thrower (In[A]:1:28)",
        "    at In[B]:1:1",
      ]);
    });

    test("evaluates user expressions after the cell", async () => {
      const { done } = await session.run("const e1 = 20", {
        expressions: { good: "e1 + 1", bad: "nowhere" },
      });
      assert.equal(done.expressions.good.data["text/plain"], "21");
      assert.equal(done.expressions.bad.ename, "ReferenceError");
      assert.equal(done.status, "ok");
    });

    test("shows what an object says of itself", async () => {
      const { results } = await session.run(
        "({ [Symbol.for('Jupyter.display')]() { return { 'text/html': '<b>x</b>' } } })",
      );
      assert.equal(results[0]?.data["text/html"], "<b>x</b>");
      assert.ok("text/plain" in results[0].data);
    });

    test("waits for what an object says of itself later", async () => {
      const { results } = await session.run(
        "({ async [Symbol.for('Jupyter.display')]() { await null; return { 'text/plain': 'late' } } })",
      );
      assert.deepEqual(results[0]?.data, { "text/plain": "late" });
    });

    test("understands the methods of IJavascript's engine, bytes as base64", async () => {
      const { results } = await session.run(
        "({ _toHtml() { return '<i>' }, _toPng() { return Buffer.from('png') } })",
      );
      assert.equal(results[0]?.data["text/html"], "<i>");
      assert.equal(results[0]?.data["image/png"], Buffer.from("png").toString("base64"));
    });

    test("shows and updates displays in order with text", async () => {
      const { events } = await session.run(
        "console.log(1); const d = display(5); console.log(2); d.update(6); Jupyter.clear({ wait: true })",
      );
      const shown = events.filter(({ kind: what }) => what !== "result" && what !== "done");
      assert.deepEqual(
        shown.map((event) => event.text ?? event.data?.["text/plain"] ?? event.wait),
        ["1\n", "5", "2\n", "6", true],
      );
      assert.equal(shown[3]?.update, true);
      assert.equal(shown[3]?.display_id, shown[1]?.display_id);
    });

    test("survives globals that the user has replaced by accident", async () => {
      const own = await AgentSession.open(kind);
      try {
        await own.run(
          "globalThis.console = null; JSON.stringify = null; JSON.parse = null; Array.prototype.push = null; " +
            "Promise.prototype.then = null; process.stdout = null; Object.prototype.extra = 1; " +
            "globalThis.setImmediate = null; globalThis.Atomics = null; globalThis.performance = null; 1",
        );
        assert.equal((await own.run("2 + 2")).text, "4");
        assert.equal((await own.run("throw new Error('still told')")).error?.evalue.includes("still told"), true);
        const { cell } = await own.start("for (;;);");
        await own.ask({ op: "interrupt", cell, wait: 3000 });
        assert.equal((await own.finish(cell)).error?.ename, "KeyboardInterrupt");
      } finally {
        await own.close();
      }
    });

    test("leaves the interpreter's globals alone", async () => {
      const code =
        "$$.text(JSON.stringify(Object.getOwnPropertyNames(globalThis).filter((n) => /acajs/i.test(n))))";
      assert.equal(await session.execute(code), "[]");
    });
  });
}
