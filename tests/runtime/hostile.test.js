/**
 * Cells that write to the runtime's pipes, close them, or fill the heap: each ends, and so does
 * the cell after it.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

const KIND = /** @type {import("./agent_session.js").Kind} */ (KINDS.at(-1));

/** What a cell writes to the pipe of events, as an expression. */
const BROKEN = [
  '"null\\n"',
  '"5\\n"',
  '"[]\\n"',
  '"no JSON\\n"',
  '"\\"text that has not ended\\n"',
  '"{\\"half"',
  '"=abc\\n"',
  '"+abc\\n=d\\n"',
  '"x".repeat(2e6)',
  '"x".repeat(2e6) + "\\n"',
  "Buffer.from([0xff, 0xfe, 0x80, 10])",
  '"[".repeat(2e5) + "\\n"',
  ...[
    { kind: "unknown" },
    { kind: 5 },
    { kind: "stream" },
    { kind: "stream", cell: "a", name: "stdin" },
    { kind: "display", cell: "a", data: 5, metadata: {} },
    { kind: "result", cell: "a" },
    { kind: "comm", cell: "a" },
    { kind: "comm", cell: "a", message: "open", comm: "c", target: 5, data: {}, metadata: {}, buffers: [] },
    { kind: "comm", cell: "a", message: "open", comm: "c", data: {}, metadata: {}, buffers: [5] },
    { kind: "error", cell: "a", ename: "E", evalue: "", traceback: "text" },
    { kind: "message", cell: "a", type: "t", content: 5 },
    { kind: "input", cell: "a", token: 5, prompt: "", password: false, blocks: false },
    { kind: "done" },
    { kind: "reply", id: 1 },
    { kind: "restarted", cell: "", reason: "exit" },
    { kind: "handled", cell: null },
  ].map((message) => JSON.stringify(`${JSON.stringify(message)}\n`)),
];

describe("a hostile cell", () => {
  /** @type {AgentSession} */
  let session;

  before(async () => {
    session = await AgentSession.open(KIND);
  });

  after(() => session.close());

  for (const text of BROKEN) {
    it(`costs nothing but a notice when it writes ${text.slice(0, 60)}`, async () => {
      const ran = await session.run(`console.log("a"); fs.writeSync(5, ${text}); console.log("b"); 6 * 7`);
      assert.equal(ran.done.status, "ok");
      assert.equal(ran.text, "42");
      assert.equal(ran.stdout, "a\nb\n");
      assert.equal(ran.stderr.match(/Something was left out/g)?.length, 1);
      const next = await session.run("'next'");
      assert.equal(next.text, "'next'");
      assert.equal(next.stderr, "");
    });
  }

  it("is warned once, however many broken lines there are", async () => {
    const ran = await session.run('for (let i = 0; i < 1000; i++) fs.writeSync(5, "null\\n")');
    assert.equal(ran.stderr.match(/left out/g)?.length, 1);
  });

  it("cannot give events numbers, or answer in the runtime's name", async () => {
    const forged = JSON.stringify(`${JSON.stringify({ kind: "clear", cell: "", wait: true, seq: 1e9 })}\n`);
    await session.run(`fs.writeSync(5, ${forged})`);
    assert.ok(session.acknowledged < 1e6);
    assert.equal((await session.run("1 + 1")).text, "2");
  });

  for (const descriptors of [[3], [4], [5], [1], [2], [1, 2, 3, 4, 5]]) {
    it(`that closes ${descriptors.join(", ")} is told why variables are gone`, async () => {
      await session.run("globalThis.kept = 1");
      const ran = await session.run(`for (const n of [${descriptors}]) fs.closeSync(n); 1`);
      assert.equal(ran.error?.ename, "RuntimeCrashed");
      assert.match(ran.error.evalue, /closed a file descriptor/);
      assert.equal((await session.run("typeof kept")).text, "'undefined'");
    });
  }

  it("that closes a descriptor and opens a file in its place is told so too", async () => {
    const ran = await session.run('fs.closeSync(3); fs.openSync("file.txt", "w"); 1');
    assert.match(ran.error?.evalue ?? "", /closed a file descriptor/);
    assert.equal((await session.run("2")).text, "2");
  });

  it("that closes its standard input goes on", async () => {
    assert.equal((await session.run("fs.closeSync(0); 'on'")).text, "'on'");
    assert.equal((await session.run("'next'")).text, "'next'");
  });

  it("whose callback closes a descriptor costs the variables, not the next cell", async () => {
    const earlier = session.lastRestart;
    await session.run("setTimeout(() => fs.closeSync(3), 20)");
    await session.until(() => session.lastRestart !== earlier);
    assert.equal(session.lastRestart?.reason, "closed");
    assert.equal((await session.run("3")).text, "3");
  });

  it("may display ten thousand values, and is told of the limit once", async () => {
    const ran = await session.run("for (let i = 0; i < 30_000; i++) display(i)");
    assert.equal(ran.displays.length, 10_000);
    assert.equal(ran.stderr.match(/has shown 10000 outputs/g)?.length, 1);
    const clearing = await session.run("for (let i = 0; i < 12_000; i++) { Jupyter.clear(); display(i) }");
    assert.equal(clearing.displays.at(-1)?.data["text/plain"], "11999");
    assert.equal(clearing.stderr, "");
  });

  it("sees the last of many updates", async () => {
    const ran = await session.run("{ const h = display(0); for (let i = 1; i <= 50_000; i++) h.update(i) }");
    assert.equal(ran.displays.at(-1)?.data["text/plain"], "50000");
    assert.ok(ran.displays.length < 40_000, String(ran.displays.length));
  });

  for (const [what, code] of Object.entries({
    "a display": 'display({ "application/json": deep }, { raw: true })',
    "a value": '({ [Symbol.for("Jupyter.display")]: () => ({ "application/json": deep }) })',
    "metadata": "display(1, { metadata: { deep } })",
    "a comm": 'Jupyter.comm("t", { data: deep })',
    "a message": 'await Jupyter.broadcast("t", deep)',
    "a circle": "{ const circle = {}; circle.circle = circle; Jupyter.comm('t', { data: circle }) }",
    "a late display": 'display({ [Symbol.for("Jupyter.display")]: async () => ({ "application/json": deep }) })',
  })) {
    for (const levels of [220, 3000, 100_000]) {
      it(`is told that ${what} of ${levels} levels cannot be shown`, async () => {
        const make = `var deep = {}; for (let i = 1; i < ${levels}; i++) deep = { deep };`;
        const ran = await session.run(`${make}\n${code}`);
        const shown = JSON.stringify(ran.events.filter((event) => event.kind !== "done"));
        assert.match(shown, /too deep|circular/);
        assert.ok(!shown.includes("KeyboardInterrupt"));
        assert.equal((await session.run("4")).text, "4");
      });
    }
  }

  it("may nest two hundred levels", async () => {
    const make = "var deep = {}; for (let i = 1; i < 200; i++) deep = { deep };";
    const ran = await session.run(`${make}\ndisplay({ "application/json": deep }, { raw: true })`);
    assert.deepEqual(Object.keys(ran.displays[0]?.data), ["application/json", "text/plain"]);
  });
});

describe("a heap that is nearly full", () => {
  it("ends the runtime, and the next cell works", { timeout: 120_000 }, async () => {
    const session = await AgentSession.open(KIND, { heap_megabytes: 300 });
    try {
      const { cell } = await session.start("const a = []; for (;;) a.push(new Array(1e5).fill({}))");
      const ran = await session.finish(cell);
      assert.equal(ran.error?.ename, "RuntimeOutOfMemory");
      assert.equal((await session.run("5")).text, "5");
    } finally {
      await session.close();
    }
  });
});
