/**
 * The runner that there is: started as the settings say, given up, and why there is none.
 */
"use strict";

const { describeEnding } = require("./endings.js");
const { heapMegabytes, totalMemory } = require("./memory.js");
const { RunnerProcess } = require("./runner_process.js");

/** Milliseconds from an interrupt to the end of the runner, unless the settings say otherwise. */
const DEFAULT_GRACE = 1200;

/** @typedef {import("./endings.js").Intent} Intent */
/** @typedef {import("./runner_process.js").Ending} Ending */
/** @typedef {import("./runner_process.js").RunnerListener} RunnerListener */
/**
 * @typedef {object} Settings
 * @property {boolean} [colors]
 * @property {number} [depth]
 * @property {number} [heap_megabytes]
 * @property {number} [grace_milliseconds]
 */

/** Starts runners, one after another. */
class Supervisor {
  /** @type {RunnerProcess | null} */
  runner = null;
  /** @type {"starting" | "idle" | "busy" | "dead"} */
  state = "dead";
  /** Why there is no runner. */
  failure = "It was never started.";
  /** Whether the runner has been given anything to run. */
  hasRun = false;
  /** What the agent is about that may end the runner. @type {Intent | null} */
  intent = null;
  /** @type {string} */
  #source;
  /** @type {string} */
  #folder;
  /** @type {RunnerListener} */
  #listener;
  /** @type {Settings} */
  #settings = {};
  #memory = totalMemory();
  #heapMegabytes = 0;

  /**
   * @param {string} source The runner's program.
   * @param {string} folder Where it works.
   * @param {RunnerListener} listener Hears of the runner that there is, and of none before it.
   */
  constructor(source, folder, listener) {
    this.#source = source;
    this.#folder = folder;
    this.#listener = listener;
  }

  /** Milliseconds from an interrupt to the end of the runner. */
  get grace() {
    return Math.max(this.#settings.grace_milliseconds ?? DEFAULT_GRACE, 1);
  }

  /** Whether the runner is as a new one would be. */
  get isClean() {
    const { heap_megabytes: wanted = this.#heapMegabytes } = this.#settings;
    return this.runner !== null && !this.hasRun && wanted === this.#heapMegabytes;
  }

  /**
   * @param {Settings} settings
   * @returns {void}
   */
  configure(settings) {
    this.#settings = settings;
    this.runner?.send({ type: "configure", settings });
  }

  /** Start a runner if there is none. */
  start() {
    if (this.runner !== null) {
      return;
    }
    this.hasRun = false;
    this.intent = "start";
    this.#heapMegabytes = this.#settings.heap_megabytes ?? heapMegabytes(this.#memory);
    this.state = "starting";
    const options = {
      source: this.#source,
      folder: this.#folder,
      heapMegabytes: this.#heapMegabytes,
    };
    const { onMessage, onBroken, onText, onEnd } = this.#listener;
    try {
      const runner = new RunnerProcess(options, {
        onMessage,
        onBroken,
        onText: (name, text) => {
          // Until it has started what it says is said once, in `failure`.
          if (this.state !== "starting") {
            onText(name, text);
          }
        },
        onEnd: (ending) => {
          if (runner === this.runner) {
            this.failure =
              runner.lastWords.trim() || `It ended with ${ending.signal ?? ending.code}.`;
            onEnd(ending);
          }
        },
      });
      this.runner = runner;
      runner.send({ type: "configure", settings: this.#settings });
    } catch (error) {
      // The executor forbids child processes, or the machine is out of them.
      this.state = "dead";
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Forget the runner and make sure that it ends. */
  discard() {
    this.runner?.abandon();
    this.runner = null;
  }

  /**
   * @param {Ending} ending The runner's.
   * @returns {{ename: string, evalue: string, traceback: string[]}} What its cell is told.
   */
  describe(ending) {
    return describeEnding(ending, {
      intent: this.intent,
      graceMilliseconds: this.grace,
      heapMegabytes: this.#heapMegabytes,
      lastWords: this.failure,
    });
  }

  /** What a new kernel wants to know. */
  facts() {
    return {
      folder: this.#folder,
      runner_pid: this.runner?.pid ?? null,
      memory: { total: this.#memory, limit: this.#heapMegabytes * 1024 * 1024 },
    };
  }
}

module.exports = { Supervisor };
