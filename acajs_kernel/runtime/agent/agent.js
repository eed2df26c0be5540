/**
 * Answers the requests that come as executions of the session's interpreter.
 *
 * The interpreter runs one execution at a time and awaits nothing, so every request is
 * answered within about its `wait`. What happens in between is kept until acknowledged:
 * a request whose answer got lost can be repeated without any effect but its answer.
 */
"use strict";

const { randomBytes } = require("node:crypto");

const { AnswerSender } = require("./answers.js");
const { DEFAULT_LIMIT, LongPoll } = require("./long_poll.js");
const { RunnerControl } = require("./runner_control.js");

/** Milliseconds for a new runner to report. */
const START_MILLISECONDS = 10_000;

/** Milliseconds for completion and inspection: idle, and while a cell may block the runner. */
const REPLY_MILLISECONDS = 1500;
const BUSY_REPLY_MILLISECONDS = 150;

/** @typedef {import("./answers.js").Execution} Execution */
/** @typedef {import("./supervisor.js").Settings} Settings */
/**
 * @typedef {object} Request
 * @property {string} op
 * @property {string} client A random name of the kernel's process.
 * @property {string | null} epoch The agent that the kernel believes it is talking to.
 * @property {number} [ack] The highest event number received.
 * @property {number} [wait] Milliseconds.
 * @property {number} [gather] Milliseconds.
 * @property {number} [soon] Milliseconds, instead of `gather` after a silence of that length.
 * @property {number} [limit] Characters.
 * @property {string} [via]
 * @property {string} [cell]
 * @property {boolean} [fresh]
 * @property {number} [opening] How often this client has said hello, repetitions not counted.
 * @property {Settings} [settings]
 * @property {number} [answer]
 * @property {number} [offset]
 * @property {string} [token]
 * @property {string} [value]
 * @property {string} [error]
 * @property {import("./comm_queue.js").CommRequest[]} [messages]
 * @property {string[]} [needs] The parts of the runner without which it cannot be served.
 * @property {import("./parts.js").PackedParts} [parts] Those that the kernel has not sent yet.
 */

const { assign } = Object;

/** The agent of one interpreter. */
class Agent {
  /** @type {string} */
  version;
  #epoch = randomBytes(8).toString("hex");
  #client = "";
  /** The client's latest opening that was done. */
  #opening = 0;
  /** @type {RunnerControl} */
  #runner;
  /** @type {AnswerSender} */
  #answers;
  /** @type {LongPoll} */
  #poll;

  /**
   * @param {string} version What identifies this source.
   * @param {string} source The runner's program.
   * @param {string} folder The session's data folder.
   */
  constructor(version, source, folder) {
    this.version = version;
    this.#answers = new AnswerSender(folder);
    this.#runner = new RunnerControl(source, folder, () => this.#poll.check());
    this.#poll = new LongPoll(this.#runner, (execution, request, fields, waited) => {
      const payload = assign(this.#payload(request, fields), { waited });
      this.#answers.send(execution, payload, request);
    });
  }

  /**
   * Start a runner before anybody asks for one: it takes longer than the first request.
   * @returns {void}
   */
  prepare() {
    this.#runner.supervisor.start();
  }

  /**
   * Answer a request, now or within its `wait`.
   * @param {Execution} execution The execution that brought the request: ends with the answer.
   * @param {Request} request
   * @returns {void}
   */
  serve(execution, request) {
    execution.async();
    this.#poll.flush();
    try {
      this.#dispatch(execution, request);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#refuse(execution, request, "failed", message);
    }
  }

  /** End the runner and remove what this agent made. */
  dispose() {
    this.#poll.flush();
    this.#runner.stop();
    this.#answers.dispose();
  }

  /**
   * @param {Execution} execution
   * @param {Request} request
   * @returns {void}
   */
  #dispatch(execution, request) {
    if (request.op === "hello") {
      this.#hello(execution, request);
      return;
    }
    if (request.epoch !== this.#epoch) {
      this.#refuse(execution, request, "epoch", "Another agent answers here.");
      return;
    }
    if (request.client !== this.#client) {
      this.#refuse(execution, request, "client", "Another kernel has taken over this session.");
      return;
    }
    this.#runner.acknowledge(request.ack ?? 0);
    const { parts } = this.#runner;
    parts.keep(request.parts);
    const missing = parts.missing(request.needs ?? []);
    if (missing.length > 0) {
      this.#refuse(execution, request, "parts", `Parts of the runtime have not come: ${missing.join(", ")}.`);
      return;
    }
    switch (request.op) {
      case "run":
        this.#poll.expectOutput();
        this.#runner.run(/** @type {any} */ (request));
        this.#poll.wait(execution, request, { cell: request.cell ?? null });
        return;
      case "poll":
        this.#poll.wait(execution, request, { cell: request.cell ?? null });
        return;
      case "interrupt":
        this.#poll.wait(execution, request, { cell: this.#runner.interrupt(request.cell) });
        return;
      case "input":
        this.#runner.input(/** @type {any} */ (request));
        this.#poll.wait(execution, request, { cell: request.cell ?? this.#runner.cells.running });
        return;
      case "comm":
        this.#runner.comm(request.messages ?? []);
        this.#poll.wait(execution, request, {
          outcome: () => (this.#runner.comms.size > 0 ? null : {}),
        });
        return;
      case "complete":
      case "inspect":
        this.#question(execution, request);
        return;
      case "restart":
        this.#runner.restart();
        this.#waitForRunner(execution, request, () => ({}));
        return;
      case "part":
        if (!this.#answers.sendPart(execution, /** @type {any} */ (request))) {
          const message = "That answer is not kept any more.";
          const refusal = { refused: "answer", epoch: this.#epoch, message };
          this.#answers.refusePart(execution, refusal, request);
        }
        return;
      default:
        this.#refuse(execution, request, "unknown-op", `There is no operation "${request.op}".`);
    }
  }

  /**
   * @param {Execution} execution
   * @param {Request} request
   * @returns {void}
   */
  #hello(execution, request) {
    if (request.client !== this.#client) {
      this.#client = request.client;
      this.#opening = 0;
      this.#runner.events.clear();
      this.#runner.comms.renumber();
    }
    // One that was believed lost may arrive when cells have run: their variables must stay.
    const isRepeated = request.opening !== undefined && request.opening <= this.#opening;
    this.#opening = Math.max(this.#opening, request.opening ?? 0);
    this.#runner.supervisor.configure(request.settings ?? {});
    if (request.fresh === true && !isRepeated) {
      this.#runner.refresh();
    } else {
      this.#runner.supervisor.start();
    }
    this.#waitForRunner(execution, request, () => ({
      version: this.version,
      node: process.version,
      platform: process.platform,
      ...this.#runner.supervisor.facts(),
    }));
  }

  /**
   * Answer when the runner has started or failed to.
   * @param {Execution} execution
   * @param {Request} request
   * @param {() => object} fields
   * @returns {void}
   */
  #waitForRunner(execution, request, fields) {
    const failed = () => ({ refused: "runner", message: this.#runner.supervisor.failure });
    this.#poll.wait(
      execution,
      { ...request, wait: START_MILLISECONDS },
      {
        outcome: () => {
          const { state } = this.#runner.supervisor;
          if (state === "dead") {
            return failed();
          }
          return state === "starting" ? null : fields();
        },
        late: failed,
      },
    );
  }

  /**
   * Ask the runner's main thread.
   * @param {Execution} execution
   * @param {Request} request
   * @returns {void}
   */
  #question(execution, request) {
    const { needs, parts: _parts, ...question } = request;
    /** @type {object | null} */
    let reply = null;
    const isIdle = this.#runner.cells.running === null;
    this.#runner.ask(question, needs, ({ matches, found }) => {
      const isAnswer = matches !== undefined || found !== undefined;
      reply = isAnswer ? { matches, found } : { refused: "failed", message: "There is no answer." };
    });
    this.#poll.wait(
      execution,
      { ...request, wait: isIdle ? REPLY_MILLISECONDS : BUSY_REPLY_MILLISECONDS },
      {
        outcome: () => reply,
        late: () => ({ refused: "busy", message: "A cell is running." }),
      },
    );
  }

  /**
   * @param {Request} request
   * @param {object} fields
   * @returns {object}
   */
  #payload(request, fields) {
    return {
      epoch: this.#epoch,
      ...this.#runner.events.read(request.limit ?? DEFAULT_LIMIT),
      ...this.#runner.status(),
      ...fields,
    };
  }

  /**
   * @param {Execution} execution
   * @param {Request} request
   * @param {string} reason
   * @param {string} message
   * @returns {void}
   */
  #refuse(execution, request, reason, message) {
    this.#answers.send(execution, { refused: reason, epoch: this.#epoch, message }, request);
  }
}

module.exports = { Agent };
