/**
 * The interpreter of one session of the embedded pool.
 *
 * Stands in for the IJavascript kernel that runs in a NodeLTS session of Azure
 * Container Apps: cells run one after another in one global context, with `$$` and
 * the timing of the npm package `nel` 1.3.0 that IJavascript is made of. A contract
 * test suite holds it to that package.
 *
 * `session_host.js` starts it.
 *
 * Usage: `node session_host.js --channel-fd=3` (a socket given as descriptor 3) or
 * `--channel=stdio`. One JSON message a line:
 *
 *     in   {"id":1,"code":"…"}
 *     out  {"status":"online","node":"v20.0.0","pid":123}
 *     out  {"id":1,"stdout":"…"}   {"id":1,"stderr":"…"}
 *     out  {"id":1,"mime":{…},"end":true}
 *     out  {"id":1,"error":{"ename":"…","evalue":"…","traceback":["…"]},"end":true}
 *     out  {"stderr":"…"}          an uncaught error: belongs to the cell that runs
 *     out  {"id":1,"display":{…}}  {"id":1,"request":{…}}
 *     out  {"unreadable":3}        the third line that came in is no message; it is skipped
 *
 * Results with `"end":false` may come before the one that ends a cell. The process
 * ends when the channel does.
 */
"use strict";

const Module = require("node:module");
const path = require("node:path");
const { Readable } = require("node:stream");
const vm = require("node:vm");

const { Cell } = require("./session_cell.js");
const { Sender, receive } = require("./session_channel.js");
const { exposedMimer } = require("./session_values.js");
const { pinCallbackRecords } = require("../runtime/runner/internals.js");
const { exposed, listOf, pinned } = require("../runtime/runner/realm.js");

// User code may replace the library's own function. Called as a method, it gives the
// same stack frames as on the service.
const script = { runInThisContext: vm.runInThisContext };
const schedule = setImmediate;

/** @typedef {import("./session_cell.js").StreamName} StreamName */
/** @typedef {{id: number | string, code: string}} Request */

/** Runs the cells of one session, strictly one after another. */
class InterpreterSession {
  /** @type {Sender} */
  #sender;
  /** @type {Request[]} */
  #waiting = [];
  /** @type {Cell | null} */
  #latest = null;
  #isRunning = false;

  /** @param {Sender} sender Where messages go. */
  constructor(sender) {
    this.#sender = sender;
  }

  /**
   * Run a cell as soon as those before it have ended.
   * @param {Request} request The cell's id and text.
   * @returns {void}
   */
  enqueue(request) {
    this.#waiting.push(request);
    this.#runWaiting();
  }

  /**
   * Send a message for a cell.
   * @param {Cell} cell The cell that it came from.
   * @param {object} message The message; its id is filled in where it has none.
   * @returns {void}
   */
  send(cell, message) {
    if ("end" in message) {
      this.#sender.send(message);
      return;
    }
    const receiver = this.#receiverOf(cell);
    if (receiver) {
      this.#sender.send({ id: receiver.id, ...message });
    }
  }

  /**
   * Send what a cell printed.
   * @param {Cell} cell The cell whose stream it is.
   * @param {StreamName} name The stream.
   * @param {string} text What was printed.
   * @returns {void}
   */
  print(cell, name, text) {
    const receiver = this.#receiverOf(cell);
    if (receiver) {
      this.#sender.sendOutput(receiver.id, name, text);
    }
  }

  /**
   * Go on with the next cell, once the code that ended this one has returned.
   * @returns {void}
   */
  ended() {
    if (!this.#isRunning && this.#waiting.length > 0) {
      schedule(() => this.#runWaiting());
    }
  }

  /**
   * Report an error that nothing caught; nobody knows which cell it is from.
   *
   * A thrown value without a stack ends the interpreter (exit code 7), as in nel.
   * @param {Error} error What was thrown or rejected.
   * @returns {void}
   */
  reportUncaught(error) {
    const { stack } = /** @type {{stack: string}} */ (error);
    this.#sender.send({ stderr: stack.toString() });
  }

  /**
   * Say whose output this counts as: late output goes to the cell that runs now,
   * and is lost when there is none.
   * @param {Cell} cell The cell that the output came from.
   * @returns {Cell | null} The cell that gets it.
   */
  #receiverOf(cell) {
    if (!cell.isDone) {
      return cell;
    }
    return this.#latest && !this.#latest.isDone ? this.#latest : null;
  }

  #runWaiting() {
    while (!this.#isRunning && (this.#latest === null || this.#latest.isDone)) {
      const request = this.#waiting.shift();
      if (!request) {
        return;
      }
      this.#latest?.release();
      this.#latest = new Cell(request.id, this);
      this.#isRunning = true;
      try {
        this.#run(this.#latest, request.code);
      } finally {
        this.#isRunning = false;
      }
    }
  }

  /**
   * @param {Cell} cell The cell.
   * @param {string} code Its text.
   */
  #run(cell, code) {
    try {
      cell.capture();
      const result = script.runInThisContext(code);
      // Else the code has sent its result, or will do so later.
      if (!cell.isDone && !cell.isAsync) {
        cell.finish(result);
      }
    } catch (error) {
      cell.fail(error);
    }
  }
}

/**
 * Give user code the globals that it finds in a program run by `node --eval`, which
 * is how nel starts its interpreter, and hide that this program is a file.
 * @param {NodeJS.Require} nodeRequire
 * @returns {void}
 */
function imitateEvalEnvironment(nodeRequire) {
  for (const name of listOf(Module.builtinModules)) {
    const isPublic = !name.startsWith("_") && !name.includes("/");
    if (isPublic && !Object.hasOwn(globalThis, name)) {
      defineLazyModule(name, nodeRequire);
    }
  }
  process.argv.splice(1);
  process.execArgv.splice(0);
  delete process.mainModule;
  for (const file of Object.keys(nodeRequire.cache)) {
    delete nodeRequire.cache[file];
  }
  /** @typedef {NodeModule & {_compile: (source: string, name: string) => unknown}} Compiler */
  const program = /** @type {Compiler} */ (new Module("[eval]"));
  program.filename = path.join(process.cwd(), "[eval]");
  program.paths = createPaths();
  program._compile("module.exports.require = require;", "[eval]-wrapper");
  const { require: evalRequire } = program.exports;
  program.exports = {};
  Object.assign(globalThis, {
    __filename: "[eval]",
    // Node puts the library back after the program: it is no module object.
    module: Module,
    exports: program.exports,
    __dirname: ".",
    require: evalRequire,
  });
  Object.defineProperty(globalThis, "$$defaultMimer$$", { value: exposedMimer });
}

/** @returns {string[]} The folders in which packages are looked for. */
function createPaths() {
  const lookup = /** @type {{_nodeModulePaths: (folder: string) => string[]}} */ (
    /** @type {unknown} */ (Module)
  );
  return lookup._nodeModulePaths(process.cwd());
}

/**
 * Make a library of Node a global that is loaded when it is first used.
 * @param {string} name The library's name.
 * @param {NodeJS.Require} nodeRequire
 * @returns {void}
 */
function defineLazyModule(name, nodeRequire) {
  const set = exposed((/** @type {unknown} */ value) => {
    Object.defineProperty(globalThis, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  });
  const get = exposed(() => nodeRequire(name));
  Object.defineProperty(globalThis, name, { get, set, configurable: true, enumerable: false });
}

/**
 * Open the channel that the arguments name.
 * @param {string[]} options The program's arguments.
 * @returns {{input: import("node:stream").Readable, output: number}} Its two ends.
 */
function openChannel(options) {
  const [option = ""] = options;
  if (option === "--channel=stdio") {
    const input = process.stdin;
    // User code must not read the pool's messages: it finds an input that has ended.
    const empty = Readable.from([]);
    Object.defineProperty(process, "stdin", {
      get: () => empty,
      configurable: true,
      enumerable: true,
    });
    return { input, output: 1 };
  }
  const match = /^--channel-fd=(\d+)$/.exec(option);
  if (!match) {
    throw new Error(
      `session_host.js was started with ${JSON.stringify(options)}; it needs one option, ` +
        "--channel-fd=NUMBER or --channel=stdio, and is meant to be started by acajs itself",
    );
  }
  const output = Number(match[1]);
  const { Socket } = require("node:net");
  return { input: new Socket({ fd: output, readable: true, writable: false }), output };
}

/**
 * @param {unknown} message What a line held.
 * @returns {message is Request} Whether it is one; the pool sends nothing else.
 */
function isRequest(message) {
  const { id, code } = /** @type {Partial<Request>} */ (message ?? {});
  return (typeof id === "number" || typeof id === "string") && typeof code === "string";
}

/**
 * Serve the pool until the channel ends.
 * @param {NodeJS.Require} nodeRequire
 * @returns {void}
 */
function main(nodeRequire) {
  const { input, output } = openChannel(process.argv.slice(2));
  pinned(input);
  pinCallbackRecords();
  const sender = new Sender(output);
  const session = new InterpreterSession(sender);
  imitateEvalEnvironment(nodeRequire);
  process.on("uncaughtException", (error) => session.reportUncaught(error));
  process.on("exit", () => sender.flush());
  receive(input, (message, number) => {
    if (isRequest(message)) {
      session.enqueue(message);
    } else {
      sender.send({ unreadable: number });
    }
  });
  sender.send({ status: "online", node: process.version, pid: process.pid });
}

module.exports = main;

//# sourceURL=[eval]
