/**
 * What the runner reported and the kernel has not acknowledged yet.
 */
"use strict";

const { DisplayLimit } = require("./display_limit.js");

/** Characters up to which neighbouring texts of one stream become one event. */
const MERGED_CHARACTERS = 64 * 1024;

/** How many events are kept until those are left out that later ones replace anyway. */
const CROWDED = 1000;

/** What an event weighs beside its text, in characters. */
const EVENT_OVERHEAD = 100;

const BROKEN =
  "Something was left out that the runtime cannot have sent: it is no message of the runtime's, " +
  "too long or nested too deep. File descriptors 3 to 5 are the runtime's own.\n";

/** @typedef {{seq?: number, cell: string, kind: string, [field: string]: unknown}} Event */

/** @typedef {{event: Event, size: number}} Entry */

const { stringify } = JSON;
const now = performance.now.bind(performance);

/** Keeps events in order, each with its number, until they are acknowledged. */
class EventLog {
  /** @type {Entry[]} */
  #entries = [];
  #lastNumber = 0;
  #lastSent = 0;
  #inputs = 0;
  #limit = new DisplayLimit();
  /** The cell whose user was warned last. @type {string | null} */
  #warned = null;
  /** Characters of everything kept. */
  size = 0;
  /** Milliseconds of the monotonic clock when the oldest kept event came. */
  oldest = 0;

  /** How many events are kept. */
  get length() {
    return this.#entries.length;
  }

  /** How many of them ask for input. */
  get inputs() {
    return this.#inputs;
  }

  /**
   * Keep an event, unless its cell has shown too much.
   * @param {Event} event
   * @returns {void}
   */
  append(event) {
    const shown = this.#limit.apply(event);
    if (shown !== null) {
      this.#add(shown);
    }
  }

  /**
   * Tell the user, once a cell, that something of the runner's was dropped.
   * @param {string} cell
   * @returns {void}
   */
  warn(cell) {
    if (this.#warned !== cell) {
      this.#warned = cell;
      this.#add({ kind: "stream", cell, name: "stderr", text: BROKEN });
    }
  }

  /**
   * @param {Event} event
   * @returns {void}
   */
  #add(event) {
    if (event.kind === "stream" && this.#merge(event)) {
      return;
    }
    if (this.#entries.length >= CROWDED) {
      this.#dropReplaced(event);
    }
    if (this.#entries.length === 0) {
      this.oldest = now();
    }
    this.#lastNumber += 1;
    const size =
      EVENT_OVERHEAD +
      (event.kind === "stream" ? /** @type {string} */ (event.text).length : stringify(event).length);
    this.#inputs += event.kind === "input" ? 1 : 0;
    this.#entries.push({ event: { ...event, seq: this.#lastNumber }, size });
    this.size += size;
  }

  /**
   * Drop events that have arrived.
   * @param {number} number The highest number that was received.
   * @returns {void}
   */
  acknowledge(number) {
    let count = 0;
    for (const { event, size } of this.#entries) {
      if (/** @type {number} */ (event.seq) > number) {
        break;
      }
      count += 1;
      this.size -= size;
      this.#inputs -= event.kind === "input" ? 1 : 0;
    }
    if (count > 0) {
      this.#entries.splice(0, count);
      this.oldest = now();
    }
  }

  /**
   * The oldest events, at least one if there is any.
   * @param {number} limit Characters from which no further event is added.
   * @returns {{events: Event[], more: boolean}}
   */
  read(limit) {
    const events = [];
    let size = 0;
    for (const entry of this.#entries) {
      if (events.length > 0 && size + entry.size > limit) {
        break;
      }
      events.push(entry.event);
      size += entry.size;
    }
    const last = events.at(-1);
    if (last !== undefined) {
      this.#lastSent = Math.max(this.#lastSent, /** @type {number} */ (last.seq));
    }
    return { events, more: events.length < this.#entries.length };
  }

  /** Drop everything; numbers go on. */
  clear() {
    this.#entries = [];
    this.#lastSent = this.#lastNumber;
    this.#inputs = 0;
    this.size = 0;
  }

  /**
   * Join a stream's text to the last event, unless that one may have been received. Where many
   * events wait, the last but one will do, if the last is of the cell's other stream.
   * @param {Event} event
   * @returns {boolean} Whether it was joined.
   */
  #merge(event) {
    const last = this.#entries.at(-1);
    const isOther = last?.event.kind === "stream" && last.event.cell === event.cell;
    const isCrowded = this.#entries.length >= CROWDED;
    if (last !== undefined && this.#join(last, event)) {
      return true;
    }
    const before = this.#entries.at(-2);
    return isCrowded && isOther && before !== undefined && this.#join(before, event);
  }

  /**
   * @param {Entry} entry
   * @param {Event} event
   * @returns {boolean} Whether the event's text was added to the entry's.
   */
  #join(entry, { cell, name, text }) {
    const { event } = entry;
    if (
      event.kind !== "stream" ||
      event.cell !== cell ||
      event.name !== name ||
      !this.#isUnsent(entry) ||
      entry.size > MERGED_CHARACTERS
    ) {
      return false;
    }
    event.text = /** @type {string} */ (event.text) + /** @type {string} */ (text);
    entry.size += /** @type {string} */ (text).length;
    this.size += /** @type {string} */ (text).length;
    return true;
  }

  /**
   * @param {Entry} entry
   * @returns {boolean}
   */
  #isUnsent({ event }) {
    return /** @type {number} */ (event.seq) > this.#lastSent;
  }

  /**
   * Leave out what nobody would see: earlier updates of the same display, and what a cell has
   * shown before it cleared its output.
   * @param {Event} event What comes next.
   * @returns {void}
   */
  #dropReplaced(event) {
    const entries = this.#entries;
    const last = entries.length - 1;
    if (event.kind === "display" && event.update === true) {
      for (let index = last; index >= 0 && this.#isUnsent(/** @type {Entry} */ (entries[index])); index -= 1) {
        const other = /** @type {Entry} */ (entries[index]).event;
        if (other.kind === "display" && other.display_id === event.display_id) {
          this.#drop(index, other.update === true ? 1 : 0);
          return;
        }
      }
      return;
    }
    const cleared = entries[last]?.event;
    if (cleared?.kind !== "clear" || cleared.cell !== event.cell || !isOutput(event)) {
      return;
    }
    let first = last;
    while (first > 0) {
      const entry = /** @type {Entry} */ (entries[first - 1]);
      if (!this.#isUnsent(entry) || entry.event.cell !== event.cell || !isOutput(entry.event)) {
        break;
      }
      first -= 1;
    }
    this.#drop(first, last - first);
  }

  /**
   * @param {number} start
   * @param {number} count
   * @returns {void}
   */
  #drop(start, count) {
    for (const { size } of this.#entries.splice(start, count)) {
      this.size -= size;
    }
  }
}

/**
 * @param {Event} event
 * @returns {boolean} Whether it is gone once its cell's output is cleared.
 */
function isOutput({ kind, update }) {
  return kind === "stream" || kind === "clear" || (kind === "display" && update !== true);
}

module.exports = { EventLog };
