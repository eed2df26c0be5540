/**
 * Modules whose file has changed are loaded anew, and imports that fail name their line.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** A step: files to write (null removes one), a cell, and what it shows. */
/** @typedef {[files: Record<string, string | null>, cell: string, shown: string | undefined]} Step */

const IMPORT = "__acajs_import__";

/** @type {Record<string, Step[]>} */
const STORIES = {
  "a required file": [
    [{ "a.js": "exports.x = 1" }, "require('./a').x", "1"],
    [{ "a.js": "exports.x = 20" }, "require('./a').x", "20"],
  ],
  "one of the same size": [
    [{ "a.js": "exports.x = 1" }, "require('./a').x", "1"],
    [{ "a.js": "exports.x = 2" }, "require('./a').x", "2"],
  ],
  "required JSON": [
    [{ "a.json": "[1]" }, "require('./a.json')[0]", "1"],
    [{ "a.json": "[2]" }, "require('./a.json')[0]", "2"],
  ],
  "what a required file requires": [
    [{ "a.js": "exports.x = require('./b').x", "b.js": "exports.x = 1" }, "require('./a').x", "1"],
    [{ "b.js": "exports.x = 2" }, "require('./a').x", "2"],
    [{ "b.js": "exports.x = 3" }, "require('./a').x", "3"],
  ],
  "what is required late": [
    [{ "a.js": "exports.f = () => require('./b').x", "b.js": "exports.x = 1" }, "const { f } = require('./a'); f()", "1"],
    [{ "b.js": "exports.x = 2" }, "f()", "2"],
  ],
  "a file that the same cell has written": [
    [{}, "const fs = require('fs'); fs.writeFileSync('w.js', 'exports.x = 1'); require('./w').x", "1"],
    [{}, "fs.writeFileSync('w.js', 'exports.x = 2'); require('./w').x", "2"],
  ],
  "a required file that had failed": [
    [{ "a.js": "throw new Error('no')" }, "try { require('./a') } catch (e) { e.message }", "'no'"],
    [{ "a.js": "exports.x = 2" }, "require('./a').x", "2"],
  ],
  "not what has not changed": [
    [{ "a.js": "exports.x = require('./b')", "b.js": "", "c.js": "exports.n = {}" }, "const before = require('./c').n; require('./a'); 1", "1"],
    [{ "b.js": "exports.y = 1" }, "[require('./c').n === before, require('./a').x.y].join()", "'true,1'"],
  ],
  "a cycle": [
    [{ "a.js": "exports.b = require('./b'); exports.x = 1", "b.js": "exports.a = require('./a')" }, "require('./a').x", "1"],
    [{ "b.js": "exports.a = require('./a'); exports.y = 2" }, "require('./a').b.y", "2"],
  ],
  "an imported module": [
    [{ "a.mjs": "export const x = 1" }, `(await ${IMPORT}('./a.mjs')).x`, "1"],
    [{ "a.mjs": "export const x = 2" }, `(await ${IMPORT}('./a.mjs')).x`, "2"],
    [{}, `(await ${IMPORT}('./a.mjs')) === (await ${IMPORT}('./a.mjs'))`, "true"],
  ],
  "what an imported module imports, statically and not": [
    [
      { "a.mjs": "import { x } from './b.mjs'; export { x }; export const f = () => import('./c.mjs')", "b.mjs": "export * from './d.mjs'", "c.mjs": "export const y = 1", "d.mjs": "export const x = 1" },
      `let m = await ${IMPORT}('./a.mjs'); [m.x, (await m.f()).y].join()`,
      "'1,1'",
    ],
    [{ "d.mjs": "export const x = 2" }, `m = await ${IMPORT}('./a.mjs'); [m.x, (await m.f()).y].join()`, "'2,1'"],
    [{ "c.mjs": "export const y = 3" }, `m = await ${IMPORT}('./a.mjs'); [m.x, (await m.f()).y].join()`, "'2,3'"],
  ],
  "not an imported module that has not changed": [
    [
      { "a.mjs": "import './b.mjs'; export const x = {}", "b.mjs": "", "c.mjs": "import './d.mjs'; export const y = {}", "d.mjs": "" },
      `const one = await ${IMPORT}('./a.mjs'), other = await ${IMPORT}('./c.mjs'); 1`,
      "1",
    ],
    [{ "b.mjs": "1" }, `[one.x === (await ${IMPORT}('./a.mjs')).x, other.y === (await ${IMPORT}('./c.mjs')).y].join()`, "'false,true'"],
  ],
  "a CommonJS module that is imported": [
    [{ "a.cjs": "exports.x = require('./b.cjs')", "b.cjs": "module.exports = 1" }, `(await ${IMPORT}('./a.cjs')).default.x`, "1"],
    [{ "b.cjs": "module.exports = 2" }, `(await ${IMPORT}('./a.cjs')).default.x`, "2"],
    [{}, "require('./a.cjs').x", "2"],
  ],
  "an imported module that had failed": [
    [{ "a.mjs": "throw new Error('no')" }, `try { await ${IMPORT}('./a.mjs') } catch (e) { e.message }`, "'no'"],
    [{ "a.mjs": "export const x = ;" }, `try { await ${IMPORT}('./a.mjs') } catch (e) { e.name }`, "'SyntaxError'"],
    [{ "a.mjs": "import './b.mjs'; export const x = 3" }, `try { await ${IMPORT}('./a.mjs') } catch (e) { e.code }`, "'ERR_MODULE_NOT_FOUND'"],
    [{ "b.mjs": "" }, `(await ${IMPORT}('./a.mjs')).x`, "3"],
  ],
  "a name with signs that URLs escape": [
    [{ "ü b#c%20.mjs": "export const x = 1" }, `(await ${IMPORT}('./ü b%23c%2520.mjs')).x`, "1"],
    [{ "ü b#c%20.mjs": "export const x = 2" }, `(await ${IMPORT}('./ü b%23c%2520.mjs')).x`, "2"],
  ],
  "not what lies in node_modules": [
    [{ "node_modules/p/index.js": "exports.x = 1" }, "require('p').x", "1"],
    [{ "node_modules/p/index.js": "exports.x = 2" }, "require('p').x", "1"],
  ],
  "not where that is turned off": [
    [{ "a.js": "exports.x = 1", "b.mjs": "export const x = 1" }, `__acajs_reload__(false); [require('./a').x, (await ${IMPORT}('./b.mjs')).x].join()`, "'1,1'"],
    [{ "a.js": "exports.x = 2", "b.mjs": "export const x = 2" }, `[require('./a').x, (await ${IMPORT}('./b.mjs')).x].join()`, "'1,1'"],
    [{}, "__acajs_reload__(true)", "true"],
  ],
};

/** Errors of imports: files, the cell, and lines that its traceback has. */
const FAILURES = /** @type {[string, Record<string, string>, string, string[]][]} */ ([
  ["a module that is not there", {}, `let ok = 1;\nawait ${IMPORT}("./none.mjs")`, ["LABEL:2", `await ${IMPORT}("./none.mjs")`]],
  ["a package that is not there", {}, `\n\nawait ${IMPORT}("none")`, ["LABEL:3"]],
  ["a module that throws", { "t.mjs": "\nthrow new Error('from t')" }, `\nawait ${IMPORT}("./t.mjs")`, ["LABEL:2", "    at LABEL:2:7"]],
  ["in a function", {}, `async function inner() {\n  return ${IMPORT}("./none.mjs");\n}\nawait inner()`, ["LABEL:2"]],
  ["with a syntax error", { "s.mjs": "let = ;" }, `await ${IMPORT}("./s.mjs")`, ["    at LABEL:1:7"]],
]);

for (const kind of KINDS) {
  describe(`modules in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
    });
    after(() => session.close());

    /** @param {Record<string, string | null>} files */
    const write = (files) => {
      for (const [name, text] of Object.entries(files)) {
        const file = path.join(session.folder, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        if (text === null) {
          fs.rmSync(file);
        } else {
          fs.writeFileSync(file, text);
        }
      }
    };

    for (const [name, steps] of Object.entries(STORIES)) {
      test(`loads anew ${name}`, async () => {
        for (const entry of fs.readdirSync(session.folder)) {
          fs.rmSync(path.join(session.folder, entry), { recursive: true });
        }
        for (const [files, cell, shown] of steps) {
          write(files);
          const result = await session.run(cell);
          assert.equal(result.error, undefined, JSON.stringify(result.error));
          assert.equal(result.text, shown, cell);
        }
      });
    }

    for (const [name, files, cell, lines] of FAILURES) {
      test(`names the line of an import that fails: ${name}`, async () => {
        write(files);
        const { error, done } = await session.run(cell);
        assert.ok(error !== undefined);
        const label = `In[${done.cell.replace("cell-", "")}]`;
        for (const line of lines) {
          assert.ok(error.traceback.includes(line.replace("LABEL", label)), error.traceback.join("\n"));
        }
      });
    }

    test("names modules that were loaded anew as they are called", async () => {
      write({ "n.mjs": "export const f = () => 1" });
      await session.run(`await ${IMPORT}("./n.mjs")`);
      write({ "n.mjs": "export const f = () => { throw new Error('late') }" });
      const { error } = await session.run(`(await ${IMPORT}("./n.mjs")).f()`);
      assert.ok(error !== undefined);
      assert.match(error.traceback.join("\n"), /n\.mjs:1:\d+/);
      assert.doesNotMatch(error.traceback.join("\n"), /acajs=/);
    });
  });
}
