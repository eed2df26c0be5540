/**
 * What the runner reported and the kernel has not acknowledged yet.
 */
"use strict";

/** Characters up to which neighbouring texts of one stream become one event. */
const MERGED_CHARACTERS = 64 * 1024;

/** What an event weighs beside its text, in characters. */
const EVENT_OVERHEAD = 100;

/** @typedef {{seq?: number, cell: string, kind: string, [field: string]: unknown}} Event */

const { stringify } = JSON;
const now = performance.now.bind(performance);

/** Keeps events in order, each with its number, until they are acknowledged. */
class EventLog {
  /** @type {{event: Event, size: number}[]} */
  #entries = [];
  #lastNumber = 0;
  #lastSent = 0;
  #inputs = 0;
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
   * @param {Event} event
   * @returns {void}
   */
  append(event) {
    if (event.kind === "stream" && this.#merge(event)) {
      return;
    }
    if (this.#entries.length === 0) {
      this.oldest = now();
    }
    this.#lastNumber += 1;
    const size =
      EVENT_OVERHEAD +
      (event.kind === "stream" ? /** @type {string} */ (event.text).length : stringify(event).length);
    this.#inputs += event.kind === "input" ? 1 : 0;
    this.#entries.push({ event: { seq: this.#lastNumber, ...event }, size });
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
   * Join a stream's text to the last event, unless that one may have been received.
   * @param {Event} event
   * @returns {boolean} Whether it was joined.
   */
  #merge(event) {
    const last = this.#entries.at(-1);
    if (
      last === undefined ||
      last.event.kind !== "stream" ||
      last.event.cell !== event.cell ||
      last.event.name !== event.name ||
      /** @type {number} */ (last.event.seq) <= this.#lastSent ||
      last.size > MERGED_CHARACTERS
    ) {
      return false;
    }
    const text = /** @type {string} */ (event.text);
    last.event.text = /** @type {string} */ (last.event.text) + text;
    last.size += text.length;
    this.size += text.length;
    return true;
  }
}

module.exports = { EventLog };
