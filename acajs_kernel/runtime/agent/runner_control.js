/**
 * What the runner is given to do: which cell runs, which wait, and what becomes of them when
 * they are interrupted or the runner ends.
 */
"use strict";

const { CellQueue } = require("./cell_queue.js");
const { CommQueue } = require("./comm_queue.js");
const { EventLog } = require("./events.js");
const { InputRequests } = require("./input_requests.js");
const { Interruption } = require("./interruption.js");
const { Parts } = require("./parts.js");
const { Question } = require("./question.js");
const { Supervisor } = require("./supervisor.js");

/** @typedef {import("./cell_queue.js").CellRequest} CellRequest */
/** @typedef {import("./comm_queue.js").CommRequest} CommRequest */
/** @typedef {import("./endings.js").Intent} Intent */
/** @typedef {import("./runner_process.js").Ending} Ending */
/** @typedef {import("./runner_process.js").RunnerMessage} RunnerMessage */

/** Characters of unacknowledged events above which the runner is made to wait, and to go on. */
const FULL = 16_000_000;
const RELIEVED = 8_000_000;

/** Runs cells one after another in a runner that may be replaced. */
class RunnerControl {
  events = new EventLog();
  cells = new CellQueue();
  comms = new CommQueue();
  parts = new Parts();
  /** @type {Supervisor} */
  supervisor;
  /** @type {() => void} */
  #onChange;
  #inputs = new InputRequests();
  #question = new Question();
  /** @type {Interruption | null} */
  #interrupt = null;

  /**
   * @param {string} source The runner's program.
   * @param {string} folder Where it works.
   * @param {() => void} onChange Called after anything has happened.
   */
  constructor(source, folder, onChange) {
    this.#onChange = onChange;
    this.supervisor = new Supervisor(source, folder, {
      onMessage: (message) => this.#receive(message),
      onBroken: () => {
        this.events.warn(this.cells.latest);
        this.#onChange();
      },
      onText: (name, text) =>
        this.#append({ kind: "stream", cell: this.cells.latest, name, text }),
      onEnd: (ending) => this.#ended(ending),
    });
  }

  /** The cell that runs, or null. */
  get running() {
    return this.cells.running;
  }

  /** Make the state clean: a new runner, unless this one has run nothing yet. */
  refresh() {
    if (!this.supervisor.isClean || this.running !== null) {
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
    this.supervisor.state = "dead";
  }

  /**
   * Run a cell as soon as those before it have ended; a known cell is left alone.
   * @param {CellRequest} request
   * @returns {void}
   */
  run(request) {
    if (this.cells.add(request)) {
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
    if (cell === undefined && this.running === null && this.comms.size > 0) {
      this.#beginInterrupt();
      return null;
    }
    if (cell !== undefined && this.cells.refuse(cell)) {
      this.events.append({ kind: "done", cell, status: "aborted", expressions: {}, milliseconds: 0 });
      return cell;
    }
    const isRunning = this.running !== null && (cell === undefined || cell === this.running);
    if (!isRunning && (cell === undefined || this.cells.stateOf(cell) !== "queued")) {
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
    if (this.supervisor.runner !== null) {
      this.#inputs.answer(reply, this.supervisor.runner);
    }
  }

  /**
   * Hand messages of comms on to the runner; known ones are left alone.
   * @param {CommRequest[]} requests
   * @returns {void}
   */
  comm(requests) {
    for (const { number: _number, ...request } of this.comms.add(requests)) {
      this.supervisor.hasRun = true;
      this.supervisor.runner?.send({ type: "comm", ...request });
    }
    if (this.supervisor.runner === null) {
      this.#dropComms();
    }
  }

  /**
   * Put a question to the runner's main thread.
   * @param {object} question
   * @param {string[] | undefined} needs The parts that answer it.
   * @param {(reply: Record<string, unknown>) => void} onReply May never be called.
   * @returns {void}
   */
  ask(question, needs, onReply) {
    this.supervisor.start();
    this.parts.give(needs, this.supervisor.runner);
    this.#question.put(question, this.supervisor.runner, onReply);
  }

  /** @returns {object} The fields that every answer has. */
  status() {
    return {
      running: this.running,
      queued: this.cells.names,
    };
  }

  /**
   * Drop events that have arrived, and let the runner print on when there is room again.
   * @param {number} number The highest number of an event that was received.
   * @returns {void}
   */
  acknowledge(number) {
    this.events.acknowledge(number);
    const { runner } = this.supervisor;
    if (runner?.isPaused === true && this.events.size < RELIEVED) {
      runner.setPaused(false);
    }
  }

  /** Send the next cell to the runner if it is free. */
  #runNext() {
    if (this.running !== null || this.cells.names.length === 0) {
      return;
    }
    const { supervisor } = this;
    supervisor.start();
    if (supervisor.runner === null) {
      this.#failNext();
    } else if (supervisor.state === "idle") {
      const { cell, code, source, label, stdin, expressions, needs } = /** @type {CellRequest} */ (
        this.cells.begin()
      );
      supervisor.hasRun = true;
      supervisor.state = "busy";
      this.parts.give(needs, supervisor.runner);
      supervisor.runner.send({ type: "run", cell, code, source, label, stdin, expressions });
    }
  }

  /** There is no runner, and none can be started: the first cell that waits is told why. */
  #failNext() {
    this.supervisor.intent = "start";
    if (this.cells.begin() !== undefined) {
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
        if (this.supervisor.state !== "starting") {
          return;
        }
        this.supervisor.intent = null;
        this.supervisor.state = "idle";
        this.#runNext();
        this.#onChange();
        return;
      case "reply":
        this.#question.answer(message.id, message.reply);
        this.#onChange();
        return;
      case "done": {
        const { cell, kind: _kind, ...fields } = message;
        this.#finish(cell, fields);
        return;
      }
      case "handled":
        this.comms.finish(message.cell);
        if (this.running === null && this.comms.size === 0) {
          this.#endInterrupt();
        }
        this.#append(/** @type {any} */ (message));
        return;
      case "input": {
        const { blocks, ...event } = message;
        this.#inputs.add(event.token, blocks);
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
    const { runner } = this.supervisor;
    if (this.events.size > FULL && this.#interrupt === null && runner?.isPaused === false) {
      runner.setPaused(true);
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
    if (!this.cells.finish(cell)) {
      return;
    }
    this.events.append({ kind: "done", cell, ...fields });
    if (wasRunning) {
      this.#inputs.clear();
      this.#endInterrupt();
      if (this.supervisor.state === "busy") {
        this.supervisor.state = "idle";
      }
      this.#runNext();
    }
    this.#onChange();
  }

  /** Ask the runner to stop its cell, again and again, and kill it when that does not help. */
  #beginInterrupt() {
    const { runner, grace } = this.supervisor;
    const hasWork = this.running !== null || this.comms.size > 0;
    if (runner === null || !hasWork || this.#interrupt !== null) {
      return;
    }
    runner.setPaused(false);
    this.#interrupt = new Interruption(runner, this.running ?? "", grace, () =>
      this.#replace("interrupt", { reason: "killed", code: null, signal: "SIGKILL" }),
    );
  }

  /** The interrupted cell has ended. */
  #endInterrupt() {
    this.#interrupt?.end();
    this.#interrupt = null;
  }

  /**
   * The runner has ended by itself.
   * @param {Ending} ending
   * @returns {void}
   */
  #ended(ending) {
    if (this.supervisor.intent === "start") {
      // Another one would end in the same way.
      this.#discard();
      this.supervisor.state = "dead";
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
    this.supervisor.intent = intent;
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
    this.supervisor.start();
    this.#onChange();
  }

  /**
   * End the running cell and those that wait, as there is nothing left to run them.
   * @param {Ending} ending
   * @returns {void}
   */
  #failCell(ending) {
    if (this.running !== null) {
      const error = this.supervisor.describe(ending);
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
    for (const cell of this.cells.names) {
      this.#finish(cell, { status: "aborted", expressions: {}, milliseconds: 0 });
    }
  }

  /** Say of the messages of comms that they are done with, as there is nothing left to handle them. */
  #dropComms() {
    for (const cell of this.comms.drop()) {
      this.events.append({ kind: "handled", cell, active: false });
    }
  }

  /** Forget the runner and make sure that it ends. */
  #discard() {
    this.#endInterrupt();
    this.#dropComms();
    this.#question.drop();
    this.#inputs.clear();
    this.supervisor.discard();
  }
}

module.exports = { RunnerControl };
