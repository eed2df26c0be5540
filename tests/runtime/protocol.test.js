/**
 * The protocol's promises: nothing runs twice, nothing is lost or repeated.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");
const zlib = require("node:zlib");

const { AgentSession, INSTALL, KINDS, VERSION, parseFrame, stub } = require("./agent_session.js");

for (const kind of KINDS) {
  describe(`the protocol in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
    });
    after(() => session.close());

    test("greets with what a kernel wants to know", async () => {
      const own = new AgentSession(kind);
      try {
        await own.interpreter.online;
        const hello = await own.hello({ fresh: true, settings: { heap_megabytes: 64 } });
        assert.equal(hello.version, VERSION);
        assert.equal(hello.node, process.version);
        assert.equal(hello.platform, process.platform);
        assert.equal(hello.folder, own.folder);
        assert.equal(hello.memory.limit, 64 * 1024 * 1024);
        assert.ok(hello.runner_pid > 0);
        assert.equal(own.executions, 2, "one to find no agent, one to install it");
      } finally {
        await own.close();
      }
    });

    test("runs a short cell in one execution", async () => {
      const begun = session.executions;
      assert.equal((await session.run("1 + 1")).text, "2");
      assert.equal(session.executions - begun, 1);
    });

    test("wipes nothing when an opening is repeated after cells have run", async () => {
      const own = await AgentSession.open(kind);
      try {
        await own.hello({ fresh: true, opening: 1, settings: { colors: false } });
        await own.run("globalThis.kept = 1");
        await own.hello({ fresh: true, opening: 1 });
        assert.equal((await own.run("kept")).text, "1");
        await own.hello({ fresh: true, opening: 2, settings: { colors: false } });
        assert.equal((await own.run("typeof kept")).text, "'undefined'");
      } finally {
        await own.close();
      }
    });

    test("never runs a cell again", async () => {
      await session.run("globalThis.count = 0");
      const { cell } = await session.start("count += 1", { wait: 2000 });
      await session.ask({ op: "run", cell, code: "count += 1", wait: 500 });
      await session.ask({ op: "run", cell, code: "count += 1", wait: 500 });
      assert.equal((await session.run("count")).text, "1");
    });

    test("sends events again until they are acknowledged, then never", async () => {
      const { cell } = await session.start("console.log('once')", { wait: 2000 });
      const seen = session.acknowledged;
      const first = /** @type {import("./agent_session.js").Event} */ (session.eventsOf(cell)[0]);
      const again = await session.ask({ op: "poll", ack: first.seq - 1, wait: 0 });
      assert.deepEqual(again.events, session.eventsOf(cell));
      const none = await session.ask({ op: "poll", ack: seen, wait: 0 });
      assert.deepEqual(none.events, []);
      // What was acknowledged is gone, whatever is asked.
      assert.deepEqual((await session.ask({ op: "poll", ack: 0, wait: 0 })).events, []);
    });

    test("does not add to an event that was sent already", async () => {
      const { cell } = await session.start(
        "console.log('a'); await new Promise((r) => { globalThis.go = r; setTimeout(r, 300) }); console.log('b')",
      );
      const held = session.acknowledged;
      const one = await session.ask({ op: "poll", cell, ack: held, wait: 2000 });
      session.acknowledged = held;
      const two = await session.ask({ op: "poll", cell, ack: held, wait: 2000, gather: 5000 });
      const texts = [one, two].map(({ events }) => events.map(({ seq, text }) => [seq, text]));
      assert.deepEqual(texts[1]?.slice(0, texts[0]?.length), texts[0]);
      await session.finish(cell);
    });

    test("sends long answers in parts", async () => {
      session.extra = { limit: 300 };
      const { stdout } = await session.run("console.log('é'.repeat(5000)); console.log('z'.repeat(5000))");
      session.extra = {};
      assert.equal(stdout, `${"é".repeat(5000)}\n${"z".repeat(5000)}\n`);
    });

    test("sends a part again, and refuses those of an answer that is gone", async () => {
      const request = { client: session.client, epoch: session.epoch, limit: 50 };
      const first = parseFrame(await session.execute(stub({ ...request, op: "poll", wait: 0 })));
      const part = stub({ ...request, op: "part", answer: first.answer, offset: 50 });
      const once = await session.execute(part);
      await session.ask({ op: "poll", wait: 0 });
      assert.equal(await session.execute(part), once, "an answer that went at once changes nothing");
      for (let others = 1; others <= 4; others += 1) {
        assert.equal(await session.execute(part), once);
        await session.execute(stub({ ...request, op: "poll", wait: 0 }));
      }
      const refused = await session.ask({ op: "part", answer: first.answer, offset: 50 });
      assert.equal(refused.refused, "answer");
    });

    test("answers through stdout", async () => {
      session.extra = { via: "stdout" };
      const { stdout, text } = await session.run("console.log('ü'); 7");
      session.extra = {};
      assert.deepEqual([stdout, text], ["ü\n", "7"]);
    });

    test("answers through a file, and removes it", async () => {
      const request = { client: session.client, epoch: session.epoch, ack: session.acknowledged };
      const code = stub({ ...request, op: "poll", wait: 0, via: "file" });
      const frame = parseFrame(await session.execute(code));
      const where = JSON.parse(frame.text);
      const file = path.join(session.folder, where.name);
      const text = fs.readFileSync(file, "latin1");
      assert.equal(text.length, where.total);
      assert.equal(JSON.parse(text).epoch, session.epoch);
      for (let later = 0; later < 4; later += 1) {
        assert.ok(fs.existsSync(file));
        await session.execute(stub({ ...request, op: "poll", wait: 0, via: "file" }));
      }
      assert.ok(!fs.existsSync(file));
    });

    test("refuses another epoch, another client and unknown operations, doing nothing", async () => {
      const { cell } = await session.start("0", { epoch: "another", wait: 0 });
      assert.deepEqual(session.eventsOf(cell), []);
      const epoch = await session.ask({ op: "poll", epoch: "another", wait: 0 });
      assert.equal(epoch.refused, "epoch");
      assert.equal(epoch.epoch, session.epoch);
      assert.equal((await session.ask({ op: "poll", client: "another" })).refused, "client");
      assert.equal((await session.ask({ op: "dance" })).refused, "unknown-op");
    });

    test("tells that it does not know a cell", async () => {
      const payload = await session.ask({ op: "poll", cell: "never sent", wait: 2000 });
      assert.deepEqual([payload.running, payload.queued], [null, []]);
      assert.ok(payload.waited < 1000, "and does not wait for it");
    });

    test("keeps variables and running cells for a kernel that takes over", async () => {
      await session.run("globalThis.kept = 'here'");
      const { cell } = await session.start("await new Promise((r) => { globalThis.finish = r })");
      const former = session.client;
      session.client = "second";
      const hello = await session.hello({ fresh: false, settings: { colors: false } });
      assert.equal(hello.running, cell);
      const { payload } = await session.start("1", { client: former });
      assert.equal(payload.refused, "client");
      await session.ask({ op: "interrupt", wait: 2000 });
      assert.equal((await session.run("kept")).text, "'here'");
      session.client = former;
      await session.hello({ fresh: false, settings: { colors: false } });
    });

    test("gives a fresh state to a kernel that asks for it, without a restart where none is needed", async () => {
      await session.run("globalThis.kept = 'here'");
      const one = await session.hello({ fresh: true, settings: { colors: false } });
      const two = await session.hello({ fresh: true, settings: { colors: false } });
      assert.equal(one.runner_pid, two.runner_pid);
      assert.equal((await session.run("typeof kept")).text, "'undefined'");
    });

    test("is installed once, and replaced by another version with its runner", async () => {
      await session.run("globalThis.kept = 'here'");
      await session.execute(`${INSTALL}\n$$.text("installed again")`);
      assert.equal((await session.run("kept")).text, "'here'");
      const other = INSTALL.replace(/"(\w+)","([A-Za-z0-9+/=]{1000,})"/, (_, method, packed) => {
        const program = /** @type {any} */ (zlib)[method](Buffer.from(packed, "base64")).toString();
        return `"inflateSync","${zlib.deflateSync(program.replaceAll(VERSION, "0123456789abcdef")).toString("base64")}"`;
      });
      const old = Number((await session.run("process.pid")).text);
      await session.execute(`${other}\n$$.text("replaced")`);
      assert.equal(await session.execute(stub({ op: "poll" })), "acajs1 absent");
      await session.hello({ fresh: true, settings: { colors: false } });
      assert.notEqual(Number((await session.run("process.pid")).text), old);
    });

    test("waits no longer than it was told", async () => {
      const { cell } = await session.start("await new Promise((r) => { globalThis.finish = r })");
      const begun = performance.now();
      const payload = await session.ask({ op: "poll", cell, wait: 50 });
      assert.ok(performance.now() - begun >= 45);
      assert.equal(payload.running, cell);
      await session.ask({ op: "interrupt", cell, wait: 2000 });
      await session.finish(cell);
    });
  });
}

describe("the agent where child processes are forbidden", () => {
  for (const kind of KINDS) {
    test(`says so in ${kind.name}`, async () => {
      const session = new AgentSession(kind);
      try {
        await session.interpreter.online;
        await session.execute(
          "require('node:child_process').spawn = () => { throw new Error('spawn EPERM') }; $$.text('forbidden')",
        );
        const hello = await session.hello({ fresh: true, settings: {} });
        assert.equal(hello.refused, "runner");
        assert.match(hello.message, /spawn EPERM/);
      } finally {
        await session.close();
      }
    });
  }
});
