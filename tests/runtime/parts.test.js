/**
 * Parts of the runner's program that come when something needs them first.
 */
"use strict";

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { AgentSession, KINDS, PARTS, gone, parseFrame, stub } = require("./agent_session.js");

/** What a request for the names that begin with a prefix brings. */
const QUESTION = { op: "complete", kind: "name", targets: [] };

/** Cells that leave little of what a program rests on. */
const HOSTILE = [
  "globalThis.eval = null; globalThis.Function = null",
  "for (const name of ['readdirSync', 'readFileSync', 'statSync']) require('node:fs')[name] = () => { throw new Error('mine') }",
  "for (const name of ['createRequire', 'isBuiltin', 'builtinModules', '_load']) require('node:module')[name] = null",
  "for (const name of ['join', 'resolve']) require('node:path')[name] = () => 'mine'",
  // Node itself calls the other two.
  "for (const key of Reflect.ownKeys(Array.prototype)) if (!/iterator|push|pop/.test(String(key))) delete Array.prototype[key]",
  "delete String.prototype.split; delete Map.prototype.get; delete Set.prototype.has; globalThis.Object = null; globalThis.JSON = null",
];

for (const kind of KINDS) {
  describe(`parts in ${kind.name}`, () => {
    /**
     * @param {(session: AgentSession) => Promise<void>} action
     * @returns {Promise<void>}
     */
    async function inSession(action) {
      const session = await AgentSession.open(kind);
      try {
        await action(session);
      } finally {
        await session.close();
      }
    }

    test("comes with the request that needs it first, in one execution, and never again", () => inSession(async (session) => {
      await session.run("const answer = 42");
      const begun = session.executions;
      assert.equal(session.sent.size, 0);
      assert.deepEqual((await session.ask({ ...QUESTION, prefix: "answ" })).matches, [{ text: "answer", type: "variable" }]);
      assert.deepEqual([...session.sent], ["editor"]);
      assert.equal((await session.ask({ ...QUESTION, prefix: "answ", parts: {} })).matches.length, 1);
      assert.equal(session.executions - begun, 2);
    }));

    test("comes with a cell, which runs after it", () => inSession(async (session) => {
      const begun = session.executions;
      assert.equal((await session.run("6 * 7", { needs: ["editor"] })).text, "42");
      assert.equal(session.executions - begun, 1);
      assert.equal((await session.ask({ ...QUESTION, prefix: "answ", parts: {} })).refused, undefined);
    }));

    test("does nothing without a part that has not come, and says which", () => inSession(async (session) => {
      const refusal = await session.ask({ op: "run", cell: "a", code: "globalThis.hasRun = 1", label: "a", needs: ["editor", "other"], parts: {} });
      assert.equal(refusal.refused, "parts");
      assert.match(refusal.message, /editor, other/);
      assert.equal((await session.run("typeof hasRun")).text, "'undefined'");
      const asked = await session.ask({ op: "run", cell: "a", code: "globalThis.hasRun = 1", label: "a", needs: ["editor"], parts: PARTS, wait: 2000 });
      assert.equal(asked.refused, undefined);
      await session.finish("a");
      assert.equal((await session.run("hasRun")).text, "1");
    }));

    test("has come when the answer to its request is lost, and the cell runs once", () => inSession(async (session) => {
      await session.run("globalThis.count = 0");
      const { client, epoch, acknowledged: ack } = session;
      const request = stub({ client, epoch, ack, op: "run", cell: "once", code: "count += 1", label: "once", wait: 2000, needs: ["editor"], parts: PARTS });
      parseFrame(await session.execute(request)); // nobody hears it
      parseFrame(await session.execute(request)); // as the kernel does
      const result = await session.finish("once");
      assert.equal(result.text, "1");
      assert.equal((await session.run("count")).text, "1");
      assert.equal((await session.ask({ ...QUESTION, prefix: "coun", parts: {} })).matches.length, 1);
    }));

    test("is there again in a new runner, without being sent", () => inSession(async (session) => {
      await session.ask({ ...QUESTION, prefix: "a" });
      const old = Number((await session.run("process.pid")).text);
      await session.run("process.kill(process.pid, 'SIGKILL'); for (;;);");
      await gone(old);
      await session.run("const after = 1");
      assert.deepEqual((await session.ask({ ...QUESTION, prefix: "afte", parts: {} })).matches, [{ text: "after", type: "variable" }]);
      await session.ask({ op: "restart" });
      await session.run("const later = 1");
      assert.deepEqual((await session.ask({ ...QUESTION, prefix: "late", parts: {} })).matches, [{ text: "later", type: "variable" }]);
    }));

    test("is there for a cell that waited while the runner was killed", () => inSession(async (session) => {
      const { cell: first } = await session.start("await new Promise((resolve) => { setTimeout(resolve, 60_000) })", { needs: ["editor"] });
      await session.ask({ op: "restart" });
      assert.equal((await session.finish(first)).error?.ename, "RuntimeRestarted");
      assert.equal((await session.run("1", { needs: ["editor"], parts: {} })).text, "1");
      assert.equal((await session.ask({ ...QUESTION, prefix: "x", parts: {} })).refused, undefined);
    }));

    for (const code of HOSTILE) {
      test(`is of its own realm after: ${code.slice(0, 60)}`, () => inSession(async (session) => {
        await session.run(`var mine = { alpha: 1 };\n${code}`);
        assert.deepEqual((await session.ask({ ...QUESTION, prefix: "mi" })).matches, [{ text: "mine", type: "property" }]);
        const { matches: modules } = await session.ask({ ...QUESTION, kind: "module", prefix: "node:zl" });
        assert.deepEqual(modules, [{ text: "node:zlib", type: "module" }]);
        const { found } = await session.ask({ op: "inspect", targets: [{ expression: "mine" }] });
        assert.equal(found.type, "Object");
      }));
    }

    test("says what is wrong with a part that does not work", () => inSession(async (session) => {
      const text = "({'parts/broken.js': (module) => { module.exports = () => { throw new TypeError('no good'); }; }})";
      const parts = { broken: ["inflateSync", require("node:zlib").deflateSync(text).toString("base64")] };
      const result = await session.run("1 + 1", { needs: ["broken"], parts });
      assert.equal(result.text, "2");
      const said = session.events.filter((event) => event.kind === "stream").map((event) => event.text).join("");
      assert.match(said, /part "broken" does not work: TypeError: no good/);
    }));
  });
}
