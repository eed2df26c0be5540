/**
 * What does not go through the streams of JavaScript: descriptors by their names, and last words.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

const { vm, child } = {
  vm: "require('vm').runInThisContext",
  child: "require('child_process')",
};

for (const kind of KINDS) {
  describe(`descriptors in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
    });
    after(() => session.close());

    /** @type {[string, string, string][]} */
    const named = [
      ["require('fs').writeFileSync('/dev/stdout', 'x')", "x", ""],
      ["require('fs').appendFileSync('/dev/stderr', 'é')", "", "é"],
      ["await new Promise((done) => require('fs').createWriteStream('/dev/stdout').end('x', done))", "x", ""],
      ["await __acajs_shell__('echo a > /dev/stderr')", "", "a\n"],
      ["await __acajs_shell__('echo a | tee /dev/stdout')", "a\na\n", ""],
      ["await __acajs_shell__('echo a >> /dev/fd/2; echo b > /proc/self/fd/1')", "b\n", "a\n"],
      [`${child}.execSync('echo a > /dev/stderr; echo b', { stdio: 'inherit' })`, "b\n", "a\n"],
      ["require('fs').writeSync(1, 'x'); console.error(require('fs').fstatSync(2).isFIFO())", "x", "true\n"],
    ];
    for (const [code, stdout, stderr] of named) {
      test(`are opened by their names: ${code}`, { skip: process.platform !== "linux" }, async () => {
        const ran = await session.run(`${code}; 0`);
        assert.deepEqual([ran.error, ran.stdout, ran.stderr], [undefined, stdout, stderr]);
      });
    }

    test("are so in the next runtime too, and leave no folder", { skip: process.platform !== "linux" }, async () => {
      const { text } = await session.run("require('fs').readlinkSync('/proc/self/fd/1')");
      await session.run("process.exit(0)");
      assert.equal((await session.run("require('fs').writeFileSync('/dev/stdout', 'again'); 0")).stdout, "again");
      const folder = /'(.*)\/1/.exec(String(text))?.[1] ?? assert.fail(String(text));
      assert.ok(!fs.existsSync(folder));
    });

    test("bring all that is written to them before the end of the process", async () => {
      const { stdout, stderr } = await session.run(
        "require('fs').writeSync(1, 'x'.repeat(50000)); require('fs').writeSync(2, 'y'.repeat(50000)); process.exit(1)",
      );
      assert.deepEqual([stdout.length, stderr.length], [50_000, 50_000]);
    });
  });

  describe(`last words in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
    });
    after(() => session.close());

    /** Ways to end a process at once. */
    const ends = [
      "process.kill(process.pid, 'SIGSEGV'); for (;;);",
      "process.kill(process.pid, 'SIGKILL'); for (;;);",
      "process.kill(process.pid, 'SIGABRT'); for (;;);",
      "process.abort()",
      "process.reallyExit(3)",
      `${child}.execSync('kill -SEGV ' + process.pid)`,
      // A trap within a function of V8's own, which nothing of ours is told of.
      "globalThis.crash()",
    ];
    for (const end of ends) {
      for (const lines of [1, 200]) {
        test(`of ${lines} lines arrive before ${end}`, async () => {
          await session.run(`require('v8').setFlagsFromString('--allow-natives-syntax'); ${vm}('globalThis.crash = () => %SystemBreak()'); 0`);
          const { stdout, error } = await session.run(
            `for (let line = 0; line < ${lines}; line += 1) console.log(line); ${end}`,
          );
          let expected = "";
          for (let line = 0; line < lines; line += 1) {
            expected += `${line}\n`;
          }
          assert.equal(stdout, expected);
          assert.match(error?.ename, /^Runtime(?:Crashed|Exited)$/);
        });
      }
    }

    test("of a long burst arrive where a call ends the process", async () => {
      const { stdout } = await session.run("for (let line = 0; line < 50000; line += 1) console.log('line'); process.abort()");
      assert.equal(stdout.length, 250_000);
    });
  });
}

describe("what is printed until code is ended in the middle of it", () => {
  for (const kind of KINDS.slice(1)) {
    test("comes once and in order, and the session goes on", async () => {
      const session = await AgentSession.open(kind);
      try {
        let lines = 0;
        for (let round = 0; round < 60; round += 1) {
          const { stdout } = await session.run(
            `try { ${vm}("for (let line = 0; ; line += 1) console.log(line)", { timeout: ${1 + (round % 3)} }) } catch {}; 0`,
          );
          const printed = stdout.split("\n").slice(0, -1);
          assert.deepEqual(printed, printed.map((_, line) => String(line)));
          lines += printed.length;
        }
        assert.ok(lines > 100, `${lines} lines`);
      } finally {
        await session.close();
      }
    });
  }
});
