/**
 * The runner's own connection to V8's inspector.
 *
 * It must be used from a clean stack only, never inside one of its own callbacks or a
 * promise's: Node 24 aborts when messages are nested in that way.
 */
"use strict";

const v8 = { promiseHooks: { ...require("node:v8").promiseHooks } };

const { InspectorConnection } = require("./connection.js");
const { user } = require("./realm.js");
const { hasThen, spareResults } = require("./thenable.js");

/** What is returned for code that an interrupt has ended. */
const TERMINATED = "terminated";

/** @typedef {import("node:inspector").Runtime.RemoteObject} RemoteObject */
/** @typedef {import("node:inspector").Runtime.EvaluateReturnType} Evaluation */

/** The object group that keeps what must live as long as the runner. */
const PERMANENT = "acajs";

/** What V8 says of code that was terminated, and from Node 22 on also of failures of its own. */
const TERMINATION = /^Execution was terminated/;
const INTERNAL = /^Internal error/;

/** Properties of the user's global object by which V8 reaches our functions. */
const RECEIVE = "__acajs_receive__";
const RUN = "__acajs_run__";

const { parse, stringify } = JSON;
const { defineProperty } = Object;
const { apply, getOwnPropertyDescriptor } = Reflect;
const { then } = Promise.prototype;
const { then: theirThen } = user.Promise.prototype;

/** Whether this V8 (of Node 18) learns of results by the `then` that the user's promises have. */
const ASKS_THEN = Number.parseInt(process.versions.v8, 10) < 11;
const soon = setImmediate;

/**
 * @param {unknown} value
 * @returns {RemoteObject} What `use` takes the value itself from.
 */
function handed(value) {
  return { type: "object", value };
}

/**
 * @param {unknown} value
 * @returns {RemoteObject} The same as a result, which may be none.
 */
function given(value) {
  return value === undefined ? { type: "undefined" } : handed(value);
}

/**
 * @param {unknown} thrown
 * @returns {import("node:inspector").Runtime.ExceptionDetails}
 */
function detailsOf(thrown) {
  return { exceptionId: 0, text: "Uncaught", lineNumber: 0, columnNumber: 0, exception: handed(thrown) };
}

/** @returns {boolean} Whether V8 answers that there is no result, whatever there is. */
function hidesResults() {
  return ASKS_THEN && getOwnPropertyDescriptor(user.Promise.prototype, "then")?.value !== theirThen;
}

/** The inspector itself has failed. */
class InspectionError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "InspectionError";
  }
}

/** Evaluates code and takes values out of the inspector's hands. */
class Inspection {
  /** @type {import("./connection.js").Connection} */
  #connection;
  #lastId = 0;
  /** Who waits for which answer. @type {Map<number, (answer: any) => void>} */
  #waiting = new Map();
  #receiver = "";
  /**
   * The promise of the evaluation that awaits something. Nobody else may hold it, and
   * when V8 collects it Node 24 aborts, while earlier ones report an error.
   * @type {Set<Promise<unknown>>}
   */
  #held = new Set();
  /** Whether V8 has compiled the code that was evaluated last, so that some of it may have run. */
  hasBegun = true;
  /** @type {(value: unknown) => void} */
  #receive = () => undefined;
  /** @type {() => void} */
  #run = () => undefined;

  /** @type {() => boolean} */
  #isTerminating;

  /** @param {() => boolean} isTerminating Whether an interrupt has terminated code, or is about to. */
  constructor(isTerminating) {
    this.#isTerminating = isTerminating;
    defineProperty(globalThis, RECEIVE, { value: (/** @type {unknown} */ value) => this.#receive(value) });
    defineProperty(globalThis, RUN, { value: () => this.#run() });
    this.#connection = this.#connect();
    this.#learnReceiver();
  }

  /**
   * Forget the evaluation that awaits something: it will not be heard of again.
   * @returns {object | undefined} What is collected when it can never go on.
   */
  abandon() {
    const [promise] = this.#held;
    this.#connection.disconnect();
    this.#waiting.clear();
    this.#connection = this.#connect();
    this.#learnReceiver();
    this.#held.clear();
    return promise;
  }

  /**
   * Send a message whose answer comes at once.
   * @param {string} method
   * @param {object} parameters
   * @returns {any} The answer, or `TERMINATED`.
   * @throws {InspectionError} The inspector could not do it.
   */
  ask(method, parameters) {
    /** @type {any} */
    let answer = new InspectionError("V8's inspector has not answered.");
    this.#post(method, parameters, (received) => {
      answer = received;
    });
    if (answer instanceof InspectionError) {
      throw answer;
    }
    return answer;
  }

  /**
   * Evaluate code; a top-level `await` in it is awaited.
   * @param {{expression: string}} parameters See `Runtime.evaluate` of the Chrome DevTools protocol.
   * @param {(evaluation: Evaluation | typeof TERMINATED | InspectionError) => void} onEnd Called from a clean stack.
   * @returns {void}
   */
  evaluate(parameters, onEnd) {
    /** @type {(Evaluation | typeof TERMINATED | InspectionError)[]} */
    const answers = [];
    let isInside = true;
    let isAnswered = false;
    let isHidden = false;
    // The first promise that a cell makes is its own.
    const held = this.#held;
    held.clear();
    this.hasBegun = true;
    spareResults();
    const release = v8.promiseHooks.onInit((promise) => {
      held.add(promise);
      // At once: at the stack's limit, which the cell may reach, a hook ends the process.
      release();
    });
    this.#post("Runtime.evaluate", parameters, (answer) => {
      isHidden = !isInside && held.size > 0 && hidesResults();
      isAnswered = !isHidden;
      if (isHidden) {
        return;
      }
      if (isInside) {
        answers.push(answer);
      } else {
        // Not as an argument, which Node would hand on with the iterator of the user's arrays.
        soon(() => onEnd(answer));
      }
    });
    release();
    isInside = false;
    const [answer] = answers;
    if (answer !== undefined) {
      // Whatever runs makes the cell's promise first.
      this.hasBegun = held.size > 0;
      onEnd(answer);
      return;
    }
    if (hasThen() && !parameters.expression.includes("await")) {
      // The code may have made `Object.prototype.then`: V8 waits for its own result.
      soon(() => {
        if (!isAnswered) {
          onEnd({ result: { type: "undefined" } });
        }
      });
    }
    /** @param {Evaluation} settled */
    const fill = (settled) => {
      // An answer comes within this turn of the loop. Without `unref` the wait for it would look
      // like something that the cell has left behind.
      const turn = soon(() => {
        if (!isAnswered) {
          onEnd(settled);
        }
      });
      if (!isHidden) {
        turn.unref();
      }
    };
    // The inspector drops an answer whose JSON is longer than V8's texts may be, and a text or
    // an error's message may be that. What has become of the promise is known without it.
    for (const promise of held) {
      apply(then, promise, [
        (/** @type {any} */ value) => fill({ result: given(value[".repl_result"]) }),
        (/** @type {unknown} */ thrown) => fill({ result: handed(undefined), exceptionDetails: detailsOf(thrown) }),
      ]);
    }
  }

  /**
   * Hand a value of the inspector's to a function of ours.
   * @param {RemoteObject} remote
   * @param {(value: unknown) => void} use An interrupt may end it.
   * @returns {boolean} False when an interrupt has ended it.
   * @throws {InspectionError} The function has thrown.
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
    if (answer.exceptionDetails !== undefined) {
      throw new InspectionError(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text);
    }
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
    this.#run = action;
    // `this`: every name may be the user's.
    const expression = `this.${RUN}()\n//# sourceURL=acajs:run`;
    const answer = this.ask("Runtime.evaluate", { expression, silent: true, returnByValue: true });
    this.#run = () => undefined;
    return answer !== TERMINATED;
  }

  /**
   * Let go of the values of a group.
   * @param {string} group
   * @returns {void}
   */
  release(group) {
    this.ask("Runtime.releaseObjectGroup", { objectGroup: group });
  }

  /** @returns {import("./connection.js").Connection} */
  #connect() {
    return new InspectorConnection((message) => {
      const { id, result, error } = parse(message);
      const onAnswer = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) {
        onAnswer?.(result);
      } else {
        const { message: text } = error;
        const isTerminated = TERMINATION.test(text) || (INTERNAL.test(text) && this.#isTerminating());
        onAnswer?.(isTerminated ? TERMINATED : new InspectionError(text));
      }
    });
  }

  /**
   * @param {string} method
   * @param {object} params
   * @param {(answer: any) => void} onAnswer
   * @returns {void}
   */
  #post(method, params, onAnswer) {
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, onAnswer);
    this.#connection.dispatch(stringify({ id: this.#lastId, method, params }));
  }

  /** Make the function that takes values known to the inspector. */
  #learnReceiver() {
    const { result } = this.ask("Runtime.evaluate", { expression: `this.${RECEIVE}`, objectGroup: PERMANENT });
    this.#receiver = result.objectId;
  }
}

module.exports = { Inspection, InspectionError, TERMINATED };
