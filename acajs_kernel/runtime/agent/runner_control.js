/**
 * Cells and the runner: which cell runs, which wait, what to do when the runner ends.
 */
"use strict";

const { CellQueue } = require("./cell_queue.js");
const { CommQueue } = require("./comm_queue.js");
const { describeEnding } = require("./endings.js");
const { EventLog } = require("./events.js");
const { Interruption } = require("./interruption.js");
const { heapMegabytes, totalMemory } = require("./memory.js");
const { RunnerProcess } = require("./runner_process.js");

/** Characters of unacknowledged events above which the runner is made to wait, and to go on. */
const FULL = 16_000_000;
const RELIEVED = 8_000_000;

/** Milliseconds from an interrupt to the end of the runner, unless the settings say otherwise. */
const DEFAULT_GRACE = 1200;

/** @typedef {import("./cell_queue.js").CellRequest} CellRequest */
/** @typedef {import("./comm_queue.js").CommRequest} CommRequest */
/** @typedef {import("./endings.js").Intent} Intent */
/** @typedef {import("./runner_process.js").Ending} Ending */
/** @typedef {import("./runner_process.js").RunnerMessage} RunnerMessage */
/**
 * @typedef {object} Settings
 * @property {boolean} [colors]
 * @property {number} [depth]
 * @property {number} [heap_megabytes]
 * @property {number} [grace_milliseconds]
 */
const soon = setImmediate;

/** Runs cells one after another in a runner that may be replaced. */
class RunnerControl {
  events = new EventLog();
  /** @type {"starting" | "idle" | "busy" | "dead"} */
  state = "dead";
  /** Why there is no runner. */
  failure = "It was never started.";
  #generation = 0;
  /** @type {string} */
  #source;
  /** @type {string} */
  #folder;
  /** @type {() => void} */
  #onChange;
  /** @type {RunnerProcess | null} */
  #runner = null;
  /** @type {Settings} */
  #settings = {};
  #memory = totalMemory();
  #heapMegabytes = 0;
  #hasRun = false;
  #isPaused = false;
  /** @type {Intent | null} */
  #intent = null;
  #cells = new CellQueue();
  #comms = new CommQueue();
  /** @type {Map<string, boolean>} Tokens of unanswered input requests, and whether the main thread blocks. */
  #inputs = new Map();
  /** @type {Map<number, (reply: object) => void>} */
  #questions = new Map();
  #lastQuestion = 0;
  #lastInterrupt = 0;
  /** @type {Interruption | null} */
  #interrupt = null;

  /**
   * @param {string} source The runner's program.
   * @param {string} folder Where it works.
   * @param {() => void} onChange Called after anything has happened.
   */
  constructor(source, folder, onChange) {
    this.#source = source;
    this.#folder = folder;
    this.#onChange = onChange;
  }

  /** The cell that runs, or null. */
  get running() {
    return this.#cells.running;
  }

  /** Whether the runner has messages of comms that it has not handled yet. */
  get hasComms() {
    return this.#comms.size > 0;
  }

  /** Milliseconds from an interrupt to the end of the runner. */
  get #grace() {
    return Math.max(this.#settings.grace_milliseconds ?? DEFAULT_GRACE, 1);
  }

  /**
   * @param {Settings} settings
   * @returns {void}
   */
  configure(settings) {
    this.#settings = settings;
    this.#runner?.send({ type: "configure", settings });
  }

  /** Start a runner if there is none. */
  start() {
    if (this.#runner !== null) {
      return;
    }
    this.#generation += 1;
    this.#hasRun = false;
    this.#intent = "start";
    this.#isPaused = false;
    this.#heapMegabytes = this.#settings.heap_megabytes ?? heapMegabytes(this.#memory);
    this.state = "starting";
    const options = {
      source: this.#source,
      folder: this.#folder,
      heapMegabytes: this.#heapMegabytes,
    };
    try {
      const runner = new RunnerProcess(options, {
        onMessage: (message) => this.#receive(message),
        onText: (name, text) => {
          // Until it has started what it says is said once, in `failure`.
          if (this.state !== "starting") {
            this.#append({ kind: "stream", cell: this.#cells.latest, name, text });
          }
        },
        onEnd: (ending) => this.#ended(runner, ending),
      });
      this.#runner = runner;
      runner.send({ type: "configure", settings: this.#settings });
    } catch (error) {
      // The executor forbids child processes, or the machine is out of them.
      this.state = "dead";
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Make the state clean: a new runner, unless this one has run nothing yet. */
  refresh() {
    const hasOtherHeap =
      this.#settings.heap_megabytes !== undefined &&
      this.#settings.heap_megabytes !== this.#heapMegabytes;
    if (this.#runner === null || this.#hasRun || hasOtherHeap || this.running !== null) {
      this.restart();
    }
    this.events.clear();
  }

  /** Replace the runner at once. */
  restart() {
    this.#replace("requested", { reason: "killed", code: null, signal: "SIGKILL" });
  }

  /** End the runner for good. */
  stop() {
    this.#endCells("aborted");
    this.#discard();
    this.state = "dead";
    this.failure = "It was stopped on request.";
  }

  /**
   * Run a cell as soon as those before it have ended; a known cell is left alone.
   * @param {CellRequest} request
   * @returns {void}
   */
  run(request) {
    if (this.#cells.add(request)) {
      this.#runNext();
    }
  }

  /**
   * Drop the cells that wait, and interrupt the running one if it is `cell` or none is named;
   * without one a comm's callback. A cell that has not come yet, because its interrupt has
   * overtaken it, is dropped when it comes.
   * @param {string | undefined} cell
   * @returns {string | null} The cell whose end shows that the interrupt has worked.
   */
  interrupt(cell) {
    if (cell === undefined && this.running === null && this.hasComms) {
      this.#beginInterrupt();
      return null;
    }
    if (cell !== undefined && this.#cells.refuse(cell)) {
      this.events.append({ kind: "done", cell, status: "aborted", expressions: {}, milliseconds: 0 });
      return cell;
    }
    const isRunning = this.running !== null && (cell === undefined || cell === this.running);
    if (!isRunning && (cell === undefined || this.#cells.stateOf(cell) !== "queued")) {
      return null;
    }
    this.#abortWaiting();
    if (isRunning) {
      this.#beginInterrupt();
    }
    return cell ?? this.running;
  }

  /**
   * Answer an input request; an unknown one, or one that was answered, is left alone.
   * @param {{token: string, value?: string, error?: string}} reply
   * @returns {void}
   */
  input(reply) {
    const blocks = this.#inputs.get(reply.token);
    if (blocks === undefined || this.#runner === null) {
      return;
    }
    this.#inputs.delete(reply.token);
    const { token, value, error } = reply;
    const message = { type: "input", token, value, error };
    if (blocks) {
      this.#runner.sendControl(message);
    } else {
      this.#runner.send(message);
    }
  }

  /**
   * Hand messages of comms on to the runner; known ones are left alone.
   * @param {CommRequest[]} requests
   * @returns {void}
   */
  comm(requests) {
    for (const { number: _number, ...request } of this.#comms.add(requests)) {
      this.#hasRun = true;
      this.#runner?.send({ type: "comm", ...request });
    }
    if (this.#runner === null) {
      this.#dropComms();
    }
  }

  /** Another client's messages of comms are numbered from the beginning. */
  renumberComms() {
    this.#comms.renumber();
  }

  /**
   * Put a question to the runner's main thread.
   * @param {object} question
   * @param {(reply: object) => void} onReply May never be called.
   * @returns {void}
   */
  ask(question, onReply) {
    this.#lastQuestion += 1;
    this.#questions.clear();
    this.#questions.set(this.#lastQuestion, onReply);
    this.start();
    this.#runner?.send({ type: "question", id: this.#lastQuestion, question });
  }

  /**
   * @param {string} cell
   * @returns {boolean} Whether the cell runs or waits.
   */
  isPending(cell) {
    return this.#cells.isPending(cell);
  }

  /**
   * @param {string | undefined} cell
   * @returns {object} The fields that every answer has.
   */
  status(cell) {
    return {
      running: this.running,
      queued: this.#cells.names,
      runner: { generation: this.#generation, state: this.state },
      ...(cell === undefined ? {} : { cell_state: this.#cells.stateOf(cell) }),
    };
  }

  /** What a new kernel wants to know. */
  facts() {
    return {
      folder: this.#folder,
      runner_pid: this.#runner?.pid ?? null,
      memory: { total: this.#memory, limit: this.#heapMegabytes * 1024 * 1024 },
    };
  }

  /** Let the runner print on when there is room again. */
  relieve() {
    if (this.#isPaused && this.events.size < RELIEVED) {
      this.#isPaused = false;
      this.#runner?.setPaused(false);
    }
  }

  /** Send the next cell to the runner if it is free. */
  #runNext() {
    if (this.running !== null || this.#cells.names.length === 0) {
      return;
    }
    this.start();
    if (this.#runner === null) {
      this.#failNext();
    } else if (this.state === "idle") {
      const { cell, code, source, label, stdin, expressions } = /** @type {CellRequest} */ (
        this.#cells.begin()
      );
      this.#hasRun = true;
      this.state = "busy";
      this.#runner.send({ type: "run", cell, code, source, label, stdin, expressions });
    }
  }

  /** There is no runner, and none can be started: the first cell that waits is told why. */
  #failNext() {
    this.#intent = "start";
    if (this.#cells.begin() !== undefined) {
      this.#failCell({ reason: "crash", code: null, signal: null });
    }
  }

  /**
   * @param {RunnerMessage} message
   * @returns {void}
   */
  #receive(message) {
    switch (message.kind) {
      case "ready":
        this.#intent = null;
        this.state = "idle";
        this.#runNext();
        this.#onChange();
        return;
      case "reply":
        this.#questions.get(message.id)?.(message.reply);
        this.#questions.delete(message.id);
        this.#onChange();
        return;
      case "done": {
        // What was written to descriptors 1 and 2 before is read within one more turn of the loop.
        const { cell, kind: _kind, ...fields } = message;
        soon(() => soon(() => this.#finish(cell, fields)));
        return;
      }
      case "handled":
        this.#comms.finish(message.cell);
        if (this.running === null && !this.hasComms) {
          this.#endInterrupt();
        }
        this.#append(/** @type {any} */ (message));
        return;
      case "input": {
        const { blocks, ...event } = message;
        this.#inputs.set(event.token, blocks);
        this.#append(/** @type {any} */ (event));
        return;
      }
      default:
        this.#append(/** @type {any} */ (message));
    }
  }

  /**
   * @param {import("./events.js").Event} event
   * @returns {void}
   */
  #append(event) {
    this.events.append(event);
    if (this.events.size > FULL && this.#interrupt === null && !this.#isPaused) {
      this.#isPaused = true;
      this.#runner?.setPaused(true);
    }
    this.#onChange();
  }

  /**
   * A cell has ended.
   * @param {string} cell
   * @param {object} fields
   * @returns {void}
   */
  #finish(cell, fields) {
    const wasRunning = this.running === cell;
    if (!this.#cells.finish(cell)) {
      return;
    }
    this.events.append({ kind: "done", cell, ...fields });
    if (wasRunning) {
      this.#inputs.clear();
      this.#endInterrupt();
      if (this.state === "busy") {
        this.state = "idle";
      }
      this.#runNext();
    }
    this.#onChange();
  }

  /** Ask the runner to stop its cell, again and again, and kill it when that does not help. */
  #beginInterrupt() {
    if ((this.running === null && !this.hasComms) || this.#interrupt !== null) {
      return;
    }
    this.#isPaused = false;
    this.#runner?.setPaused(false);
    const cell = this.running;
    this.#interrupt = new Interruption(
      this.#grace,
      () => {
        this.#lastInterrupt += 1;
        const message = { type: "interrupt", cell: cell ?? "", number: this.#lastInterrupt };
        this.#runner?.send(message);
        this.#runner?.sendControl(message);
      },
      () => this.#replace("interrupt", { reason: "killed", code: null, signal: "SIGKILL" }),
    );
  }

  /** The interrupted cell has ended. */
  #endInterrupt() {
    this.#interrupt?.end();
    this.#interrupt = null;
  }

  /**
   * The runner has ended by itself.
   * @param {RunnerProcess} runner
   * @param {Ending} ending
   * @returns {void}
   */
  #ended(runner, ending) {
    if (runner !== this.#runner) {
      return;
    }
    this.failure = runner.lastWords.trim() || `It ended with ${ending.signal ?? ending.code}.`;
    if (this.#intent === "start") {
      // Another one would end in the same way.
      this.#discard();
      this.state = "dead";
      this.#failNext();
      this.#onChange();
      return;
    }
    this.#replace(this.#interrupt === null ? null : "lost", ending);
  }

  /**
   * Put a new runner in the place of this one.
   * @param {Intent | null} intent Why, if it was the agent's doing.
   * @param {Ending} ending
   * @returns {void}
   */
  #replace(intent, ending) {
    this.#intent = intent;
    const reason = intent === "requested" ? "requested" : ending.reason;
    this.events.append({
      kind: "restarted",
      // The cell that ended with it, whose error tells the rest.
      cell: this.running ?? "",
      reason,
      code: ending.code,
      signal: ending.signal,
    });
    this.#failCell(ending);
    this.#discard();
    this.start();
    this.#onChange();
  }

  /**
   * End the running cell and those that wait, as there is nothing left to run them.
   * @param {Ending} ending
   * @returns {void}
   */
  #failCell(ending) {
    if (this.running !== null) {
      const error = describeEnding(ending, {
        intent: this.#intent,
        graceMilliseconds: this.#grace,
        heapMegabytes: this.#heapMegabytes,
        lastWords: this.failure,
      });
      this.events.append({ kind: "error", cell: this.running, ...error });
    }
    this.#endCells("error");
  }

  /**
   * End the running cell, and those that wait, which were never run.
   * @param {"error" | "aborted"} status The running cell's.
   * @returns {void}
   */
  #endCells(status) {
    const { running } = this;
    // First: the end of a cell begins the next.
    this.#abortWaiting();
    if (running !== null) {
      this.#finish(running, { status, expressions: {}, milliseconds: 0 });
    }
  }

  /** End the cells that wait. */
  #abortWaiting() {
    for (const cell of this.#cells.names) {
      this.#finish(cell, { status: "aborted", expressions: {}, milliseconds: 0 });
    }
  }

  /** Say of the messages of comms that they are done with, as there is nothing left to handle them. */
  #dropComms() {
    for (const cell of this.#comms.drop()) {
      this.events.append({ kind: "handled", cell, active: false });
    }
  }

  /** Forget the runner and make sure that it ends. */
  #discard() {
    this.#endInterrupt();
    this.#dropComms();
    this.#questions.clear();
    this.#inputs.clear();
    this.#runner?.abandon();
    this.#runner = null;
  }
}

module.exports = { RunnerControl };
