"use strict";

/*
 * What Node's type stripper (amaro) and the TypeScript compiler make of TypeScript, compared
 * with what was made of it elsewhere: one JSON request a line on stdin, one JSON answer a
 * line on stdout. Needs Node 22 or newer, as amaro does.
 */

const readline = require("node:readline");
const util = require("node:util");
const vm = require("node:vm");

const acorn = require("acorn");
const amaro = require("amaro");
const typescript = require("typescript");

const WAIT_MILLISECONDS = 5000;
const LEAVES = new Set(["Identifier", "PrivateIdentifier", "Literal", "TemplateElement", "ThisExpression"]);

/**
 * Parse JavaScript, as a module or else as a script.
 * @param {string} code
 * @returns {acorn.Node}
 */
function parse(code) {
  /** @type {acorn.Options} */
  const options = {
    ecmaVersion: "latest",
    locations: true,
    allowAwaitOutsideFunction: true,
    allowReturnOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowHashBang: true,
    checkPrivateFields: false,
  };
  try {
    return acorn.parse(code, { ...options, sourceType: "module" });
  } catch (error) {
    try {
      return acorn.parse(code, { ...options, sourceType: "script" });
    } catch {
      throw error;
    }
  }
}

/**
 * Tell whether a statement does nothing: the compiler marks modules of types with `export {}`.
 * @param {any} node
 */
function isNothing(node) {
  return node.type === "EmptyStatement" || (
    node.type === "ExportNamedDeclaration" && !node.declaration && !node.source && !node.specifiers.length
  );
}

/**
 * List the nodes of a syntax tree, with what tells them apart; the leaves with their place.
 * @param {unknown} node
 * @param {boolean} withPlaces
 * @param {string[]} lines filled with one line a node
 */
function list(node, withPlaces, lines) {
  if (Array.isArray(node)) {
    node.forEach((child) => list(child, withPlaces, lines));
    return;
  }
  if (!node || typeof node !== "object" || !("type" in node) || isNothing(node)) {
    return;
  }
  const own = [];
  const children = [];
  for (const [key, value] of Object.entries(node)) {
    if (["start", "end", "loc", "raw", "directive"].includes(key)) {
      continue;
    }
    if (value && typeof value === "object" && !(value instanceof RegExp) && key !== "regex") {
      children.push(value);
      if (node.type !== "TemplateElement") {
        continue;
      }
    }
    own.push(`${key}=${typeof value === "bigint" ? value : JSON.stringify(value)}`);
  }
  if (withPlaces && LEAVES.has(String(node.type))) {
    const { start } = /** @type {acorn.Node & {loc: acorn.SourceLocation}} */ (node).loc;
    own.push(`at ${start.line}:${start.column}`);
  }
  lines.push(own.join(" "));
  children.forEach((child) => list(child, withPlaces, lines));
}

/**
 * List the characters of a text that is no JavaScript to acorn (decorators), with their places,
 * but for those that only part or wrap.
 * @param {string} code
 */
function spell(code) {
  return [...code.matchAll(/[^\s;()]/g)].map((match) => `${match[0]} at ${match.index}`);
}

/**
 * Say where two texts of JavaScript differ in more than spaces, empty statements and parentheses.
 * @param {string} expected
 * @param {string} actual
 * @param {boolean} withPlaces whether names, literals and `this` must stand at the same places
 * @returns {string | null} the difference, or null where there is none
 */
function difference(expected, actual, withPlaces) {
  /** @type {string[][]} */
  let sides;
  try {
    sides = [expected, actual].map((code) => {
      /** @type {string[]} */
      const lines = [];
      list(parse(code), withPlaces, lines);
      return lines;
    });
  } catch (error) {
    if (!/@|\baccessor\b/.test(expected)) {
      return `${error}`;
    }
    if (!withPlaces) {
      return null;
    }
    sides = [expected, actual].map(spell);
  }
  const [wanted = [], found = []] = sides;
  const index = wanted.findIndex((line, place) => line !== found[place]);
  if (index >= 0) {
    return `expected ${wanted[index]}, found ${found[index] ?? "nothing"}`;
  }
  return wanted.length < found.length ? `unexpected ${found[wanted.length]}` : null;
}

/**
 * Let the compiler erase types.
 * @param {string} source
 * @param {import("typescript").ModuleKind} module
 * @param {boolean} [jsx]
 */
function transpile(source, module, jsx = false) {
  const { outputText, diagnostics } = typescript.transpileModule(source, {
    fileName: jsx ? "cell.tsx" : "cell.ts",
    reportDiagnostics: true,
    compilerOptions: {
      target: typescript.ScriptTarget.ESNext,
      module,
      jsx: typescript.JsxEmit.Preserve,
      verbatimModuleSyntax: module === typescript.ModuleKind.ESNext,
      useDefineForClassFields: true,
      removeComments: true,
    },
  });
  const [first] = (diagnostics ?? []).filter(({ code }) => code < 2000);
  if (first) {
    throw new SyntaxError(typescript.flattenDiagnosticMessageText(first.messageText, "\n"));
  }
  return outputText;
}

/**
 * Compare erased text with the stripper's, and with the compiler's where the stripper refuses
 * or leaves something else than it.
 * @param {{source: string, erased: string}} pair
 */
function compare({ source, erased }) {
  let compiled = "";
  try {
    compiled = transpile(source, typescript.ModuleKind.ESNext);
  } catch (error) {
    return { oracle: null, difference: `${error}` };
  }
  try {
    const { code } = amaro.transformSync(source, { mode: "strip-only" });
    if (difference(compiled, code, false) === null) {
      return { oracle: "amaro", difference: difference(code, erased, true) };
    }
  } catch {
    // It refuses what cannot be blanked in place; the compiler's word stands.
  }
  return { oracle: "typescript", difference: difference(compiled, erased, false) };
}

/**
 * Run a script in a context of its own.
 * @param {string} code
 * @returns {string} the value of its last statement and what it exports, or its error
 */
function run(code) {
  const module = { exports: {} };
  const context = vm.createContext({ module, exports: module.exports, require });
  try {
    const value = vm.runInContext(code, context, { timeout: WAIT_MILLISECONDS });
    return util.inspect([value, module.exports], { depth: 8, sorted: true });
  } catch (error) {
    return `${error}`;
  }
}

/**
 * Run TypeScript as the compiler or the stripper would, and what was made of it elsewhere.
 * @param {{source: string, erased: string}} pair
 */
function evaluate({ source, erased }) {
  const compiled = transpile(source, typescript.ModuleKind.CommonJS);
  let transformed = null;
  try {
    transformed = run(amaro.transformSync(source, { mode: "transform" }).code);
  } catch {
    // What becomes of a module needs another form; the compiler's word stands.
  }
  return { compiled: run(compiled), transformed, actual: run(erased) };
}

/**
 * Tell whether the compiler takes a text for TypeScript, as far as its syntax goes.
 * @param {{source: string, jsx?: boolean}} text
 */
function accepts({ source, jsx = false }) {
  try {
    transpile(source, typescript.ModuleKind.ESNext, jsx);
    return true;
  } catch {
    return false;
  }
}

/** @type {Record<string, (item: any) => unknown>} */
const QUESTIONS = { compare, evaluate, accepts };

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [[question, items]] = /** @type {[[string, unknown[]]]} */ (Object.entries(JSON.parse(line)));
  process.stdout.write(`${JSON.stringify(items.map((item) => QUESTIONS[question]?.(item)))}\n`);
});
