/**
 * The parts of the agent and the runner that work without either.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { describe, test } = require("node:test");

const { AnswerSender, checksumOf, toAsciiJson } = require("../../acajs_kernel/runtime/agent/answers.js");
const { EventLog } = require("../../acajs_kernel/runtime/agent/events.js");
const { heapMegabytes } = require("../../acajs_kernel/runtime/agent/memory.js");
const { toBundle } = require("../../acajs_kernel/runtime/runner/display.js");
const { CAPACITY, Ring, SLOTS } = require("../../acajs_kernel/runtime/runner/ring.js");
const { Tracebacks } = require("../../acajs_kernel/runtime/runner/traceback.js");

describe("the log of events", () => {
  /**
   * @param {string} text
   * @param {string} [name]
   * @returns {import("../../acajs_kernel/runtime/agent/events.js").Event}
   */
  const stream = (text, name = "stdout") => ({ kind: "stream", cell: "c", name, text });

  test("joins neighbouring texts of one stream, and no others", () => {
    const log = new EventLog();
    for (const event of [stream("a"), stream("b"), stream("c", "stderr"), stream("d")]) {
      log.append(event);
    }
    assert.deepEqual(log.read(1e6).events.map(({ text }) => text), ["ab", "c", "d"]);
  });

  test("leaves out what later events replace, where many wait", () => {
    const log = new EventLog();
    const display = (/** @type {object} */ fields) => ({ kind: "display", cell: "c", data: {}, metadata: {}, ...fields });
    const clear = { kind: "clear", cell: "c", wait: true };
    for (let index = 0; index < 1000; index += 1) {
      log.append(display({ display_id: `d${index}` }));
    }
    for (let index = 0; index < 50; index += 1) {
      log.append(display({ display_id: "d5", update: true, data: { index } }));
    }
    for (let index = 0; index < 50; index += 1) {
      log.append(stream("o"));
      log.append(stream("e", "stderr"));
    }
    const rest = log.read(1e9).events.slice(1000);
    assert.deepEqual(rest.filter(({ kind }) => kind === "display").map(({ data }) => data), [{ index: 49 }]);
    const texts = rest.filter(({ kind }) => kind === "stream").map(({ text }) => text);
    assert.deepEqual(texts, ["o".repeat(50), "e".repeat(50)]);
    log.append(clear);
    log.append(display({ data: "sent" }));
    log.read(1e9);
    for (let index = 0; index < 50; index += 1) {
      log.append(clear);
      log.append(display({ data: index }));
    }
    assert.deepEqual(log.read(1e9).events.slice(1000 + rest.length).map(({ kind, data }) => data ?? kind), [
      "clear",
      "sent",
      "clear",
      49,
    ]);
    log.acknowledge(1e9);
    assert.equal(log.size, 0);
  });

  test("adds nothing to what was read", () => {
    const log = new EventLog();
    log.append(stream("a"));
    log.read(1e6);
    log.append(stream("b"));
    assert.deepEqual(log.read(1e6).events.map(({ seq, text }) => [seq, text]), [[1, "a"], [2, "b"]]);
  });

  test("gives what fits, at least one, and says whether there is more", () => {
    const log = new EventLog();
    log.append(stream("x".repeat(500)));
    log.append(stream("y", "stderr"));
    const first = log.read(10);
    assert.deepEqual([first.events.length, first.more], [1, true]);
    log.acknowledge(1);
    const second = log.read(10);
    assert.deepEqual([second.events[0]?.text, second.more], ["y", false]);
  });

  test("counts what it keeps, and keeps nothing that was acknowledged", () => {
    const log = new EventLog();
    log.append({ kind: "input", cell: "c", token: "t" });
    log.append(stream("text"));
    assert.equal(log.inputs, 1);
    assert.ok(log.size > 4);
    log.acknowledge(2);
    assert.deepEqual([log.inputs, log.size, log.length], [0, 0, 0]);
    log.append(stream("next"));
    assert.equal(log.read(1e6).events[0]?.seq, 3);
  });
});

describe("answers", () => {
  test("are ASCII whatever they hold", () => {
    const value = { text: "é😀\ud800\u2028\u007f" };
    const text = toAsciiJson(value);
    // eslint-disable-next-line no-control-regex -- ASCII is the claim
    assert.match(text, /^[\u0000-\u007e]*$/);
    assert.deepEqual(JSON.parse(text), value);
  });

  test("remove the file of an answer of long ago, and all on disposal", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "acajs-answers-"));
    try {
      const sender = new AnswerSender(folder);
      /** @type {string[]} */
      const frames = [];
      const execution = { async: () => 0, done: () => 0, text: (/** @type {string} */ text) => frames.push(text) };
      for (let a = 1; a <= 6; a += 1) {
        sender.send(execution, { a }, { via: "file" });
      }
      const names = [3, 4, 5, 6].map((answer) => `.acajs-answer-${answer}`);
      assert.deepEqual(fs.readdirSync(folder).sort(), names);
      const where = JSON.parse(/** @type {string} */ (frames[1]).split(" ").slice(6).join(" "));
      assert.equal(where.checksum, checksumOf('{"a":2}'));
      sender.dispose();
      assert.deepEqual(fs.readdirSync(folder), []);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe("the heap's limit", () => {
  test("leaves memory to the interpreter, within sensible bounds", () => {
    const gigabyte = 1024 ** 3;
    assert.equal(heapMegabytes(2 * gigabyte), 1344);
    assert.equal(heapMegabytes(gigabyte / 4), 128);
    assert.equal(heapMegabytes(64 * gigabyte), 4096);
  });
});

describe("the ring", () => {
  /**
   * Read all, as the control thread does.
   * @param {Ring} ring
   * @returns {string}
   */
  function readAll(ring) {
    const bytes = Buffer.from(ring.memory);
    const begin = Atomics.load(ring.slots, SLOTS.read);
    const end = Atomics.load(ring.slots, SLOTS.written);
    const count = (end - begin) >>> 0;
    const start = begin & (CAPACITY - 1);
    const first = bytes.subarray(start, Math.min(start + count, CAPACITY));
    const rest = bytes.subarray(0, count - first.length);
    const text = Buffer.concat([first, rest]).toString("utf8");
    Atomics.store(ring.slots, SLOTS.read, end);
    return text;
  }

  test("keeps records whole across its end and the wrap of its counters", () => {
    const ring = new Ring();
    for (const slot of [SLOTS.read, SLOTS.written]) {
      Atomics.store(ring.slots, slot, 0x7fffffff - 3 * CAPACITY);
    }
    for (let index = 0; index < 100; index += 1) {
      const record = `${index}é😀`.repeat(10_000);
      ring.add(record);
      assert.ok(readAll(ring) === record, `record ${index}`);
    }
  });

  test("wakes its reader only when that sleeps", () => {
    const ring = new Ring();
    let calls = 0;
    ring.wake = () => {
      calls += 1;
    };
    ring.add("a");
    Atomics.store(ring.slots, SLOTS.parked, 1);
    ring.add("b");
    ring.add("c");
    assert.equal(calls, 1);
    assert.equal(readAll(ring), "abc");
  });
});

describe("tracebacks", () => {
  /** @returns {Tracebacks} Without colours. */
  function plain() {
    const tracebacks = new Tracebacks();
    tracebacks.colors = false;
    return tracebacks;
  }

  test("show what Node adds to an error, and its name", () => {
    const error = Object.assign(new Error("no such file"), { code: "ENOENT" });
    error.name = "OwnError";
    error.stack = "OwnError: no such file";
    const { ename, traceback } = plain().describe(error);
    assert.equal(ename, "OwnError");
    assert.deepEqual(traceback, ["OwnError: no such file", "{ code: 'ENOENT' }"]);
  });

  test("end where causes go round in a circle", () => {
    const one = new Error("one");
    const two = new Error("two", { cause: one });
    one.cause = two;
    one.stack = "";
    two.stack = "";
    assert.deepEqual(plain().describe(one).traceback, ["Error: one", "  [cause] Error: two", "    [cause] [circular]"]);
  });

  test("survive errors whose properties throw", () => {
    const error = new Error("x");
    assert.ok(error.stack, "V8 makes the stack's text when it is first read");
    for (const name of ["name", "message", "stack", "cause"]) {
      Object.defineProperty(error, name, {
        get() {
          throw new Error("trap");
        },
      });
    }
    assert.equal(plain().describe(error).ename, "Error");
    assert.equal(plain().describe(new Proxy(error, {})).ename, "Error");
  });

  test("clip long lines around the caret", () => {
    const tracebacks = plain();
    tracebacks.remember("In[1]", `${" ".repeat(500)}boom()${" ".repeat(500)}`, `${" ".repeat(500)}boom()${" ".repeat(500)}`);
    const error = new Error("x");
    error.stack = "Error: x\n    at In[1]:1:501";
    const [, , line, caret] = tracebacks.describe(error).traceback;
    assert.equal(line?.length, 160);
    assert.equal(line?.indexOf("boom"), caret?.indexOf("^"));
  });

  test("are coloured unless that is turned off", () => {
    const [line] = new Tracebacks().describe(1).traceback;
    assert.ok(line?.startsWith("\u001b[31mUncaught\u001b[39m "), line);
  });
});

describe("bundles", () => {
  test("fall back to plain text where a display method throws", () => {
    const bundle = toBundle(
      {
        [Symbol.for("Jupyter.display")]() {
          throw new Error("broken");
        },
      },
      { colors: false },
    );
    assert.deepEqual(Object.keys(bundle), ["text/plain"]);
  });

  test("keep JSON as it is and make text of what should be text", () => {
    const bundle = toBundle(
      { [Symbol.for("Jupyter.display")]: () => ({ "application/json": { a: [1] }, "text/html": 5, "text/plain": "p", "x/y": null }) },
      {},
    );
    assert.deepEqual(bundle, { "application/json": { a: [1] }, "text/html": "5", "text/plain": "p" });
  });
});
