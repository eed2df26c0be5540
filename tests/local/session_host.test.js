/**
 * What the embedded pool's interpreter does beyond what nel does.
 */
"use strict";

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { afterEach, it } = require("node:test");

const { openSubject } = require("./contract.js");
const { HOST, SessionHost, withinPatience } = require("./interpreters.js");

/** @type {(() => Promise<void>)[]} */
let opened = [];

afterEach(async () => {
  const closing = opened;
  opened = [];
  await Promise.all(closing.map((close) => close()));
});

/**
 * Start a host that ends with the test.
 * @param {"fd" | "stdio"} [channel]
 */
async function openHost(channel) {
  const { subject, folder, close } = await openSubject((cwd) => new SessionHost(cwd, channel));
  opened.push(close);
  return { host: subject, folder };
}

/**
 * Wait for the first message that passes.
 * @param {SessionHost} host
 * @param {(message: Record<string, unknown>) => boolean} passes
 * @returns {Promise<unknown>}
 */
function nextMessage(host, passes) {
  const seen = new Promise((resolve) => {
    host.output.on("message", (message) => {
      if (passes(message)) {
        resolve(message);
      }
    });
  });
  return withinPatience(seen, "the message");
}

it("says when it is ready, and on which Node", async () => {
  const { host } = await openHost();
  const message = await host.online;
  assert.deepEqual(message, { status: "online", node: process.version, pid: host.child.pid });
});

it("sends a burst of output whole, in order, and in few messages", async () => {
  const { host } = await openHost();
  const before = host.received;
  const started = performance.now();
  const { stdout } = await host.run("for (let i = 0; i < 100000; i++) console.log(i)");
  const elapsed = performance.now() - started;
  const lines = Array.from({ length: 100_000 }, (_, index) => `${index}\n`);
  assert.equal(stdout, lines.join(""));
  const messages = host.received - before;
  assert.ok(messages < 50_000, `${messages} messages`);
  process.stdout.write(`# 100,000 console.log: ${elapsed.toFixed(0)} ms, ${messages} messages\n`);
});

it("sends output while the cell blocks", async () => {
  const { host, folder } = await openHost();
  const seen = nextMessage(host, (message) => message.stdout === "now\n");
  const { ended } = host.start('console.log("now"); while (!fs.existsSync("go")) {} "went"');
  await seen;
  fs.writeFileSync(path.join(folder, "go"), "");
  assert.deepEqual((await ended).results, [{ "text/plain": "'went'" }]);
});

it("sends the rest of a burst before process.exit ends it", async () => {
  const { host } = await openHost();
  const code = 'for (let i = 0; i < 5000; i++) console.log("line"); process.exit(5)';
  const { stdout, exitCode } = await host.run(code);
  assert.equal(stdout, "line\n".repeat(5000));
  assert.equal(exitCode, 5);
});

it("sends the rest of a burst when the event loop turns", async () => {
  const { host } = await openHost();
  const seen = nextMessage(host, (message) => String(message.stdout).endsWith("last\n"));
  const code = '$$.async(); for (let i = 0; i < 5000; i++) console.log(i); console.log("last")';
  const { transcript, ended } = host.start(code);
  await seen;
  assert.equal(transcript.end, "open");
  const closing = host.close();
  assert.equal((await ended).end, "exit");
  await closing;
});

it("sends output larger than the channel's buffer", async () => {
  const { host } = await openHost();
  const length = 16 * 1024 * 1024;
  const { stdout, results } = await host.run(
    `process.stdout.write("y".repeat(${length})); $$.text("z".repeat(${length}))`,
  );
  assert.equal(stdout.length, length);
  assert.equal(String(Reflect.get(Object(results[0]), "text/plain")).length, length);
});

it("takes a cell larger than the channel's buffer", async () => {
  const { host } = await openHost();
  const length = 8 * 1024 * 1024;
  const { results } = await host.run(`"${"é".repeat(length)}".length`);
  assert.deepEqual(results, [{ "text/plain": String(length) }]);
});

it("runs cells that come together one after another, also asynchronous ones", async () => {
  const { host } = await openHost();
  /** @type {unknown[]} */
  const order = [];
  host.output.on("message", ({ id, stdout }) => order.push(stdout ?? id));
  const first = host.start('$$.async(); setTimeout(() => { console.log("a"); $$.done(); }, 1)');
  const second = host.start('console.log("b"); $$.text("ended")');
  const third = host.start("3");
  await Promise.all([first.ended, second.ended, third.ended]);
  assert.deepEqual(order, ["a\n", 1, "b\n", 2, 3]);
  assert.deepEqual(host.strays, []);
});

it("ends at once with its channel, whatever the cells left behind", async () => {
  const { host } = await openHost();
  await host.run('process.on("exit", () => { for (;;) {} }); setInterval(() => {}, 1000); 1');
  host.input.destroy();
  const { signal } = await withinPatience(host.exit, "the host's end");
  assert.equal(signal, "SIGKILL");
});

it("keeps its channel from child processes", { skip: !fs.existsSync("/proc/self/fd") }, async () => {
  const { host } = await openHost();
  const code =
    'const target = fs.readlinkSync("/proc/self/fd/3"); const found = child_process' +
    '.execFileSync("sh", ["-c", "readlink /proc/$$/fd/3 || true"]).toString().trim();' +
    " [target.startsWith('socket:'), target === found]";
  const { results } = await host.run(code);
  assert.deepEqual(results, [{ "text/plain": "[ true, false ]" }]);
});

it("survives user code that replaces what it depends on", async () => {
  const { host } = await openHost();
  await host.run(
    "JSON.stringify = JSON.parse = () => 'broken'; fs.writeSync = () => 0;" +
      "globalThis.setImmediate = () => {}; Buffer.concat = () => 'broken'; vm.runInThisContext = null;" +
      "performance.now = () => 0; globalThis.Promise = null; util.inspect = () => 'broken'",
  );
  const { stdout, results } = await host.run('console.log("fine"); [1]');
  assert.equal(stdout, "fine\n");
  assert.deepEqual(results, [{ "text/plain": "[ 1 ]" }]);
});

it("forgets the cells that have ended", async () => {
  const { host } = await openHost();
  const code =
    "var cells = globalThis.cells ?? []; cells.push(new WeakRef($$)); $$.async();" +
    "setImmediate(() => setImmediate(() => $$.done()))";
  for (let count = 0; count < 20; count++) {
    await host.run(code);
  }
  const { results } = await host.run(
    'v8.setFlagsFromString("--expose-gc"); const gc = vm.runInNewContext("gc"); $$.async();' +
      "setImmediate(() => { gc(); setImmediate(() => { gc(); $$.sendResult(" +
      "cells.filter((cell) => cell.deref()).length <= 2); }); })",
  );
  assert.deepEqual(results, [{ "text/plain": "true" }]);
});

it("answers lines that are no message, and goes on", async () => {
  const { host } = await openHost();
  /** @type {unknown[]} */
  const unreadable = [];
  host.output.on("message", (message) => {
    if (message.unreadable !== undefined) {
      unreadable.push(message.unreadable);
    }
  });
  const lines = ['{"id":1,"code":"1{"id":2,', "null", "7", "[]", '"text"', '{"id":1}', '{"code":"1"}', '{"id":{},"code":1}', ""];
  const last = nextMessage(host, (message) => message.unreadable === lines.length);
  host.input.write(`${lines.join("\n")}\n`);
  await last;
  assert.deepEqual((await host.run("6 * 7")).results, [{ "text/plain": "42" }]);
  assert.deepEqual(
    unreadable,
    lines.map((_, index) => index + 1),
  );
});

it("works over standard input and output, and hides the input from cells", async () => {
  const { host } = await openHost("stdio");
  const { stdout } = await host.run('console.log("grüße")');
  assert.equal(stdout, "grüße\n");
  const { results } = await host.run(
    '$$.async(); let all = ""; process.stdin.setEncoding("utf8");' +
      'process.stdin.on("data", (text) => { all += text; }).on("end", () => $$.sendResult([all, process.stdin === process.stdin]))',
  );
  assert.deepEqual(results, [{ "text/plain": "[ '', true ]" }]);
  host.input.end();
  const { signal } = await withinPatience(host.exit, "the host's end");
  assert.equal(signal, "SIGKILL");
});

it("refuses to start without a channel", () => {
  for (const options of [[], ["--channel=tcp"], ["--channel-fd=x"]]) {
    const { status, stderr } = spawnSync(process.execPath, [HOST, ...options]);
    assert.equal(status, 1);
    assert.match(String(stderr), /it needs one option, --channel-fd=NUMBER or --channel=stdio/);
  }
});

for (const cell of [
  "class Object {}",
  "class Array {}",
  "let process, globalThis, JSON, Math, Reflect",
  "Array.prototype.toJSON = () => 'a'; 1",
  "Object.prototype.toJSON = () => 'a'; 1",
  "delete Array.prototype.push",
  "for (const key of Reflect.ownKeys(String.prototype)) delete String.prototype[key]; 1",
  "Buffer.from = Buffer.concat = Buffer.prototype.toString = null; 1",
  "require('events').prototype.emit = () => false; 1",
  "JSON.stringify = JSON.parse = null; 1",
]) {
  it(`runs cells after ${cell}`, async () => {
    const { host } = await openHost();
    assert.equal((await host.run(cell)).end, "result");
    assert.deepEqual((await host.run("1 + 1")).results, [{ "text/plain": "2" }]);
    const { stdout, results } = await host.run("console.log('x'); [1, 2]");
    assert.deepEqual([stdout, results], ["x\n", [{ "text/plain": "[ 1, 2 ]" }]]);
    const [error] = (await host.run("null.x")).errors;
    assert.equal(error?.ename, "TypeError");
    assert.deepEqual((await host.run("$$.text('t')")).results, [{ "text/plain": "t" }]);
    assert.deepEqual((await host.run("$$.text instanceof (() => {}).constructor")).results, [{ "text/plain": "true" }]);
  });
}
