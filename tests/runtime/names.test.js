/**
 * What cells declare, delete and replace is theirs alone: the runtime goes on as before.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** Cells, by what they do to the names and the built-in objects. */
const DECLARED = [
  "class Object {}",
  "class Array {}",
  "class Function {}",
  "class Set {}",
  "class Map {}",
  "class WeakSet {}",
  "class Promise {}",
  "class Error {}",
  "class TypeError {}",
  "class String {}",
  "class Symbol {}",
  "class RegExp {}",
  "class Date {}",
  "class Buffer {}",
  "class ArrayBuffer {}",
  "class Uint8Array {}",
  "class URL {}",
  "let Math = 5",
  "let JSON = null",
  "const Number = 1",
  "let Reflect",
  "let Atomics",
  "let process",
  "let globalThis = 1",
  "let console = null",
  "let performance = 0",
  "let queueMicrotask, setImmediate, clearTimeout",
  "let require, module, exports",
  "let structuredClone, decodeURIComponent",
  "var process = 1",
  "function Object() {}",
  "const { Map, Set, List } = { Map: class Map {}, Set: class Set {}, List: class List {} }",
];

const DELETED = [
  "delete Array.prototype.push",
  "for (const key of Reflect.ownKeys(Array.prototype)) delete Array.prototype[key]",
  "for (const key of Reflect.ownKeys(String.prototype)) delete String.prototype[key]",
  "for (const key of Reflect.ownKeys(Map.prototype)) delete Map.prototype[key]; for (const key of Reflect.ownKeys(Set.prototype)) delete Set.prototype[key]",
  "for (const key of Reflect.ownKeys(Function.prototype)) delete Function.prototype[key]",
  "for (const key of Reflect.ownKeys(Object.prototype)) delete Object.prototype[key]",
  "for (const key of Reflect.ownKeys(RegExp.prototype)) delete RegExp.prototype[key]",
  "for (const key of Reflect.ownKeys(Error.prototype)) delete Error.prototype[key]",
  "for (const key of Reflect.ownKeys(Number.prototype)) delete Number.prototype[key]",
  "for (const key of Reflect.ownKeys(Symbol)) delete Symbol[key]",
  "for (const key of ['keys', 'entries', 'assign', 'defineProperty', 'create', 'freeze', 'hasOwn']) delete Object[key]",
  "for (const key of Reflect.ownKeys(Reflect)) delete Reflect[key]",
  "for (const name of ['Object', 'Array', 'Promise', 'Map', 'Set', 'JSON', 'Reflect', 'Atomics', 'Error', 'Buffer', 'process']) delete globalThis[name]",
];

const REPLACED = [
  "Array.prototype.toJSON = () => 'a'",
  "Object.prototype.toJSON = () => 'o'",
  "Object.prototype.toJSON = () => { throw new Error('no') }",
  "String.prototype.toJSON = Number.prototype.toJSON = Boolean.prototype.toJSON = () => { throw new Error('no') }",
  "for (const name of ['get', 'value', 'error', 'result', 'id', 'message', 'raw', 'update', 'columns', 'limit', 'stream', 'code']) Object.prototype[name] = () => { throw new Error('no') }",
  "Object.defineProperty(Object.prototype, 'type', { get() { throw new Error('no') }, set() { throw new Error('no') }, configurable: true })",
  "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Function.prototype); Object.freeze(Error.prototype)",
  "Object.preventExtensions(globalThis); 0",
  "Array.prototype[Symbol.iterator] = function* () { throw new Error('no') }",
  "Object.getPrototypeOf([][Symbol.iterator]()).next = () => { throw new Error('no') }",
  "Array.prototype.map = Array.prototype.filter = Array.prototype.slice = () => { throw new Error('no') }",
  "Map.prototype.get = () => 'x'; Map.prototype.set = null; Set.prototype.has = () => true",
  "String.prototype.includes = String.prototype.split = String.prototype.slice = () => 'x'",
  "RegExp.prototype.exec = () => null; RegExp.prototype.test = () => true; RegExp.prototype[Symbol.replace] = () => 'x'",
  "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw new Error('no') }",
  "Promise.prototype.then = function () {}; Promise.prototype.finally = null; Promise.resolve = Promise.all = null",
  "globalThis.Promise = class {}; 0",
  "Object.keys = Object.entries = Object.defineProperty = Object.getOwnPropertyDescriptor = Object.getPrototypeOf = null",
  "JSON.stringify = JSON.parse = () => 'x'",
  "Reflect.apply = Reflect.ownKeys = null; Atomics.load = Atomics.store = Atomics.wait = Atomics.notify = Atomics.compareExchange = () => 5",
  "Math.max = Math.min = Math.floor = Math.round = () => NaN",
  "Symbol.for = () => Symbol('other')",
  "Buffer.from = Buffer.alloc = Buffer.allocUnsafe = () => { throw new Error('no') }",
  "for (const key of ['write', 'copy', 'toString', 'utf8Write', 'utf8Slice', 'latin1Slice', 'subarray', 'slice', 'fill']) Buffer.prototype[key] = () => 'x'",
  "for (const key of ['set', 'subarray', 'fill', 'slice', 'indexOf']) Object.getPrototypeOf(Uint8Array.prototype)[key] = () => 'x'",
  "require('inspector').Session.prototype.post = () => {}; require('inspector').Session.prototype.connect = () => {}",
  "require('events').EventEmitter.prototype.emit = () => false; 0",
  "for (const key of ['on', 'once', 'listenerCount', 'removeListener', 'addListener']) require('events').EventEmitter.prototype[key] = () => {}",
  "for (const key of ['push', 'read', 'on', 'pause', 'resume']) require('stream').Readable.prototype[key] = () => {}",
  "require('string_decoder').StringDecoder.prototype.write = () => 'x'",
  "require('worker_threads').MessagePort.prototype.postMessage = () => {}; require('worker_threads').Worker.prototype.postMessage = () => {}",
  "require('async_hooks').AsyncLocalStorage.prototype.getStore = require('async_hooks').AsyncLocalStorage.prototype.run = () => {}",
  "require('util').inspect = null; for (const key of Object.keys(require('util').types)) require('util').types[key] = () => true",
  "for (const library of ['fs', 'path', 'module', 'url', 'v8', 'vm', 'net', 'crypto', 'child_process'].map((name) => require(name))) { for (const key of Object.keys(library)) { try { library[key] = null } catch {} } }",
  "for (const key of ['cwd', 'cpuUsage', 'getActiveResourcesInfo', 'on', 'listenerCount', 'kill', 'hrtime', 'memoryUsage']) process[key] = () => { throw new Error('no') }",
  "performance.now = () => 'x'; 0",
  "globalThis.queueMicrotask = globalThis.setImmediate = globalThis.clearTimeout = () => { throw new Error('no') }",
  "Error.prepareStackTrace = () => { throw new Error('no') }",
  "Error.captureStackTrace = null; 0",
  "Object.setPrototypeOf(Array.prototype, null); Object.setPrototypeOf(Function.prototype, null); Object.setPrototypeOf(Map.prototype, null); 0",
  "Object.prototype.then = function () {}; 0",
  "Object.prototype.then = function () {}; void 0",
];

/** What the checks call, with names that stay what they are. */
const PREPARED = `const { tick, never } = ((Promise, setTimeout, display) => ({
  tick: () => new Promise((done) => setTimeout(() => { display('tick'); done(); }, 5)),
  never: () => new Promise(() => {}),
}))(Promise, setTimeout, display)`;

/** Checks that a cell makes impossible for itself, whatever the runtime does. */
const IMPOSSIBLE = new Map([
  ["Error.prepareStackTrace = () => { throw new Error('no') }", ["frames"]],
]);

// Node 18 tells plain objects by their constructor.
IMPOSSIBLE.set("for (const key of Reflect.ownKeys(Object.prototype)) delete Object.prototype[key]", ["text"]);

/** Longest that one check may take, in milliseconds. */
const PATIENCE = 8000;

describe("names of the user's", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
  });
  after(() => session.close());

  /**
   * @param {string} cell
   * @returns {Promise<void>}
   */
  const check = async (cell) => {
    const impossible = IMPOSSIBLE.get(cell) ?? [];
    await session.run(PREPARED);
    const first = await session.run(cell);
    assert.equal(first.error, undefined, JSON.stringify(first.error));

    assert.equal((await session.run("1 + 1")).text, "2");
    assert.equal((await session.run("'text'")).text, "'text'");
    assert.equal((await session.run("await 7")).text, "7");

    const failed = await session.run("null.x", { label: "In[X]" });
    assert.equal(failed.error?.ename, "TypeError");
    assert.equal(failed.error?.evalue, "Cannot read properties of null (reading 'x')");
    if (!impossible.includes("frames")) {
      assert.deepEqual(failed.error?.traceback, [
        "TypeError: Cannot read properties of null (reading 'x')", "In[X]:1", "null.x", "     ^", "    at In[X]:1:6",
      ]);
    }

    const table = await session.run("[{ a: 1, b: 'x' }, { a: 2, b: 'y' }]");
    assert.match(table.results[0]?.data["text/html"], /<table>.*<th[^>]*>a<.*<td[^>]*>y<.*<\/table>/);
    if (!impossible.includes("text")) {
      assert.equal(table.text, "[ { a: 1, b: 'x' }, { a: 2, b: 'y' } ]");
    }

    await session.run("const someName = { inner: 1, innermost: 2 }");
    const names = await session.ask({ op: "complete", kind: "name", prefix: "someN", targets: [] });
    assert.deepEqual(names.matches, [{ text: "someName", type: "variable" }]);
    const members = await session.ask({ op: "complete", kind: "member", prefix: "inn", targets: [{ expression: "someName" }] });
    assert.deepEqual(members.matches.map((/** @type {any} */ match) => match.text), ["inner", "innermost"]);
    const inspected = await session.ask({ op: "inspect", targets: [{ expression: "someName" }], detail: 0 });
    assert.equal(inspected.found.preview, "{ inner: 1, innermost: 2 }");

    const who = await session.run("Jupyter.who()");
    assert.match(String(who.text), /someName\t\w+\t2 properties\t\{ inner: 1, innermost: 2 \}/);

    const shown = await session.run("display('shown', { metadata: { a: 1 } }); undefined");
    assert.equal(shown.events.find((event) => event.kind === "display")?.data["text/plain"], "'shown'");

    const ticked = await session.run("await tick(); 3");
    assert.equal(ticked.events.find((event) => event.kind === "display")?.data["text/plain"], "'tick'");
    assert.equal(ticked.text, "3");

    for (const endless of ["for (;;);", "await never()"]) {
      const { cell: name } = await session.start(endless, { wait: 50 });
      await session.ask({ op: "interrupt", cell: name, wait: 2000 });
      const { error } = await session.finish(name);
      assert.equal(error?.ename, "KeyboardInterrupt");
      assert.equal(error?.evalue, "The cell was interrupted.");
    }
    assert.equal((await session.run("someName.inner")).text, "1");
    assert.equal(session.lastRestart, undefined);
  };

  for (const cell of [...DECLARED, ...DELETED, ...REPLACED]) {
    // The inspector of Node 18 itself calls the user's `then`.
    const isOld = process.version.startsWith("v18.") && cell.startsWith("Promise.prototype.then =");
    // Node 22 and later themselves call `pop` of an array before each callback.
    const isNew = Number.parseInt(process.versions.node, 10) >= 22 && cell.startsWith("for (const key of Reflect.ownKeys(Array.prototype))");
    const skip = isOld || isNew;
    test(`survives ${cell}`, { timeout: PATIENCE, skip }, async () => {
      await session.ask({ op: "restart" });
      session.events = [];
      await check(cell);
    });
  }

  for (const getter of ["() { throw new Error('no') }", ": () => () => {}", ": () => (resolve) => resolve(5)"]) {
    test(`survives a property \`then\` of all objects that is read by get${getter}`, { timeout: PATIENCE }, async () => {
      await session.ask({ op: "restart" });
      session.events = [];
      // What V8 makes of this cell's own result before Node 22 is the property's doing.
      await session.run(`Object.defineProperty(Object.prototype, "then", { get${getter}, configurable: true }); 0`);
      await check("0");
    });
  }

  test("gives users values of their own realm", { timeout: PATIENCE }, async () => {
    await session.ask({ op: "restart" });
    const claims = [
      "display instanceof Function && Jupyter.html instanceof Function && prompt instanceof Function",
      "display('x') instanceof Object && Jupyter instanceof Object && Jupyter.json(1) instanceof Object",
      "Jupyter.format(1) instanceof Promise && __acajs_import__('node:fs') instanceof Promise",
      "setTimeout instanceof Function && process.stdout.write instanceof Function && $$.text instanceof Function",
      "await (async () => { try { await Jupyter.broadcast('status') } catch (error) { return error instanceof TypeError } })()",
      "(() => { try { Jupyter.comm.register('x') } catch (error) { return error instanceof TypeError } })()",
      "(() => { try { process.stdout.write(5) } catch (error) { return error instanceof TypeError } })()",
      "Jupyter.comm('t') instanceof Object && Jupyter.progress(2)[Symbol.iterator]().next() instanceof Object",
      "process.execArgv instanceof Array && (await __acajs_shell__('exit 3').catch((error) => error)) instanceof Error",
    ];
    for (const claim of claims) {
      assert.equal((await session.run(claim)).text, "true", claim);
    }
  });
});
