/**
 * The end of an interrupted cell: nothing that it began goes on.
 *
 * First what it waits for is made to fail, so that `finally` gets its turn. When it has
 * nothing left to wait for, or the time for that is over, it is over: its timers never call
 * back, what it awaits is never settled, and what it holds open is closed.
 */
"use strict";

const { listOf, user } = require("./realm.js");
const { SLOTS } = require("./ring.js");

/** Milliseconds that an interrupted cell has to clean up. */
const GRACE = 200;

/** Milliseconds between two looks at whether it has done so. */
const LOOK_AGAIN = 5;

/** What a cell has begun that is looked through for what has ended, at the least. */
const PRUNED = 64;

const activeResources = process.getActiveResourcesInfo.bind(process);
const now = performance.now.bind(performance);
const soon = setImmediate;
const startTimer = setTimeout;
const { store } = Atomics;

/** @typedef {import("./context.js").CellContext} CellContext */
/**
 * @typedef {object} Begun Something that a cell has begun and that takes its time.
 * @property {() => boolean} isActive Whether it goes on.
 * @property {(error: Error) => void} fail Let whoever waits for it hear of the interrupt.
 * @property {(error: Error) => void} [end] End it by force, and let nobody hear of it; by default as `fail`.
 * @property {boolean} [isLasting] Whether it is not waited for.
 */

/** What an interrupted cell finds thrown where it waited. */
class KeyboardInterrupt extends user.Error {
  /**
   * No assignment, which the prototype may forbid.
   * @override
   */
  name = "KeyboardInterrupt";

  constructor() {
    super("The cell was interrupted.");
  }
}

/**
 * @param {unknown} thrown
 * @returns {boolean} Whether an interrupt is behind it.
 */
function isInterrupt(thrown) {
  let cause = /** @type {any} */ (thrown);
  try {
    for (let depth = 0; depth < 8 && typeof cause === "object" && cause !== null; depth += 1) {
      if (cause instanceof KeyboardInterrupt) {
        return true;
      }
      cause = cause.cause;
    }
  } catch {
    // What the user has thrown may itself throw.
  }
  return false;
}

/** @returns {number} How many requests to the file system are under way. */
function countFileRequests() {
  return listOf(activeResources()).filter((name) => name.startsWith("FSReq")).length;
}

/** Knows what the running cell has begun. */
class Ending {
  /** @type {CellContext} */
  #context;
  /** @type {Int32Array} */
  #slots;
  /** The cell that runs. @type {string | undefined} */
  #cell;
  /** Its name in stacks. */
  #label = "";
  /** @type {Set<Begun>} */
  #begun = new Set();
  #limit = PRUNED;
  /** The cells that are over. @type {Set<string>} */
  #over = new Set();
  /** @type {((isRepeated?: boolean) => void) | null} */
  #check = null;
  /** Requests to the file system that nothing can end. */
  #stuck = 0;
  /** Whether the running cell was interrupted, and asked to end. */
  isAsked = false;
  /** Whether a call of the running cell was made to fail by an interrupt. */
  isHit = false;

  /**
   * @param {CellContext} context
   * @param {Int32Array} slots Shared with the control thread.
   */
  constructor(context, slots) {
    this.#context = context;
    this.#slots = slots;
  }

  /** The cell that what is begun now belongs to. */
  get owner() {
    return this.#context.current ?? this.#cell;
  }

  /** Whether a cell runs and the code that runs now is its. */
  get isRunning() {
    return this.#cell !== undefined && this.owner === this.#cell;
  }

  /** Whether the code that runs now belongs to a cell that is over. */
  get isOver() {
    return this.#over.size > 0 && this.#over.has(/** @type {string} */ (this.#context.current));
  }

  /**
   * Let nothing happen on behalf of a cell that is over.
   * @returns {void}
   * @throws {KeyboardInterrupt} The code that runs now belongs to one.
   */
  refuse() {
    if (this.isOver) {
      throw new KeyboardInterrupt();
    }
  }

  /**
   * @param {string | undefined} cell
   * @returns {boolean} Whether it was interrupted and nothing of it may go on.
   */
  wasEnded(cell) {
    return this.#over.has(/** @type {string} */ (cell));
  }

  /**
   * A cell begins to run.
   * @param {string} cell
   * @param {string} label Its name in stacks.
   * @returns {void}
   */
  begin(cell, label) {
    this.#cell = cell;
    this.#label = label;
    this.#context.begin(label, cell);
  }

  /**
   * It has ended: what it has begun, and was not ended, stays.
   * @param {object} [promise] What its code goes on with, unless it is collected.
   * @returns {void}
   */
  end(promise) {
    if (this.isAsked) {
      this.#stuck = countFileRequests();
    }
    store(this.#slots, SLOTS.ending, 0);
    this.#context.end(this.#label, promise);
    this.#cell = undefined;
    this.#begun.clear();
    this.#limit = PRUNED;
    this.isAsked = false;
    this.isHit = false;
  }

  /**
   * @param {Begun} begun Something that is begun now.
   * @returns {void}
   */
  add(begun) {
    const all = this.#begun;
    if (!this.isRunning) {
      return;
    }
    if (all.size >= this.#limit) {
      for (const each of all) {
        if (!each.isActive()) {
          all.delete(each);
        }
      }
      this.#limit = Math.max(PRUNED, 2 * all.size);
    }
    all.add(begun);
  }

  /**
   * @param {Begun} begun Something that has ended.
   * @returns {void}
   */
  remove(begun) {
    const check = this.#check;
    if (this.#begun.delete(begun) && check !== null) {
      this.#context.run(undefined, check);
    }
  }

  /**
   * End what the running cell has begun: ask first. To be repeated: code that is terminated
   * may take with it what would look again.
   * @param {() => void} onOver Called once, from a clean stack.
   * @returns {void}
   */
  interrupt(onOver) {
    if (this.isAsked) {
      this.#check?.(true);
      return;
    }
    const cell = /** @type {string} */ (this.#cell);
    const deadline = now() + GRACE;
    let isPlanned = false;
    const look = () => {
      isPlanned = false;
      if (this.#check !== check) {
        return;
      }
      if (this.#isQuiet() || now() >= deadline) {
        this.#finish(cell);
        soon(() => {
          if (this.#check === check) {
            this.#check = null;
            onOver();
          }
        });
      } else {
        startTimer(() => check(), LOOK_AGAIN);
      }
    };
    const check = (isRepeated = false) => {
      if (!isPlanned || isRepeated) {
        isPlanned = true;
        // What follows from a failure is done within a turn of the loop.
        soon(() => soon(look));
      }
    };
    this.isAsked = true;
    store(this.#slots, SLOTS.ending, 1);
    // First: what is asked may take long enough to be terminated. And not on behalf of the cell: what
    // tells of its end must not be lost with it.
    this.#check = check;
    this.#context.run(undefined, check);
    this.#endAll(cell, (begun, error) => begun.fail(error));
  }

  /** @returns {boolean} Whether nothing is left that may call back for the cell. */
  #isQuiet() {
    for (const begun of this.#begun) {
      if (begun.isLasting !== true && begun.isActive()) {
        return false;
      }
    }
    return countFileRequests() <= this.#stuck;
  }

  /**
   * From now on nothing of the cell goes on.
   * @param {string} cell
   * @returns {void}
   */
  #finish(cell) {
    this.#over.add(cell);
    this.#endAll(cell, (begun, error) => (begun.end ?? begun.fail)(error));
    // What the end of these calls back counts for the cell too, and so has no effect.
    this.#context.resume(cell);
  }

  /**
   * @param {string} cell
   * @param {(begun: Begun, error: KeyboardInterrupt) => void} end
   * @returns {void}
   */
  #endAll(cell, end) {
    const error = new KeyboardInterrupt();
    this.#context.run(cell, () => {
      for (const begun of [...this.#begun]) {
        try {
          if (begun.isActive()) {
            end(begun, error);
          }
        } catch {
          // The user's code may have replaced what would end it.
        }
      }
    });
  }
}

module.exports = { Ending, KeyboardInterrupt, isInterrupt };
