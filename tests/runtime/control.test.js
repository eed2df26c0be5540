/**
 * Interrupts, input, and what happens when the runner ends.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS, gone, isAlive } = require("./agent_session.js");

/** Cells that never end, each in another way. */
const ENDLESS = /** @type {[string, string][]} */ ([
  ["a busy loop", "for (;;);"],
  ["a busy loop that prints", "for (;;) console.log('spam');"],
  ["a busy loop that catches everything", "for (;;) { try { for (;;); } catch {} finally { for (;;); } }"],
  ["a busy loop after an await", "await null; for (;;);"],
  ["a busy loop in a timer", "setInterval(() => { for (;;); }, 1); await new Promise(() => {});"],
  ["a busy loop in an immediate", "setImmediate(() => { for (;;); }); await new Promise(() => {});"],
  ["a busy loop in a tick", "process.nextTick(() => { for (;;); }); await new Promise(() => {});"],
  ["a busy loop in a microtask", "queueMicrotask(() => { for (;;); }); 1"],
  ["a busy loop while a result is shown", "({ [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } })"],
  ["an endless chain of awaits", "for (;;) await null;"],
  ["an await of nothing", "await new Promise(() => {});"],
  ["a display that is never ready", "({ [Symbol.for('Jupyter.display')]: () => new Promise(() => {}) })"],
  ["a blocking wait", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"],
  ["a prompt", "prompt('never answered');"],
]);

for (const kind of KINDS) {
  describe(`control in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind, { heap_megabytes: 100 });
    });
    after(() => session.close());

    for (const [claim, code] of ENDLESS) {
      test(`interrupts ${claim} and keeps variables`, async () => {
        await session.run("globalThis.kept = 'kept'");
        const { cell } = await session.start(code, { stdin: true });
        await session.ask({ op: "poll", cell, wait: 60 });
        const begun = performance.now();
        await session.ask({ op: "interrupt", cell, wait: 2000 });
        const { error, done } = await session.finish(cell);
        assert.deepEqual([error?.ename, error?.evalue], ["KeyboardInterrupt", "The cell was interrupted."]);
        assert.equal(error?.traceback.length, 1);
        assert.equal(done.status, "error");
        assert.ok(performance.now() - begun < 2000, "an interrupt takes at most 2 s");
        assert.equal((await session.run("kept")).text, "'kept'");
      });
    }

    test("kills what does not stop, with its children, and says so", async () => {
      const { cell } = await session.start(
        "const { execSync, spawn } = require('node:child_process'); execSync('mkfifo never'); " +
          "console.log(spawn('sleep', ['1000']).pid); require('node:fs').readFileSync('never')",
      );
      await session.until(() => session.eventsOf(cell).some((event) => event.kind === "stream"));
      const pid = Number(session.eventsOf(cell)[0]?.text);
      assert.ok(isAlive(pid));
      const begun = performance.now();
      await session.ask({ op: "interrupt", cell, wait: 3000 });
      const { error } = await session.finish(cell);
      assert.ok(performance.now() - begun < 2000, "an interrupt takes at most 2 s");
      assert.equal(error?.ename, "KeyboardInterrupt");
      assert.match(error?.evalue, /did not stop within 1200 ms.*variables are gone/);
      assert.equal(session.lastRestart?.reason, "killed");
      assert.equal((await session.run("typeof kept")).text, "'undefined'");
      await gone(pid);
    });

    test("survives the collection of what it awaits, and of what it has abandoned", async () => {
      await session.run(
        "require('node:v8').setFlagsFromString('--expose-gc'); globalThis.gc = require('node:vm').runInNewContext('gc'); 0",
      );
      const codes = [
        "setTimeout(() => { gc(); gc(); console.log('collected'); }, 1); await new Promise(() => {})",
        "setTimeout(() => { gc(); gc(); console.log('collected'); }, 1); await null; await new Promise((r) => setTimeout(r, 5)); for (;;);",
      ];
      for (const code of codes) {
        const { cell } = await session.start(code);
        await session.until(() => session.eventsOf(cell).some((event) => event.kind === "stream"));
        await session.ask({ op: "interrupt", cell, wait: 2000 });
        assert.equal((await session.finish(cell)).error?.evalue, "The cell was interrupted.");
        assert.equal((await session.run("gc(); await null; gc(); typeof gc")).text, "'function'");
      }
    });

    test("drops the cells that wait behind an interrupted one", async () => {
      const first = await session.start("for (;;);");
      const second = await session.start("globalThis.ran = true");
      assert.deepEqual(second.payload.queued, [second.cell]);
      await session.ask({ op: "interrupt", wait: 2000 });
      assert.equal((await session.finish(first.cell)).error?.ename, "KeyboardInterrupt");
      assert.equal((await session.finish(second.cell)).done.status, "aborted");
      assert.equal((await session.run("typeof ran")).text, "'undefined'");
    });

    test("runs cells that wait one after the other", async () => {
      const first = await session.start("await new Promise((r) => setTimeout(r, 20)); globalThis.order = 'a'");
      const second = await session.start("order += 'b'");
      await session.finish(first.cell);
      assert.equal((await session.finish(second.cell)).text, "'ab'");
    });

    test("ignores an interrupt when idle, and one for a cell that has ended", async () => {
      const { done } = await session.run("1");
      await session.ask({ op: "interrupt", wait: 0 });
      const { cell } = await session.start("await new Promise((r) => setTimeout(r, 50)); 'whole'");
      await session.ask({ op: "interrupt", cell: done.cell, wait: 0 });
      assert.equal((await session.finish(cell)).text, "'whole'");
    });

    test("drops a cell that its interrupt has overtaken on the way", async () => {
      const interrupted = await session.ask({ op: "interrupt", cell: "overtaken", wait: 0 });
      assert.ok(interrupted.events.some(({ kind: what, cell, status }) => what === "done" && cell === "overtaken" && status === "aborted"));
      await session.ask({ op: "run", cell: "overtaken", code: "globalThis.overtaken = true" });
      assert.equal((await session.finish("overtaken")).done.status, "aborted");
      assert.equal((await session.run("typeof overtaken")).text, "'undefined'");
    });

    test("stays usable after interrupts for code that uses async_hooks", async () => {
      const { cell } = await session.start("setTimeout(() => { for (;;); }, 1); await new Promise(() => {});");
      await session.ask({ op: "poll", cell, wait: 60 });
      await session.ask({ op: "interrupt", cell, wait: 2000 });
      await session.finish(cell);
      const { text, error } = await session.run(
        "const { AsyncLocalStorage } = require('node:async_hooks'); const als = new AsyncLocalStorage(); " +
          "await als.run('in', async () => { await new Promise((r) => setTimeout(r, 5)); return als.getStore(); })",
      );
      assert.equal(error, undefined);
      assert.equal(text, "'in'");
      await session.ask({ op: "restart" });
    });

    test("answers prompt, confirm, alert and input", async () => {
      const { cell } = await session.start(
        "const a = prompt('name'); const b = confirm('sure'); alert('well'); const c = await input('word', { password: true }); [a, b, c]",
        { stdin: true },
      );
      const seen = new Set();
      for (const [prompt, value] of [["name ", "Ada"], ["sure [y/N] ", "y"], ["well [Enter] ", ""], ["word", "secret"]]) {
        const find = () =>
          session.eventsOf(cell).find((event) => event.kind === "input" && !seen.has(event.token));
        await session.until(() => find() !== undefined, cell);
        const event = /** @type {import("./agent_session.js").Event} */ (find());
        seen.add(event.token);
        assert.equal(event.prompt, prompt);
        assert.equal(event.password, prompt === "word");
        await session.ask({ op: "input", token: event.token, value, wait: 0 });
        await session.ask({ op: "input", token: event.token, value: "a repeated answer", wait: 0 });
      }
      assert.equal((await session.finish(cell)).text, "[ 'Ada', true, 'secret' ]");
    });

    test("throws where the frontend does not allow input", async () => {
      const blocking = await session.run("prompt('x')", { stdin: false });
      assert.match(blocking.error?.evalue, /does not allow input/);
      const later = await session.run("await input('x')", { stdin: false });
      assert.match(later.error?.evalue, /does not allow input/);
    });

    test("passes on that an input was refused", async () => {
      const { cell, payload } = await session.start("prompt('x')", { stdin: true, wait: 3000 });
      const event = payload.events.find(({ kind: what }) => what === "input");
      await session.ask({ op: "input", token: event?.token, error: "no frontend", wait: 0 });
      assert.equal((await session.finish(cell)).error?.evalue, "no frontend");
    });

    for (const [claim, code, ename, reason, text] of [
      ["exit", "console.log('last words'); process.on('exit', () => console.log('really')); process.exit(3)", "RuntimeExited", "exit", /exit code 3.*variables are gone/],
      ["crash", "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {})", "RuntimeCrashed", "crash", /SIGSEGV.*variables are gone/],
      ["lack of memory", "const all = []; for (;;) all.push(new Array(1e5).fill('x' + all.length))", "RuntimeOutOfMemory", "memory", /100 MB.*variables are gone/],
    ]) {
      test(`tells of an ${claim} and runs the next cell`, async () => {
        await session.run("globalThis.before = 1");
        const result = await session.run(/** @type {string} */ (code));
        assert.equal(result.error?.ename, ename);
        assert.match(result.error?.evalue, /** @type {RegExp} */ (text));
        assert.equal(result.done.status, "error");
        assert.equal(result.stdout, reason === "exit" ? "last words\nreally\n" : "");
        assert.equal(result.stderr, "");
        assert.equal(session.lastRestart?.reason, reason);
        assert.equal((await session.run("typeof before")).text, "'undefined'");
      });
    }

    test("restarts to a clean state on request, ending the running cell", async () => {
      await session.run("globalThis.before = 1");
      const { cell } = await session.start("for (;;);");
      const answer = await session.ask({ op: "restart" });
      assert.equal(answer.refused, undefined);
      assert.equal((await session.finish(cell)).error?.ename, "RuntimeRestarted");
      assert.equal((await session.run("typeof before")).text, "'undefined'");
    });

    test("ends the runner with the interpreter, busy or not", async () => {
      const own = await AgentSession.open(kind);
      const { text } = await own.run("process.pid");
      await own.start("for (;;);");
      await own.close();
      await gone(Number(text));
    });
  });
}
