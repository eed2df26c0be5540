/**
 * Where errors are said to be: in the user's own files and cells, never in the runtime.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** @type {Record<string, string>} */
const FILES = {
  "b.js": "var ok = 1;\nvar a = = 5\n",
  "nested.js": "module.exports = require('./b.js');\n",
  "b.mjs": "export const ok = '😀';\nvar a = = 5\n",
  "nested.mjs": "import fs from 'node:fs';\n\nimport './deep/er.mjs';\n",
  "deep/er.mjs": "export * from '../b.mjs';\n",
  "missing.mjs": "import { nope } from './good.mjs';\n",
  "good.mjs": "globalThis.goodRuns = (globalThis.goodRuns ?? 0) + 1;\nexport const yes = 1;\n",
  "both.mjs": "import './good.mjs';\nimport './b.mjs';\n",
  "throws.js": "\nmodule.exports = () => null.x;\n",
};

const WORKER = "new (require('worker_threads').Worker)('function inner() { throw new Error(\"in worker\") }\\ninner()', { eval: true })";

describe("errors in files", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
    for (const [name, text] of Object.entries(FILES)) {
      fs.mkdirSync(path.dirname(path.join(session.folder, name)), { recursive: true });
      fs.writeFileSync(path.join(session.folder, name), text);
    }
  });
  after(() => session.close());

  /** Code, and the lines that name the place. @type {[string, string, string, string][]} */
  const syntax = [
    ["require('./b.js')", "b.js:2", "var a = = 5", "        ^"],
    ["require('./nested.js')", "b.js:2", "var a = = 5", "        ^"],
    ["await __acajs_import__('./b.mjs')", "b.mjs:2", "var a = = 5", "        ^"],
    ["await __acajs_import__('./nested.mjs')", "b.mjs:2", "var a = = 5", "        ^"],
    ["await __acajs_import__('./missing.mjs')", "missing.mjs:1", "import { nope } from './good.mjs';", "         ^^^^"],
    ["new (require('vm').Script)('\\n var a = = 5', { filename: 'own.js' })", "own.js:2", " var a = = 5", "         ^"],
    ["try { require('./b.js') } catch (error) { await null; throw error }", "b.js:2", "var a = = 5", "        ^"],
    ["require('vm').runInThisContext('var a = = 5')", "evalmachine.<anonymous>:1", "var a = = 5", "        ^"],
  ];
  for (const [code, place, line, carets] of syntax) {
    test(`name the file, the line and the column: ${code}`, async () => {
      const { error } = await session.run(code);
      assert.equal(error?.ename, "SyntaxError");
      const [, shownPlace, ...rest] = error?.traceback ?? [];
      assert.ok(shownPlace.endsWith(place), shownPlace);
      assert.deepEqual(rest.slice(0, 2), [line, carets]);
      assert.doesNotMatch(error?.traceback.join("\n"), /node:|acajs:/);
    });
  }

  test("are searched for without running anything", async () => {
    await session.run("await __acajs_import__('./both.mjs')");
    assert.equal((await session.run("globalThis.goodRuns")).text, undefined);
  });

  test("of a cell's own stay in the cell", async () => {
    for (const [code, caret] of [["let = = 5", 6], ["let x1 = 1; let x1 = 2", 16], ["JSON.parse('{')", 5], ["eval('a = = 5')", 0]]) {
      const { error } = await session.run(String(code));
      assert.match(error?.traceback[1], /^In\[\d+\]:1$/);
      assert.equal(error?.traceback[3].indexOf("^"), caret);
    }
  });

  test("name the file of a cause, and of what nobody caught", async () => {
    const { error } = await session.run(
      "let cause; try { require('./b.js') } catch (error) { cause = error }; throw new Error('outer', { cause })",
    );
    assert.match(error?.traceback.join("\n"), /\[cause\] SyntaxError: .*\n {2}\S*b\.js:2\n {2}var a = = 5\n {10}\^/);
    const { cell } = await session.start("setTimeout(() => require('./b.js'), 1)");
    await session.until(() => session.eventsOf(cell).some((event) => /b\.js:2\nvar a = = 5\n {8}\^/.test(event.text)));
  });

  test("name the frames of a worker's code", async () => {
    const { error } = await session.run(`await new Promise((_, reject) => { ${WORKER}.on('error', reject) })`);
    assert.deepEqual(error?.traceback, [
      "Error: in worker",
      "[worker eval]:1",
      'function inner() { throw new Error("in worker") }',
      "                   ^",
      "    at inner ([worker eval]:1:26)",
      "    at [worker eval]:2:1",
    ]);
  });
});

describe("stacks", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
  });
  after(() => session.close());

  const shown = [
    "console.trace('here')",
    "console.error(new Error('here'))",
    "console.log(new Error('here').stack)",
    "console.log({ error: new Error('here') }, [new TypeError('here')])",
    "process.stdout.write(new Error('here').stack)",
    "const own = {}; Error.captureStackTrace(own); console.log('here', own.stack)",
    "await null; console.trace('here')",
    "setTimeout(() => console.trace('here'), 1); await new Promise((done) => setTimeout(done, 20))",
    "queueMicrotask(() => console.trace('here')); await null",
    "process.nextTick(() => console.trace('here')); await new Promise(setImmediate)",
    "display({ [Symbol.for('Jupyter.display')]() { console.trace('here'); return { 'text/plain': 'x' } } })",
    "({ [Symbol.for('Jupyter.display')]() { console.trace('here'); return { 'text/plain': 'x' } } })",
    "console.error(require('vm').runInNewContext('new Error(\"here\")'))",
    "require('events').once(process, 'x').then(() => console.trace('here')); process.emit('x'); await null; await null",
  ];
  for (const code of shown) {
    test(`show the user's frames, and none of the runtime: ${code}`, async () => {
      const { stdout, stderr } = await session.run(code);
      assert.match(stdout + stderr, /here/);
      assert.match(stdout + stderr, / at .*(?:In\[\d+\]|evalmachine)/);
      assert.doesNotMatch(stdout + stderr, /acajs:|node:inspector/);
    });
  }

  test("are those of Node otherwise, codes of its errors included", async () => {
    const { text } = await session.run("let stack; try { Buffer.alloc('x') } catch (error) { stack = error.stack.split('\\n') }; [stack[0].slice(0, 34), stack.length]");
    assert.equal(text, "[ 'TypeError [ERR_INVALID_ARG_TYPE]: ', 3 ]");
    assert.equal((await session.run("new Error('x')")).text, "Error: x\n    at In[16]:1:1");
  });

  test("are the user's to prepare", async () => {
    const { text } = await session.run(
      "const former = Error.prepareStackTrace; Error.prepareStackTrace = (_, frames) => frames[0].getLineNumber();\n" +
        "const line = new Error('x').stack; Error.prepareStackTrace = former; line",
    );
    assert.equal(text, "2");
  });
});
