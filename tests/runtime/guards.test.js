/**
 * The functions that the runtime guards look and work as Node's own, and are the user's.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** Describes every function that may be guarded; evaluated in the session and in a Node of its own. */
const SHAPES = `(() => {
  const modules = ["child_process", "events", "fs", "fs/promises", "net", "timers", "timers/promises"];
  const [childProcess, events, fs, files, net, timers, timersPromises] = modules.map((name) => process.getBuiltinModule?.(name) ?? require(name));
  const owners = {
    childProcess, child: childProcess.ChildProcess.prototype, events, emitter: events.prototype, fs, files,
    socket: net.Socket.prototype, server: net.Server.prototype, timers, timersPromises,
    scheduler: Object.getPrototypeOf(timersPromises.scheduler),
    global: { ...Object.fromEntries(["setTimeout", "setInterval", "setImmediate", "fetch"].map((name) => [name, globalThis[name]])) },
  };
  const seen = new Map();
  const lines = [];
  for (const [title, owner] of Object.entries(owners)) {
    // Node 20 makes some of them when they are first read.
    Object.keys(owner).forEach((name) => Reflect.get(owner, name));
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      const { value } = descriptor;
      if (typeof value !== "function") continue;
      const first = seen.get(value) ?? title + "." + name;
      seen.set(value, first);
      const own = Object.entries({ ...Object.getOwnPropertyDescriptors(value) })
        .map(([key, { value: held, ...flags }]) => [key, typeof held === "string" || typeof held === "number" ? held : typeof held, ...Object.entries(flags).map(([flag, set]) => [flag, typeof set === "boolean" ? set : typeof set])]);
      lines.push([title, name, first, Object.getPrototypeOf(value) === Function.prototype || Object.getPrototypeOf(value) === Object.getPrototypeOf(async () => {}),
        descriptor.enumerable, descriptor.writable, descriptor.configurable, own, Object.getOwnPropertySymbols(value).map(String)]);
    }
  }
  return JSON.stringify(lines);
})()`;

/** What tells on which side of the border a value is. @type {string[]} */
const CLAIMS = [
  "[setTimeout, setTimeout(() => {}), setImmediate(() => {}), fetch, events.once, fs.readFile].every((value) => value instanceof Object)",
  "setTimeout(() => {})._onTimeout instanceof Function",
  "fs.promises.readFile('/dev/null') instanceof Promise && fs.promises.readFile('/dev/null').constructor === Promise",
  "fs.promises.readFile('/nowhere').catch(() => 0) instanceof Promise",
  "events.once(emitter, 'a') instanceof Promise && events.on(emitter, 'a').next() instanceof Promise",
  "timersPromises.setTimeout(1) instanceof Promise && timersPromises.scheduler.wait(1) instanceof Promise",
  "util.promisify(setTimeout) === timersPromises.setTimeout && util.promisify(setTimeout)(1) instanceof Promise",
  "(await util.promisify(setTimeout)(1, 'value')) === 'value' && (await util.promisify(setImmediate)('value')) === 'value'",
  "fetch('data:,x') instanceof Promise && (await fetch('data:,x')) instanceof Response",
  "(await events.once(emitter, 'b', { signal: AbortSignal.timeout(1) }).catch((error) => error)) instanceof Error",
  "emitter.on('c', () => {}).listeners('c')[0] instanceof Function && emitter.on === emitter.addListener",
  "(await new Promise((resolve) => fs.stat('/', (...all) => resolve(all)))) instanceof Array",
  "fs.promises === require('fs/promises') && (await fs.promises.stat('/')) instanceof fs.Stats",
  "(await __acajs_import__('node:timers')).setTimeout === setTimeout && (await __acajs_import__('node:events')).once === events.once",
  "childProcess.spawn('true').emit instanceof Function && childProcess.spawnSync('true').status === 0",
  "fs.createReadStream('/dev/null') instanceof fs.ReadStream && !fs.readFile.prototype?.constructor.constructor('return 1')().x",
  "(() => { try { new setTimeout.constructor('return this')(); return setTimeout.constructor === Function } catch { return false } })()",
  "[setTimeout, fs.readFileSync, events.once, emitter.on, fetch].every((value) => value.constructor.prototype === Function.prototype || value.constructor.prototype === Object.getPrototypeOf(async () => {}))",
];

/** Waits that an interrupt makes fail. @type {string[]} */
const WAITS = [
  "new Promise((resolve) => setTimeout(resolve, 1e6))",
  "timersPromises.setTimeout(1e6)",
  "events.once(emitter, 'never')",
  "fs.promises.readFile('guarded-fifo')",
  "events.on(emitter, 'never').next()",
];

describe("guarded functions", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
    await session.run(
      "const childProcess = require('child_process'); const events = require('events'); const fs = require('fs');" +
        " const timersPromises = require('timers/promises'); const util = require('util'); const emitter = new events(); 0",
    );
  });
  after(() => session.close());

  test("have the names, lengths, properties and identities of Node's own", async () => {
    const { error, stdout } = await session.run(`console.log(${SHAPES})`);
    assert.equal(error, undefined);
    const program = `console.log(${SHAPES})`;
    const expected = JSON.parse(execFileSync(process.execPath, ["--eval", program], { encoding: "utf8" }));
    const shapes = JSON.parse(stdout);
    assert.ok(shapes.length > 200);
    const byName = (/** @type {any[][]} */ lines) => new Map(lines.map(([owner, name, ...rest]) => [`${owner}.${name}`, rest]));
    assert.deepEqual(byName(shapes), byName(expected));
  });

  for (const claim of CLAIMS) {
    test(`keep true that ${claim}`, async () => {
      const { text, error } = await session.run(claim);
      assert.deepEqual([error, text], [undefined, "true"]);
    });
  }

  for (const wait of WAITS) {
    test(`fail with an error of the user's when an interrupt ends ${wait}`, async () => {
      await session.run("fs.existsSync('guarded-fifo') || childProcess.execFileSync('mkfifo', ['guarded-fifo']); 0");
      const { cell } = await session.start(
        `try { await ${wait} } catch (error) { console.log(error instanceof Error, error.name, Object.getPrototypeOf(Object.getPrototypeOf(error)) === Error.prototype) }`,
      );
      await session.ask({ op: "poll", cell, wait: 150 });
      await session.ask({ op: "interrupt", cell, wait: 2000 });
      const { stdout, error } = await session.finish(cell);
      assert.deepEqual([stdout, error?.ename], ["true KeyboardInterrupt true\n", "KeyboardInterrupt"]);
    });
  }
});
