/**
 * What is printed: all of it, in order, at once, and counted for the right cell.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

for (const kind of KINDS) {
  describe(`output in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
    });
    after(() => session.close());

    test("keeps 100,000 lines whole and in order", async () => {
      const { stdout } = await session.run("for (let i = 0; i < 100000; i++) console.log(i)");
      let expected = "";
      for (let index = 0; index < 100_000; index += 1) {
        expected += `${index}\n`;
      }
      assert.ok(stdout === expected, `got ${stdout.length} characters`);
    });

    test("keeps a line of 10 MB whole", async () => {
      const { stdout } = await session.run("console.log('é😀xyz'.repeat(2e6))");
      assert.ok(stdout === `${"é😀xyz".repeat(2e6)}\n`, `got ${stdout.length} characters`);
    });

    test("breaks no character where it cuts a text into pieces, in whatever events these travel", async () => {
      // Odd and even places of the pairs; and as many events as there can be.
      const text = "é😀".repeat(174_762);
      for (const printed of [text, `x${text}`, `\u001b[31m${text}\u001b[39m`]) {
        const { events } = await session.run(`process.stdout.write(${JSON.stringify(printed)}); 0`, { limit: 60_000, gather: 0, soon: 0 });
        const texts = events.filter((event) => event.kind === "stream").map((event) => event.text);
        assert.ok(texts.join("") === printed);
        assert.deepEqual(texts.filter((each) => /[\ud800-\udfff]/u.test(each)), []);
      }
    });

    test("keeps a display of many megabytes whole", async () => {
      const { displays } = await session.run(
        "display({ 'text/plain': '😀é'.repeat(1e6) }, { raw: true }); 1",
      );
      assert.ok(displays[0]?.data["text/plain"] === "😀é".repeat(1e6));
    });

    test("keeps the order of stdout, stderr, displays and the result", async () => {
      const { events } = await session.run(
        "console.log('a'); console.error('b'); display(1); console.log('c'); 2",
      );
      assert.deepEqual(
        events.map((event) => event.text ?? event.data?.["text/plain"] ?? event.kind),
        ["a\n", "b\n", "1", "c\n", "2", "done"],
      );
    });

    test("carries lone surrogates and characters that are split over two writes", async () => {
      const { stdout } = await session.run(
        "process.stdout.write('\\ud800|'); process.stdout.write(Buffer.from([0xf0, 0x9f])); " +
          "process.stdout.write(Buffer.from([0x98, 0x80])); undefined",
      );
      assert.equal(stdout, "\ud800|😀");
    });

    test("prints what Node's console prints", async () => {
      const { stdout, stderr } = await session.run(
        "console.table([{ a: 1 }]); console.group('g'); console.info('%s-%d', 'x', 5); console.groupEnd(); " +
          "console.dir({ a: { b: { c: {} } } }, { depth: 0 }); console.count(); console.assert(false, 'no'); console.warn('w')",
      );
      assert.match(stdout, /│ \(index\) │ a │/);
      assert.match(stdout, /g\n {2}x-5\n\{ a: \[Object\] \}\ndefault: 1\n$/);
      assert.equal(stderr, "Assertion failed: no\nw\n");
    });

    test("calls the callback of a write and returns true", async () => {
      const { text } = await session.run(
        "await new Promise((resolve) => process.stdout.write('x', () => resolve(process.stdout.write('y'))))",
      );
      assert.equal(text, "true");
    });

    test("shows text before the cell has ended, though the code goes on computing", async () => {
      const { cell } = await session.start(
        "for (let i = 0; i < 5000; i++) console.log('line ' + i); " +
          "const stop = new Int32Array(new SharedArrayBuffer(4)); for (;;) Atomics.wait(stop, 0, 0, 1000)",
      );
      await session.until(() =>
        session.eventsOf(cell).some((event) => event.text?.includes("line 4999\n")),
      );
      assert.ok(!session.eventsOf(cell).some((event) => event.kind === "done"));
      await session.ask({ op: "interrupt", cell, wait: 3000 });
      await session.finish(cell);
    });

    test("brings what native code and child processes print, before the end of the cell", async () => {
      const { stdout, stderr } = await session.run(
        "require('node:fs').writeSync(1, 'native '); " +
          "require('node:child_process').execFileSync(process.execPath, ['-e', 'console.log(\"child\"); console.error(\"bad\")'], { stdio: 'inherit' }); 1",
      );
      assert.equal(stdout, "native child\n");
      assert.equal(stderr, "bad\n");
    });

    test("counts late output of timers and promises for the cell that began them", async () => {
      const first = await session.run(
        "let go; const gate = new Promise((r) => { go = r }); (async () => { await gate; console.log('promise'); })(); " +
          "const timer = setInterval(() => { if (globalThis.open) { clearInterval(timer); console.log('timer'); } }, 1); 0",
      );
      const { cell } = first.done;
      await session.run("globalThis.open = true; go(); console.log('mine')");
      await session.until(() => {
        const text = session.eventsOf(cell).map((event) => event.text ?? "").join("");
        return text.includes("promise\n") && text.includes("timer\n");
      });
      assert.equal(session.events.filter((event) => event.text?.includes("mine")).length, 1);
    });

    test("shows errors that nobody caught, and lives on", async () => {
      const { cell } = await session.start(
        "setTimeout(() => { throw new TypeError('in a timer') }, 1); Promise.reject(new Error('rejected')); 1",
      );
      await session.until(() => {
        const text = session.eventsOf(cell).map((event) => event.text ?? "").join("");
        return text.includes("TypeError: in a timer") && text.includes("Error: rejected");
      });
      assert.equal((await session.run("1 + 1")).text, "2");
    });

    test("leaves errors to handlers of the user's own", async () => {
      const { stderr, text } = await session.run(
        "const caught = await new Promise((r) => { process.once('uncaughtException', (e) => r(e.message)); " +
          "setTimeout(() => { throw new Error('own') }, 1) }); caught",
      );
      assert.equal(text, "'own'");
      assert.equal(stderr, "");
    });

    test("makes the runner wait when nobody reads, and loses nothing", async () => {
      const line = "z".repeat(999);
      const { cell } = await session.start(
        `for (let i = 0; i < 60000; i++) process.stdout.write('${line}\\n'); 'end'`,
      );
      const waiting = await session.ask({ op: "poll", cell, wait: 0, limit: 1000 });
      assert.equal(waiting.running, cell);
      const { stdout, text } = await session.finish(cell);
      assert.equal(stdout.length, 60_000_000);
      assert.equal(text, "'end'");
    });

    test("keeps memory flat over many cells with large results", async () => {
      const expose =
        "require('node:v8').setFlagsFromString('--expose-gc'); globalThis.gc = require('node:vm').runInNewContext('gc');";
      const used = "gc(), gc(), process.memoryUsage().heapUsed";
      await session.run(`${expose} 0`);
      await session.execute(`${expose} $$.text("exposed")`);
      const measure = async () => [
        Number((await session.run(used)).text),
        Number(await session.execute(`$$.text(String((${used})))`)),
      ];
      const cell =
        "console.log('x'.repeat(5000)); new Array(5000).fill(0).map((_, i) => ({ i, text: 'y' + i }))";
      for (let index = 0; index < 100; index += 1) {
        await session.run(cell);
      }
      const begin = await measure();
      session.events.length = 0;
      for (let index = 0; index < 500; index += 1) {
        await session.run(cell);
        session.events.length = 0;
      }
      const end = await measure();
      for (const [index, name] of ["runner", "interpreter"].entries()) {
        const growth = Number(end[index]) - Number(begin[index]);
        assert.ok(growth < 2e6, `the ${name}'s heap grew by ${growth} bytes`);
      }
    });
  });
}
