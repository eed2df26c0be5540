/**
 * Comms over the protocol: each message once, in order; and what widgets are made of.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { putBuffers, separateBuffers } = require("../../acajs_kernel/runtime/runner/widget_state.js");
const { moduleText } = require("../../acajs_kernel/runtime/runner/widgets.js");
const { AgentSession, KINDS } = require("./agent_session.js");

for (const kind of KINDS) {
  describe(`comms in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    let number = 0;
    before(async () => {
      session = await AgentSession.open(kind);
      await session.run(
        "const heard = []; const comm = Jupyter.comm('t', {id: 'c'});" +
          "comm.onMessage(({data}) => { heard.push(data); if (data === 'loop') for (;;); });",
      );
    });
    after(() => session.close());

    /**
     * @param {unknown} data
     * @returns {object} A message of the frontend's.
     */
    const message = (data) => {
      number += 1;
      return { number, cell: `m-${number}`, message: "msg", comm: "c", target: "", data, metadata: {}, buffers: [] };
    };

    test("hands on a message that comes again only once", async () => {
      const messages = [message(1), message(2)];
      const payload = await session.ask({ op: "comm", messages, wait: 10_000 });
      assert.deepEqual(
        payload.events.filter((event) => event.kind === "handled").map((event) => event.cell),
        ["m-1", "m-2"],
      );
      const again = await session.ask({ op: "comm", messages: [...messages, message(3)], wait: 10_000 });
      assert.deepEqual(again.events.map((event) => event.cell), ["m-3"]);
      assert.equal((await session.run("heard.join()")).text, "'1,2,3'");
    });

    test("answers within its wait although a callback does not return, and ends that at an interrupt", async () => {
      const looping = message("loop");
      const payload = await session.ask({ op: "comm", messages: [looping], wait: 50 });
      assert.ok(payload.events.every((event) => event.kind !== "handled"));
      await session.ask({ op: "interrupt", wait: 0 });
      const cell = `m-${number}`;
      await session.until(() => session.eventsOf(cell).some((event) => event.kind === "handled"));
      assert.match(session.eventsOf(cell).find((event) => event.kind === "stream")?.text, /KeyboardInterrupt/);
      assert.equal((await session.run("heard.length")).text, "4", "variables are kept");
    });

    test("says of messages whose runner has ended that they are done with", async () => {
      await session.ask({ op: "comm", messages: [message("loop")], wait: 50 });
      const cell = `m-${number}`;
      await session.ask({ op: "restart" });
      await session.until(() => session.eventsOf(cell).some((event) => event.kind === "handled"));
      assert.equal((await session.run("typeof heard")).text, "'undefined'");
    });

    test("begins to count anew for another kernel", async () => {
      session.client = "another";
      await session.hello({ fresh: false });
      number = 0;
      await session.ask({ op: "comm", messages: [message("x")], wait: 10_000 });
      await session.until(() => session.eventsOf("m-1").filter((event) => event.kind === "handled").length === 2);
    });
  });
}

describe("the state of widgets", () => {
  test("goes without its binary values, and gets them back", () => {
    const bytes = new Uint8Array([1, 2]);
    const state = { a: 1, b: bytes, c: { d: [new DataView(bytes.buffer), 5], e: bytes.buffer }, f: new Date(0), g: null };
    const { state: sent, paths, buffers } = separateBuffers(state);
    assert.equal(
      JSON.stringify(sent),
      '{"a":1,"c":{"d":[null,5]},"f":"1970-01-01T00:00:00.000Z","g":null}',
    );
    assert.deepEqual(paths, [["b"], ["c", "d", 0], ["c", "e"]]);
    assert.equal(state.b, bytes, "the state itself is left alone");
    const received = JSON.parse(JSON.stringify(sent));
    putBuffers(received, paths, buffers);
    assert.deepEqual([...received.c.d[0], ...received.b, ...received.c.e], [1, 2, 1, 2, 1, 2]);
  });

  for (const path of [["__proto__", "x"], ["constructor", "prototype", "x"], ["a", "__proto__", "x"], ["list", "push", "x"], ["toString", "x"], ["a", "b", "c"], ["s", "length", "x"], ["none", "x"]]) {
    test(`is not left by the path ${path.join(".")}`, () => {
      const state = JSON.parse('{"a": {"b": 1}, "list": [], "s": "text"}');
      assert.throws(() => putBuffers(state, [path], [new Uint8Array([1])]), /names the place \[.*dropped/);
      const { x, c } = /** @type {any} */ ({});
      assert.deepEqual([x, c, Object.keys(Object.prototype), Object.keys(Array.prototype.push)], [undefined, undefined, [], []]);
    });
  }

  for (const name of ["__proto__", "constructor", "toString"]) {
    test(`may have a name such as ${name}`, () => {
      const state = JSON.parse(`{"${name}": {"x": 1}}`);
      putBuffers(state, [[name, "bytes"], [name, "__proto__"]], [new Uint8Array([1]), new Uint8Array([2])]);
      const value = Object.getOwnPropertyDescriptor(state, name)?.value;
      assert.deepEqual(Object.keys(value), ["x", "bytes", "__proto__"]);
      putBuffers(state, [["__proto__"]], [new Uint8Array([3])]);
      assert.equal(Object.getPrototypeOf(state), Object.prototype);
      assert.deepEqual(Object.keys(Object.prototype), []);
    });
  }

  test("names the place where it holds itself", () => {
    /** @type {any} */
    const state = { list: [{}] };
    state.list[0].back = state.list;
    assert.throws(() => separateBuffers(state), /list\.0\.back/);
  });

  test("has modules of functions, however these were written", async () => {
    const parts = {
      render({ el = 1 }) {
        return `method ${el}`;
      },
      initialize: async () => "arrow",
      other: function named() {
        return "function";
      },
    };
    const text = moduleText(parts);
    const module = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    assert.equal(module.default.render({}), "method 1");
    assert.equal(await module.default.initialize(), "arrow");
    assert.equal(module.default.other(), "function");
  });

  test("is refused without a module", () => {
    for (const esm of [undefined, "", {}, { render: 1 }, 5]) {
      assert.throws(() => moduleText(/** @type {any} */ (esm)), /Jupyter\.widget takes/);
    }
  });
});
