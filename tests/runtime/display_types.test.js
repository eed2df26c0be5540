/**
 * The types that ship with the kernel: the compiler checks them here against their use,
 * and the tests against what is there.
 */
/// <reference path="../../acajs_kernel/runtime/acajs.d.ts" />
/* global Jupyter, display, $$ */
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { test } = require("node:test");

const ts = require("typescript");

const { Comms } = require("../../acajs_kernel/runtime/runner/comms.js");
const { createNamespace } = require("../../acajs_kernel/runtime/runner/globals.js");
const { IJavascript } = require("../../acajs_kernel/runtime/runner/ijavascript.js");
const { Displays } = require("../../acajs_kernel/runtime/runner/displays.js");
const { Progress } = require("../../acajs_kernel/runtime/runner/progress.js");

const TYPES = path.join(__dirname, "..", "..", "acajs_kernel", "runtime", "acajs.d.ts");

const output = /** @type {any} */ ({ cell: "c", send() {} });

/**
 * @param {string} name An interface of the types.
 * @returns {string[]} Its members that are no symbols, sorted.
 */
function membersOf(name) {
  const program = ts.createProgram([TYPES], { types: [] });
  const file = /** @type {import("typescript").SourceFile} */ (program.getSourceFile(TYPES));
  const declaration = file.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  const { members } = /** @type {import("typescript").InterfaceDeclaration} */ (declaration);
  const names = members.map((member) => member.name?.getText(file)).filter((text) => text !== undefined);
  return [...new Set(/** @type {string[]} */ (names))].sort();
}

/** Never run: the compiler checks it. */
async function use() {
  const handle = display(Jupyter.html`<b>${1}</b>`, { display_id: "d", metadata: {} });
  handle.update(Jupyter.md("text"));
  handle.close();
  for (const text of Jupyter.progress(["a", "b"], { label: "l" })) {
    text.toUpperCase();
  }
  for await (const number of Jupyter.progress(5)) {
    number.toFixed();
  }
  Jupyter.inspectOptions.depth = 5;
  Jupyter.clear({ wait: true });
  await Jupyter.broadcast("type", { a: 1 });
  display(Jupyter.table([{ a: 1 }], { columns: ["a"] }));
  display(Jupyter.image(Buffer.alloc(0), { width: 5 }));
  const comm = Jupyter.comm("target", { data: { a: 1 }, buffers: [new Uint8Array(1)] });
  comm.onMessage(({ buffers }) => comm.send({ size: buffers[0]?.length }));
  const widget = Jupyter.widget({ esm: { render() {} }, state: { value: 1 } });
  widget.on("change:value", (model, value) => model.set("value", value));
  display({ [Jupyter.$display]: () => ({ "text/html": "h" }) });
  const mine = $$;
  mine.async();
  mine.png(Buffer.alloc(0));
  // @ts-expect-error A display has no such option.
  display(1, { other: 1 });
}

test("every member of the namespace has a type, and none is missing", () => {
  const namespace = createNamespace(output, new Displays(output, () => ({})), {}, new Comms(output, () => undefined));
  assert.deepEqual(Object.keys(namespace).sort(), membersOf("JupyterNamespace"));
});

test("the members of handles, progress and `$$` are those of their types", () => {
  const handle = new Displays(output, () => ({})).display(1);
  assert.deepEqual(Object.keys(handle).sort(), membersOf("JupyterDisplayHandle"));
  const progress = new Progress(1, {}, () => handle);
  assert.deepEqual(membersOf("JupyterProgress").filter((name) => !(name in progress)), []);
  const ijavascript = new IJavascript({ output, settings: {}, describe: /** @type {any} */ (use), input: /** @type {any} */ (use) });
  const cell = ijavascript.globals().$$?.get?.();
  assert.deepEqual(Object.getOwnPropertyNames(cell).sort(), membersOf("JupyterCell"));
  assert.deepEqual(Object.keys(cell.display()).sort(), membersOf("JupyterCellDisplay"));
});
