/**
 * Runs a notebook's cells in a process of its own, started by the agent.
 */
"use strict";

const { startControlThread } = require("./runner/thread.js");

// Before all else: the thread comes up while this one loads the rest.
const { ring, replies, tell } = startControlThread();

const net = require("node:net");
const { Readable } = require("node:stream");
const { StringDecoder } = require("node:string_decoder");

const { Cells, mayPrintLater } = require("./runner/cells.js");
const { Comms } = require("./runner/comms.js");
const { createContext } = require("./runner/context.js");
const { Displays } = require("./runner/displays.js");
const { Ending } = require("./runner/ending.js");
const { defineGlobals } = require("./runner/globals.js");
const { Guards } = require("./runner/guards.js");
const { IJavascript } = require("./runner/ijavascript.js");
const { defineImports } = require("./runner/imports.js");
const { Inspection } = require("./runner/inspection.js");
const { pinCallbackRecords } = require("./runner/internals.js");
const { Interrupts } = require("./runner/interrupts.js");
const { defineJson } = require("./runner/json_values.js");
const { Lookups } = require("./runner/lookups.js");
const { requireFrom } = require("./runner/node_modules.js");
const { Output } = require("./runner/output.js");
const { Prompts } = require("./runner/prompts.js");
const { adopt, adoptMembers, pinned } = require("./runner/realm.js");
const { Reloading } = require("./runner/reloading.js");
const { guardResources } = require("./runner/resources.js");
const { defineShell } = require("./runner/shell.js");
const { SLOTS } = require("./runner/ring.js");
const { hideOwnFrames } = require("./runner/stack_frames.js");
const { capturePrinting } = require("./runner/streams.js");
const { writeBeforeSuddenEnds } = require("./runner/sudden_ends.js");
const { Tracebacks } = require("./runner/traceback.js");
const { reportUncaught } = require("./runner/uncaught.js");
const { createWho } = require("./runner/variables.js");

/** @typedef {import("./runner/context.js").CellContext} CellContext */

/** The pipe that brings messages for this thread. */
const MESSAGES = 3;

const { parse } = JSON;
const soon = setImmediate;

/**
 * Call back with every message of a pipe.
 * @param {(message: any) => void} onMessage
 * @returns {void}
 */
function readMessages(onMessage) {
  const pipe = pinned(new net.Socket({ fd: MESSAGES, readable: true, writable: false }));
  // The socket's own calls this one by `Function.prototype.call`.
  pipe.read = Readable.prototype.read;
  const decoder = pinned(new StringDecoder("utf8"));
  let rest = "";
  pipe.on("data", (/** @type {Buffer} */ chunk) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = /** @type {string} */ (lines.pop());
    for (const line of lines) {
      onMessage(parse(line));
    }
  });
}

/**
 * Hand on a message of a comm, and say when its callbacks have returned.
 * @param {any} message
 * @param {Comms} comms
 * @param {{output: Output, inspection: Inspection, interrupts: Interrupts, context: CellContext}} parts
 * @returns {void}
 */
function receiveComm({ cell, ...received }, comms, { output, inspection, interrupts, context }) {
  output.attribute(cell, () => {
    if (!inspection.run(() => comms.receive(received))) {
      interrupts.landed();
      output.attribute(cell, () => output.print("stderr", "KeyboardInterrupt: A comm's callback was interrupted.\n"));
    }
  });
  context.resume(cell);
  // Not before what the callbacks have put off until now, such as what follows an `await`.
  soon(() => output.send({ kind: "handled", cell, active: mayPrintLater() }));
}

/**
 * @typedef {object} Internals What the runner is made of.
 * @property {Cells} cells
 * @property {Comms} comms
 * @property {CellContext} context
 * @property {Displays} displays
 * @property {Ending} ending
 * @property {string} folder The session's.
 * @property {Inspection} inspection
 * @property {Interrupts} interrupts
 * @property {Lookups} lookups
 * @property {Output} output
 * @property {Prompts} prompts
 * @property {NodeRequire} require Finds modules as cells do.
 * @property {Tracebacks} tracebacks
 */
/**
 * @typedef {(internals: Internals) => Record<string, (message: any) => void>} Part What a part's
 *   module exports: it returns what serves further types of messages.
 */

/**
 * Begin to serve the agent.
 * @param {import("./runner/imports.js").NativeImport} nativeImport
 * @param {{part: (name: string, text: string) => Part}} load Loads modules of this program.
 * @returns {void}
 */
function start(nativeImport, load) {
  const folder = process.cwd();
  const context = createContext();
  const output = new Output(ring, context);
  const inspection = new Inspection(() => Atomics.load(ring.slots, SLOTS.interrupt) >= 2);
  const tracebacks = new Tracebacks();
  const ending = new Ending(context, ring.slots);
  const cells = new Cells(inspection, output, tracebacks, ending);
  const interrupts = new Interrupts(ring.slots, inspection, context);
  const prompts = new Prompts(output, ring.slots, replies, () => cells.allowsInput);
  const lookups = new Lookups(inspection);
  const displays = new Displays(output, () => cells.settings);
  const comms = new Comms(output, (thrown) => {
    output.print("stderr", `${tracebacks.describe(thrown).traceback.join("\n")}\n`);
  });
  /** @type {Internals} */
  const internals = {
    cells, comms, context, displays, ending, folder, inspection, interrupts, lookups, output, prompts, tracebacks,
    require: requireFrom(folder),
  };
  const functions = prompts.functions();
  const ijavascript = new IJavascript({
    output,
    settings: cells.settings,
    describe: (thrown) => tracebacks.describe(thrown),
    input: functions.input,
  });
  cells.settle = (cell, outcome, onEnd) => {
    ijavascript.settle(cell, outcome, (final) => displays.settle(cell, () => onEnd(final)));
  };
  cells.onTerminated = () => interrupts.landed();

  process.execArgv = adopt([]);
  pinCallbackRecords();
  hideOwnFrames();
  capturePrinting(output);
  reportUncaught(output, tracebacks, ending);
  writeBeforeSuddenEnds(output);
  output.refuse = () => ending.refuse();
  new Guards(ending, context, (script) => tracebacks.knows(script)).install();
  const reloading = new Reloading();
  reloading.install();
  guardResources(ending, context, ring.slots, tell);
  process.on("exit", () => output.writeThrough());

  /** @type {ReturnType<typeof defineImports> | undefined} */
  let meta;
  /** @type {Record<string, (message: any) => void>} */
  const operations = {
    configure: ({ settings }) => {
      Object.assign(cells.settings, settings);
      tracebacks.colors = settings.colors ?? true;
    },
    run: (message) => {
      reloading.refresh();
      const ready = meta?.prepare(message.code);
      if (ready === undefined) {
        cells.run(message);
      } else {
        ready.finally(() => soon(() => cells.run(message)));
      }
    },
    interrupt: ({ cell, number }) => {
      interrupts.acknowledge(number);
      cells.interrupt(cell);
    },
    input: (message) => prompts.receive(message),
    comm: (message) => receiveComm(message, comms, { output, inspection, interrupts, context }),
    part: ({ name, text }) => {
      try {
        Object.assign(operations, load.part(`parts/${name}.js`, text)(internals));
      } catch (error) {
        output.print("stderr", `The runtime's part "${name}" does not work: ${String(error)}\n`);
      }
    },
  };
  const begin = () => {
    // Not before: when the text of `--eval` has ended, Node defines `module` once more.
    defineGlobals({ folder, output, displays, settings: cells.settings, prompts: adoptMembers({ ...functions }), ijavascript, comms, reloading });
    meta = defineImports(nativeImport, folder, reloading);
    defineShell();
    defineJson();
    /** @type {any} */ (globalThis).Jupyter.who = adopt(createWho(() => lookups.variables()));
    readMessages((message) => operations[message.type]?.(message));
    output.send({ kind: "ready" });
    ring.wake();
  };
  soon(begin);
}

module.exports = start;
