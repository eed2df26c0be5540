"use strict";

/*
 * Node's own word on JavaScript, for tests in Python: one JSON request a line on stdin,
 * one JSON answer a line on stdout. Run with --experimental-vm-modules.
 */

const inspector = require("node:inspector");
const readline = require("node:readline");
const repl = require("node:repl");
const { PassThrough } = require("node:stream");
const vm = require("node:vm");

const corpus = require("./corpus.js");

const session = new inspector.Session();
session.connect();

/** @type {number[]} */
const contexts = [];
session.on("Runtime.executionContextCreated", ({ params }) => contexts.push(params.context.id));
session.post("Runtime.enable");

const server = repl.start({ input: new PassThrough(), output: new PassThrough(), prompt: "" });

/** What the runner provides, as a stand-in that says what it was asked for. */
const PROVIDED = `
globalThis.asked = [];
globalThis.__acajs_meta__ = { url: "meta:url" };
globalThis.__acajs_import__ = (specifier, options) => {
  asked.push(options === undefined ? specifier : { specifier, options });
  const named = (name) => name + " of " + specifier;
  return Promise.resolve(new Proxy(Object.create(null), {
    get: (_, name) => (typeof name === "symbol" || name === "then" ? undefined : named(name)),
  }));
};`;

/**
 * Evaluate code in V8's REPL mode.
 * @param {string} expression
 * @param {number} contextId
 * @returns {Promise<{value?: unknown, error?: string, line?: number}>} the completion
 *   value as JSON, or the error and the cell's line that its stack names first
 */
function evaluate(expression, contextId) {
  const parameters = {
    expression: `${expression}\n//# sourceURL=In[1]`,
    contextId,
    replMode: true,
    returnByValue: true,
  };
  return new Promise((resolve) => {
    /**
     * Take V8's answer.
     * @param {Error | null} failure
     * @param {object} [reply]
     */
    function settle(failure, reply) {
      if (failure) {
        resolve({ error: failure.message });
        return;
      }
      const evaluated = /** @type {inspector.Runtime.EvaluateReturnType} */ (reply);
      const details = evaluated.exceptionDetails;
      if (!details) {
        resolve({ value: evaluated.result.value ?? null });
        return;
      }
      const description = details.exception?.description ?? details.text;
      const line = /In\[1\]:(\d+)/.exec(description)?.[1];
      const error = String(description.split("\n")[0]);
      resolve({ error, line: line === undefined ? details.lineNumber + 1 : Number(line) });
    }
    session.post("Runtime.evaluate", parameters, settle);
  });
}

/**
 * Evaluate pieces of code one after another in a context of their own.
 * @param {string[]} codes
 */
async function run(codes) {
  vm.createContext({});
  const contextId = contexts[contexts.length - 1] ?? 0;
  await evaluate(PROVIDED, contextId);
  const answers = [];
  for (const code of codes) {
    answers.push(await evaluate(code, contextId));
  }
  return answers;
}

/**
 * Tell whether V8 parses source text as a module.
 * @param {string} source
 */
function isModule(source) {
  return refusal(source) === "";
}

/**
 * @param {string} source
 * @returns {string} why V8 does not take it for a module, or nothing
 */
function refusal(source) {
  try {
    void new vm.SourceTextModule(source);
    return "";
  } catch (error) {
    return String(error);
  }
}

/**
 * Parse code in V8's REPL mode without running it: it ends in a declaration that V8 refuses
 * when all has been parsed and nothing has run.
 * @param {string} source
 * @returns {Promise<string>} V8's complaint, or nothing
 */
async function complaint(source) {
  const { error } = await evaluate(`${source}\nlet undefined;`, 1);
  return error === "SyntaxError: Identifier 'undefined' has already been declared" ? "" : String(error);
}

/**
 * Ask Node's REPL whether code is complete; none of it runs.
 * @param {string} source
 * @returns {Promise<string>} complete, incomplete or invalid
 */
function completeness(source) {
  try {
    void new vm.Script(source);
    return Promise.resolve("complete");
  } catch {
    // Incomplete, wrong, or with a top-level await: the REPL knows which.
  }
  return new Promise((resolve) => {
    server.eval(`throw 0;${source}\n`, server.context, "In[1]", (error) => {
      if (error instanceof repl.Recoverable) {
        resolve("incomplete");
      } else {
        resolve(/** @type {unknown} */ (error) === 0 ? "complete" : "invalid");
      }
    });
  });
}

/**
 * Answer one request.
 * @param {{
 *   run?: string[], modules?: string[], completeness?: string[], repl?: string[], refusals?: string[],
 *   corpus?: {seed: number, count: number}, pairs?: [string, string][],
 * }} request
 */
async function answer(request) {
  if (request.run) {
    return run(request.run);
  }
  if (request.modules) {
    return request.modules.map(isModule);
  }
  if (request.refusals) {
    return request.refusals.map(refusal);
  }
  if (request.corpus) {
    return corpus.modules(request.corpus);
  }
  if (request.pairs) {
    return request.pairs.map(corpus.difference);
  }
  const verdicts = [];
  for (const source of request.repl ?? []) {
    verdicts.push(await complaint(source));
  }
  for (const source of request.completeness ?? []) {
    verdicts.push(await completeness(source));
  }
  return verdicts;
}

let last = Promise.resolve();
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  last = last.then(async () => {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  });
}).on("close", () => {
  void last.then(() => process.exit(0));
});
