/**
 * Completion, inspection and imports.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

for (const kind of KINDS) {
  describe(`questions in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
      await session.run(
        "let hits = 0; const thing = { alpha: 1, get beta() { hits += 1; return { deep: 1 } }, gamma() {}, 'not a name': 1, _own: 2, list: [{ inner: 5 }] }; " +
          "class Shape { static make() {} area(unit) { return unit } get size() { hits += 1 } } class Point { constructor(x) { this.x = x } } const square = (() => { class Square extends Shape { constructor(side) { super(); this.side = side } } return new Square(3) })();",
      );
      await session.run("/** Adds two numbers. */\nfunction add(a, b = [1, { c: 2 }]) { return a + b }\n// Says so.\nconst arrow = async (x) => x;");
      await session.run(
        "const spy = new Proxy({ secret: 1 }, Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, (...all) => { hits += 1; return Reflect[trap](...all) }])));" +
          "const tagged = { get [Symbol.toStringTag]() { hits += 1; return 'T' }, [Symbol.for('nodejs.util.inspect.custom')]() { hits += 1 } };",
      );
      const folder = path.join(session.folder, "node_modules", "pkg");
      fs.mkdirSync(folder, { recursive: true });
      fs.mkdirSync(path.join(session.folder, "node_modules", "@scope", "inner"), { recursive: true });
      fs.mkdirSync(path.join(session.folder, "data"));
      fs.writeFileSync(path.join(session.folder, "data.csv"), "a");
      fs.writeFileSync(path.join(folder, "package.json"), '{"name": "pkg", "exports": {".": {"import": "./m.mjs"}, "./extra": "./m.mjs"}}');
      fs.writeFileSync(path.join(folder, "m.mjs"), "export const first = 1, x = 2;\nexport default 1;\nexport function second() {}\nconst a = 1;\nexport { a as third };\nglobalThis.ran = true;");
    });
    after(() => session.close());

    /**
     * @param {string} completed `name`, `member`, `key`, …
     * @param {string} prefix
     * @param {...(string | {expression: string, module?: string})} targets
     * @returns {Promise<Record<string, string>>} The types by the names.
     */
    async function complete(completed, prefix, ...targets) {
      const { matches } = await session.ask({
        op: "complete",
        kind: completed,
        prefix,
        targets: targets.map((target) => (typeof target === "string" ? { expression: target } : target)),
      });
      return Object.fromEntries(matches.map((/** @type {{text: string, type: string}} */ match) => [match.text, match.type]));
    }

    /**
     * @param {string} expression
     * @param {object} [fields]
     * @returns {Promise<any>}
     */
    async function inspect(expression, fields = {}) {
      return (await session.ask({ op: "inspect", targets: [{ expression }], ...fields })).found;
    }

    test("completes properties, the object's own first", async () => {
      const types = await complete("member", "", "thing");
      assert.deepEqual(Object.keys(types).slice(0, 4), ["alpha", "beta", "gamma", "list"]);
      assert.ok("hasOwnProperty" in types && !("not a name" in types) && !("_own" in types));
      assert.equal(types.gamma, "function");
      assert.deepEqual(await complete("member", "_o", "thing"), { _own: "property" });
    });

    test("completes along properties, indices and calls without effects", async () => {
      assert.deepEqual(await complete("member", "in", "thing.list[0]"), { inner: "property" });
      assert.deepEqual(await complete("member", "fla", 'thing?.["list"].map((x) => [x])'), { flat: "function", flatMap: "function" });
      assert.deepEqual(await complete("member", "si", "square"), { side: "property", size: "property" });
      assert.deepEqual(await complete("member", "x", "new Point(4)"), { x: "property" });
      assert.ok("padStart" in (await complete("member", "pad", '"text"')));
    });

    test("completes keys between quotation marks", async () => {
      assert.deepEqual(Object.keys(await complete("key", "", "thing")), ["_own", "alpha", "beta", "gamma", "list", "not a name"].filter((name) => name !== "_own"));
      assert.deepEqual(await complete("key", "not", "thing"), { "not a name": "property" });
    });

    test("completes variables of cells and globals, with their types", async () => {
      assert.deepEqual(await complete("name", "thi"), { thing: "variable" });
      assert.deepEqual(await complete("name", "Sh"), { Shape: "class", SharedArrayBuffer: "function" });
      assert.deepEqual(await complete("name", "ad"), { add: "function" });
      assert.ok("console" in (await complete("name", "cons")));
    });

    test("takes the first target that has a value", async () => {
      assert.deepEqual(await complete("member", "al", "nowhere", "thing", "spy"), { alpha: "property" });
      const module = { expression: "__acajs_module__.promises", module: "node:fs" };
      assert.deepEqual(await complete("member", "readF", module), { readFile: "function" });
      assert.equal((await session.run("typeof __acajs_module__")).text, "'undefined'");
    });

    test("completes modules, their subpaths and exports, without running packages", async () => {
      assert.deepEqual(Object.keys(await complete("module", "node:f")), ["node:fs", "node:fs/promises"]);
      assert.deepEqual(Object.keys(await complete("module", "pk")), ["pkg"]);
      assert.deepEqual(Object.keys(await complete("module", "pkg/")), ["pkg/extra"]);
      assert.deepEqual(Object.keys(await complete("module", "@s")), ["@scope/"]);
      assert.deepEqual(Object.keys(await complete("module", "@scope/")), ["@scope/inner"]);
      assert.deepEqual(Object.keys(await complete("module", "./da")), ["./data/", "./data.csv"]);
      const exported = await complete("export", "", { expression: "", module: "pkg" });
      assert.deepEqual(Object.keys(exported), ["default", "first", "second", "third"]);
      const builtin = await complete("export", "readFileS", { expression: "", module: "fs" });
      assert.deepEqual(builtin, { readFileSync: "function" });
      assert.equal((await session.run("typeof ran")).text, "'undefined'");
    });

    test("completes files of the session's folder", async () => {
      assert.deepEqual(await complete("file", "da"), { "data/": "folder", "data.csv": "file" });
      assert.deepEqual(await complete("file", "nowhere/x"), {});
    });

    test("completes nothing where code would have an effect", async () => {
      assert.deepEqual(await complete("member", "", "hits++"), {});
      assert.deepEqual(await complete("member", "", "process.exit()"), {});
      assert.deepEqual(await complete("member", "", "for(;;);"), {});
      assert.deepEqual(await complete("member", "", "(() => { for (;;); })()"), {});
    });

    test("describes functions: signature, comment, place, source", async () => {
      const found = await inspect("add");
      assert.equal(found.kind, "function");
      assert.equal(found.signature, "function add(a, b = [1, { c: 2 }])");
      assert.equal(found.comment, "/** Adds two numbers. */");
      assert.equal(found.place, "In[2]:2");
      assert.match(found.source, /return a \+ b/);
      const arrow = await inspect("arrow");
      assert.deepEqual([arrow.signature, arrow.comment.trim(), arrow.place], ["async (x)", "// Says so.", "In[2]:4"]);
    });

    test("describes classes with their members", async () => {
      const found = await inspect("Shape");
      assert.deepEqual([found.kind, found.members], ["class", [["area", "size"], ["make"]]]);
      assert.equal((await inspect("square.constructor")).signature, "constructor(side)");
    });

    test("describes values with type, size and preview", async () => {
      const found = await inspect("thing");
      assert.deepEqual([found.type, found.size], ["Object", "6 properties"]);
      assert.match(found.preview, /^\{ alpha: 1, beta: \[Getter\], gamma: \[function gamma\], "not a name": 1/);
      for (const [expression, type, size, preview] of /** @type {[string, string, string, string][]} */ ([
        ["[1, 'a', [2]]", "Array", "3 items", '[1, "a", [2]]'],
        ["new Map([[1, { a: 2 }]])", "Map", "1 item", "Map { 1 => { a: 2 } }"],
        ["new Set(['a', 'b'])", "Set", "2 items", 'Set { "a", "b" }'],
        ["new Date(0)", "Date", "", "1970-01-01T00:00:00.000Z"],
        ["/a+/", "RegExp", "", "/a+/"],
        ["new Uint8Array(2)", "Uint8Array", "2 bytes", "Uint8Array [0, 0]"],
        ["square", "Square", "1 property", "Square { side: 3 }"],
        ["Object.create(null)", "Object", "0 properties", "{}"],
        ["null", "null", "", "null"],
        ["12n", "bigint", "", "12n"],
        ["-0", "number", "", "-0"],
        ["'text'", "string", "4 characters", '"text"'],
        ["Symbol.iterator", "symbol", "", "Symbol(Symbol.iterator)"],
      ])) {
        const { kind: what, ...facts } = await inspect(expression);
        assert.deepEqual([what, facts.type, facts.size, facts.preview], ["value", type, size, preview], expression);
      }
      await session.run("const many = Array.from({ length: 1000 }, (_, index) => ({ index }))");
      const large = await inspect("many");
      assert.ok(large.preview.length < 1000);
    });

    test("names builtins by the path that leads to them", async () => {
      await session.run("var required = require('node:fs').readFileSync; const emitter = new (require('events'))();");
      for (const [expression, builtin] of [
        ["[].map", "Array.prototype.map"],
        ["new Uint8Array().map", "TypedArray.prototype.map"],
        ["Math.max", "Math.max"],
        ["Math", "Math"],
        ["'x'.padStart", "String.prototype.padStart"],
        ["console.log", "console.log"],
        ["JSON.stringify", "JSON.stringify"],
        ["required", "node:fs.readFileSync"],
        ["emitter.on", "node:events.prototype.on"],
        ["setTimeout", "setTimeout"],
        ["Map", "Map"],
        ["add", undefined],
      ]) {
        assert.equal((await inspect(/** @type {string} */ (expression))).builtin, builtin, expression);
      }
      assert.equal((await inspect("new Map()")).owner, "Map");
    });

    test("finds nothing where there is nothing", async () => {
      assert.deepEqual(await inspect("nowhere"), {});
      assert.deepEqual(await inspect("hits = 100"), {});
    });

    test("runs no getter, no trap and no function of the user's that has an effect", async () => {
      await session.run("hits = 0");
      for (const expression of ["thing.beta", "spy", "spy.secret", "tagged", "[tagged, spy, thing]", "new Shape().size", "thing"]) {
        await complete("member", "", expression);
        await complete("key", "", expression);
        await inspect(expression, { detail: 1 });
      }
      assert.equal((await session.run("hits")).text, "0");
    });

    test("refuses while a cell keeps the runtime busy", async () => {
      const { cell } = await session.start("for (;;);");
      const answer = await session.ask({ op: "complete", kind: "name", prefix: "thi" });
      assert.equal(answer.refused, "busy");
      await session.ask({ op: "interrupt", cell, wait: 2000 });
      await session.finish(cell);
      assert.deepEqual(await complete("name", "thin"), { thing: "variable" });
    });

    test("lists the variables as a table", async () => {
      await session.run("globalThis.__ignored = 1; var plainVariable = '<b>'; let text = 'x'.repeat(5000)");
      const { results } = await session.run("Jupyter.who()");
      const html = results[0]?.data["text/html"];
      assert.match(html, /^<table>/);
      assert.match(html, />plainVariable<\/td><td[^>]*>string<\/td><td[^>]*>3 characters<\/td><td[^>]*>&#34;&#60;b&#62;&#34;</);
      assert.match(html, />thing<\/td><td[^>]*>Object</);
      assert.ok(!html.includes(">require<") && html.length < 10_000);
      await session.run("let text = 1");
      assert.deepEqual(await complete("name", "tex"), { text: "variable" });
      const again = (await session.run("Jupyter.who()")).results[0]?.data["text/html"];
      assert.equal(again.match(/>text<\/td>/g).length, 1);
      await session.run("hits = 0");
      await session.run("Jupyter.who()");
      assert.equal((await session.run("hits")).text, "0");
    });
  });

  describe(`imports in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    before(async () => {
      session = await AgentSession.open(kind);
      const write = (/** @type {string} */ name, /** @type {string} */ text) => {
        const file = path.join(session.folder, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, text);
      };
      write("own.mjs", "export default 'own'; export const named = import.meta.url;");
      write("own.cjs", "exports.common = 'common';");
      write("data.json", '{"a": 1}');
      write("node_modules/dual/package.json", '{"name": "dual", "exports": {"import": "./i.mjs", "require": "./r.cjs"}}');
      write("node_modules/dual/i.mjs", "export default 'imported'");
      write("node_modules/dual/r.cjs", "module.exports = 'required'");
      write("node_modules/modern/package.json", '{"name": "modern", "exports": {".": {"import": "./i.mjs"}, "./sub": {"import": "./sub.mjs"}}}');
      write("node_modules/modern/i.mjs", "export default 'modern'");
      write("node_modules/modern/sub.mjs", "export default 'sub'");
    });
    after(() => session.close());

    for (const [claim, code, expected] of /** @type {[string, string, string][]} */ ([
      ["a builtin", "(await __acajs_import__('node:path')).posix.join('a', 'b')", "'a/b'"],
      ["a builtin without its scheme", "(await __acajs_import__('path')).posix.join('a', 'b')", "'a/b'"],
      ["a file of the folder", "(await __acajs_import__('./own.mjs')).default", "'own'"],
      ["a CommonJS file", "(await __acajs_import__('./own.cjs')).common", "'common'"],
      ["JSON", "(await __acajs_import__('./data.json', { with: { type: 'json' } })).default.a", "1"],
      ["a package by its import condition", "(await __acajs_import__('dual')).default", "'imported'"],
      ["an absolute path", "(await __acajs_import__(__dirname + '/own.mjs')).default", "'own'"],
      ["a file URL", "(await __acajs_import__(new URL('own.mjs', __acajs_meta__.url).href)).default", "'own'"],
      ["a data URL", "(await __acajs_import__('data:text/javascript,export default 3')).default", "3"],
    ])) {
      test(`imports ${claim}`, async () => {
        const { text, error } = await session.run(code);
        assert.equal(text, expected, error?.evalue);
      });
    }

    test("requires packages and files from the session's folder", async () => {
      const { text } = await session.run("[require('dual'), require('./own.cjs').common, typeof module, typeof exports]");
      assert.equal(text, "[ 'required', 'common', 'object', 'object' ]");
    });

    test("tells of a module that is missing", async () => {
      const { error } = await session.run("await __acajs_import__('./missing.mjs')");
      assert.equal(error?.ename, "Error");
      assert.match(error?.evalue, /Cannot find module/);
    });

    for (const [specifier, expected] of /** @type {[string, RegExp][]} */ ([
      ["dual", /\/node_modules\/dual\/i\.mjs$/],
      ["modern", /\/node_modules\/modern\/i\.mjs$/],
      ["modern/sub", /\/node_modules\/modern\/sub\.mjs$/],
      ["fs", /^node:fs$/],
      ["node:fs/promises", /^node:fs\/promises$/],
      ["./own.mjs", /^file:.*\/own\.mjs$/],
      ["../up.mjs?a#b", /^file:.*\/up\.mjs\?a#b$/],
      ["/rooted/x.mjs", /^file:.*\/rooted\/x\.mjs$/],
      ["https://example.com/x.js", /^https:\/\/example\.com\/x\.js$/],
      ["data:text/javascript,1", /^data:text\/javascript,1$/],
    ])) {
      test(`resolves ${specifier} as import does`, async () => {
        const { text, error } = await session.run(`__acajs_meta__.resolve(${JSON.stringify(specifier)})`);
        assert.match((text ?? "").slice(1, -1), expected, error?.evalue);
      });
    }

    for (const specifier of ["missing", "modern/none", "@none/x"]) {
      test(`does not resolve ${specifier}`, async () => {
        const { error } = await session.run(`__acajs_meta__.resolve("${specifier}")`);
        assert.match(error?.traceback.join("\n"), /ERR_(MODULE_NOT_FOUND|PACKAGE_PATH_NOT_EXPORTED)/);
      });
    }

    for (const [claim, code] of [
      ["new Function", "await new Function('name', 'return import(name)')('./own.mjs')"],
      ["Function", "await Function('return import(\"./own.mjs\")')()"],
      ["the constructor of a function", "await (() => {}).constructor('return import(\"./own.mjs\")')()"],
      ["a class of functions", "await new (class Own extends Function {})('return import(\"./own.mjs\")')()"],
      ["an async function", "await new (async () => {}).constructor('return await import(\"./own.mjs\")')()"],
      ["a generator", "await [...new (function* () {}).constructor('yield import(\"./own.mjs\")')()][0]"],
      ["an async generator", "(await new (async function* () {}).constructor('yield await import(\"./own.mjs\")')().next()).value"],
    ]) {
      test(`imports in ${claim} of a text`, async () => {
        const { text, error } = await session.run(`(${code}).default`);
        assert.equal(text, "'own'", error?.traceback.join("\n"));
      });
    }

    test("leaves functions as they are", async () => {
      const { text, error } = await session.run(
        "const made = new Function('a', 'b', 'return a + b'); class Sub extends Function {}; const sub = new Sub('return 1');" +
          "[made(1, 2), made.name, made.length, made instanceof Function, (() => {}) instanceof Function, (() => {}).constructor === Function," +
          " Function.name, Function.length, Function.prototype === Object.getPrototypeOf(() => {}), sub instanceof Sub, sub()," +
          " Object.getPrototypeOf((async () => {}).constructor) === Function, String(Function).includes('[native code]'), new Function().constructor === Function," +
          " Reflect.construct(Function, ['return 2'], Sub) instanceof Sub, String(made) === 'function anonymous(a,b\\n) {\\nreturn a + b\\n}'].join()",
      );
      assert.equal(text, "'3,anonymous,2,true,true,true,Function,1,true,true,1,true,true,true,true,true'", error?.traceback.join("\n"));
    });

    for (const code of ["await eval('import(\"fs\")')", "await (0, eval)('import(\"fs\")')", "await (() => { const local = 'fs'; return eval('import(local)') })()"]) {
      test(`says what to write instead of ${code}`, async () => {
        const { error } = await session.run(code);
        assert.match(error?.traceback.join("\n"), /eval has no import\(\)\. Write it in the cell itself, or: new Function/);
      });
    }

    test("gives import.meta the session's folder", async () => {
      const { text } = await session.run(
        "[__acajs_meta__.dirname === __dirname, __acajs_meta__.url.endsWith('/notebook.mjs'), __acajs_meta__.resolve('fs'), __acajs_meta__.resolve('./x').endsWith('/x')]",
      );
      assert.equal(text, "[ true, true, 'node:fs', true ]");
    });
  });
}

describe("questions about huge values", () => {
  const [KIND] = /** @type {[import("./agent_session.js").Kind]} */ (KINDS);
  /** Milliseconds; to list a million names takes one second, ten million indices ten seconds. */
  const BOUND = 5000;
  const values = /** @type {const} */ ([
    ["an array", "new Array(1e7).fill(0)", "fi", ["fill", "filter", "find", "findIndex", "findLast", "findLastIndex"]],
    ["an array with names", "Object.assign(new Array(1e7).fill(0), { first: 1, 'no name': 2 })", "fir", ["first"]],
    ["an array that begins with holes", "(() => { const a = new Array(1e7); a.fill(0, 5e5); return a })()", "findI", ["findIndex"]],
    ["an array of a class", "(() => { class Own extends Array { finish() {} } return new Own(1e7).fill(0) })()", "fin", ["finish", "find", "findIndex", "findLast", "findLastIndex"]],
    ["a typed array", "new Float64Array(1e7)", "byteL", ["byteLength"]],
    ["a Buffer", "Buffer.alloc(1e7)", "readUInt8", ["readUInt8"]],
    ["a text", "'x'.repeat(1e7)", "pad", ["padEnd", "padStart"]],
    ["the length of a text", "'x'.repeat(1e7)", "le", ["length"]],
    ["a text as an object", "new String('x'.repeat(1e7))", "pad", ["padEnd", "padStart"]],
    ["an object with indices", "(() => { const o = { own: 1 }; for (let i = 0; i < 3e6; i++) o[i] = i; return o })()", "ow", ["own"]],
    ["an object with names", "(() => { const o = { zone: 1 }; for (let i = 0; i < 3e5; i++) o['key' + i] = i; return o })()", "zo", ["zone"]],
    ["what inherits an array", "Object.create(new Array(1e7).fill(0), { own: { value: 1 } })", "ow", ["own"]],
    ["a Map", "new Map(Array.from({ length: 1e6 }, (_, i) => [i, i]))", "si", ["size"]],
    ["a Set", "new Set(Array.from({ length: 1e6 }, (_, i) => i))", "si", ["size"]],
    ["a Proxy", "new Proxy(new Array(1e7).fill(0), { ownKeys() { throw 1 } })", "fi", []],
    ["a number", "2n ** 10_000_000n", "toS", ["toString"]],
    ["a pattern", "new RegExp('x'.repeat(1e6))", "sou", ["source"]],
    ["an error", "new Error('x'.repeat(1e7))", "mess", ["message"]],
    ["a function", "new Function('/*' + 'x'.repeat(1e7) + '*/')", "app", ["apply"]],
  ]);
  for (const [claim, code, prefix, expected] of values) {
    test(`takes little time for ${claim}`, async () => {
      const session = await AgentSession.open(KIND);
      try {
        assert.equal((await session.run(`const value = ${code}; Jupyter.who().constructor`)).error, undefined);
        const targets = [{ expression: "value" }];
        const begun = performance.now();
        const { matches } = await session.ask({ op: "complete", kind: "member", prefix, targets });
        await session.ask({ op: "complete", kind: "key", prefix: "", targets });
        const { found } = await session.ask({ op: "inspect", targets, detail: 1 });
        const { error, results } = await session.run("Jupyter.who()");
        const elapsed = performance.now() - begun;
        assert.deepEqual(matches.map((/** @type {{text: string}} */ { text }) => text).slice(0, expected.length), expected);
        assert.ok(found.preview === undefined || found.preview.length < 10_000, found.preview?.length);
        assert.equal(error, undefined);
        assert.match(results[0]?.data["text/plain"], /value\t/);
        assert.ok(elapsed < BOUND, `${elapsed} ms`);
      } finally {
        await session.close();
      }
    });
  }
});
