/**
 * The runner's own connection to V8's inspector.
 *
 * It must be used from a clean stack only, never inside one of its own callbacks or a
 * promise's: Node 24 aborts when messages are nested in that way.
 */
"use strict";

const inspector = require("node:inspector");
const v8 = require("node:v8");

/** What is returned for code that an interrupt has ended. */
const TERMINATED = "terminated";

/** @typedef {import("node:inspector").Runtime.RemoteObject} RemoteObject */
/** @typedef {import("node:inspector").Runtime.EvaluateReturnType} Evaluation */

/** The object group that keeps what must live as long as the runner. */
const PERMANENT = "acajs";

const soon = setImmediate;
const { defineProperty } = Object;
const { deleteProperty } = Reflect;

/** Evaluates code and takes values out of the inspector's hands. */
class Inspection {
  #session = new inspector.Session();
  #receiver = "";
  /**
   * The promise of the evaluation that awaits something. Nobody else may hold it, and
   * when V8 collects it Node 24 aborts, while earlier ones report an error.
   * @type {Set<Promise<unknown>>}
   */
  #held = new Set();
  /** @type {(value: unknown) => void} */
  #receive = () => undefined;

  constructor() {
    this.#connect();
  }

  /**
   * Forget the evaluation that awaits something: it will not be heard of again.
   * @returns {object | undefined} What is collected when it can never go on.
   */
  abandon() {
    const [promise] = this.#held;
    this.#session.disconnect();
    this.#session = new inspector.Session();
    this.#connect();
    this.#held.clear();
    return promise;
  }

  /**
   * Send a message whose answer comes at once.
   * @param {string} method
   * @param {object} parameters
   * @returns {any} The answer, or `TERMINATED`.
   */
  ask(method, parameters) {
    /** @type {any} */
    let answer;
    this.#session.post(method, parameters, (/** @type {Error | null} */ error, /** @type {unknown} */ result) => {
      answer = error === null ? result : TERMINATED;
    });
    return answer;
  }

  /**
   * Evaluate code; a top-level `await` in it is awaited.
   * @param {object} parameters See `Runtime.evaluate` of the Chrome DevTools protocol.
   * @param {(evaluation: Evaluation | typeof TERMINATED) => void} onEnd Called from a clean stack.
   * @returns {void}
   */
  evaluate(parameters, onEnd) {
    /** @type {(Evaluation | typeof TERMINATED)[]} */
    const answers = [];
    let isInside = true;
    // The first promise that a cell makes is its own.
    const held = this.#held;
    held.clear();
    const release = v8.promiseHooks.onInit((promise) => {
      held.add(promise);
      // At once: at the stack's limit, which the cell may reach, a hook ends the process.
      release();
    });
    this.#session.post("Runtime.evaluate", parameters, (error, result) => {
      const answer = error === null ? /** @type {Evaluation} */ (result) : TERMINATED;
      if (isInside) {
        // No method of arrays: the user may have replaced it by accident.
        answers[0] = answer;
      } else {
        soon(onEnd, answer);
      }
    });
    release();
    isInside = false;
    const [answer] = answers;
    if (answer !== undefined) {
      onEnd(answer);
    }
  }

  /**
   * Hand a value of the inspector's to a function of ours.
   * @param {RemoteObject} remote
   * @param {(value: unknown) => void} use An interrupt may end it.
   * @returns {boolean} False when an interrupt has ended it.
   */
  use(remote, use) {
    if (remote.objectId === undefined && remote.unserializableValue === undefined) {
      // The value itself has come, and nothing of the user's is run to use it.
      use(remote.value);
      return true;
    }
    this.#receive = use;
    const argument =
      remote.objectId === undefined
        ? { unserializableValue: remote.unserializableValue }
        : { objectId: remote.objectId };
    const answer = this.ask("Runtime.callFunctionOn", {
      objectId: this.#receiver,
      functionDeclaration: "function(value) { this(value); }",
      arguments: [argument],
      silent: true,
    });
    this.#receive = () => undefined;
    return answer !== TERMINATED;
  }

  /**
   * Run an action that an interrupt may end; what called this goes on then.
   *
   * `use` would not do: before Node 24 a termination within `Runtime.callFunctionOn` ends its
   * callers as well.
   * @param {() => void} action
   * @returns {boolean} False when one has ended it.
   */
  run(action) {
    const name = "__acajs_run__";
    defineProperty(globalThis, name, { value: action, configurable: true });
    const expression = `{ const run = globalThis.${name}; delete globalThis.${name}; run(); }\n//# sourceURL=acajs:run`;
    return this.ask("Runtime.evaluate", { expression, silent: true, returnByValue: true }) !== TERMINATED;
  }

  /**
   * Let go of the values of a group.
   * @param {string} group
   * @returns {void}
   */
  release(group) {
    this.ask("Runtime.releaseObjectGroup", { objectGroup: group });
  }

  /** Connect, and make the function that takes values known to the inspector. */
  #connect() {
    const name = "__acajs_receive__";
    const value = (/** @type {unknown} */ received) => this.#receive(received);
    this.#session.connect();
    defineProperty(globalThis, name, { value, configurable: true });
    const { result } = this.ask("Runtime.evaluate", { expression: name, objectGroup: PERMANENT });
    deleteProperty(globalThis, name);
    this.#receiver = result.objectId;
  }
}

module.exports = { Inspection, TERMINATED };
