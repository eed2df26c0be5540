/**
 * A bar that shows how far something is, in place.
 */
"use strict";

const { escape, grouped } = require("./markup.js");
const { adopt, exposeClass, iterate, iterateLater } = require("./realm.js");

/** Milliseconds between two updates. */
const INTERVAL = 100;

/** Characters of the bar in plain text. */
const WIDTH = 30;

const now = performance.now.bind(performance);
const later = setTimeout;
const cancel = clearTimeout;

/** @typedef {{update: (value: unknown) => void}} Handle */

/**
 * @param {any} source
 * @returns {number | undefined} How many items it has, if it says so.
 */
function countOf(source) {
  const count = source?.length ?? source?.size;
  return typeof count === "number" ? count : undefined;
}

/**
 * @param {number} seconds
 * @returns {string}
 */
function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) {
    return seconds < 10 ? `${seconds.toFixed(1)} s` : `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  const rest = `${String(whole % 60).padStart(2, "0")} s`;
  return minutes < 60 ? `${minutes} min ${rest}` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Shown at once; updated at most ten times a second. Iterated, it yields what it was made
 * of, and counts.
 */
class Progress {
  #begun = now();
  #shown = 0;
  #ended = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {Handle} */
  #handle;
  /** @type {unknown} */
  #source;
  /** How much is done. */
  value = 0;
  /** How much there is to do; undefined if nobody knows. @type {number | undefined} */
  total;
  /** What it is that is done. */
  label = "";

  /**
   * @param {unknown} source A number, or what is iterated.
   * @param {{label?: string, total?: number}} options
   * @param {(value: unknown) => Handle} display
   */
  constructor(source, { label = "", total } = {}, display) {
    this.#source = typeof source === "number" ? undefined : source;
    this.total = typeof source === "number" ? source : (total ?? countOf(source));
    this.label = String(label);
    this.#handle = display({ [Symbol.for("Jupyter.display")]: () => this.bundle() });
    this.#shown = now();
  }

  /**
   * @param {number} value How much is done now.
   * @param {{label?: string}} [options]
   * @returns {this}
   */
  update(value, { label = this.label } = {}) {
    this.value = value;
    this.label = label;
    if (this.total !== undefined && value >= this.total) {
      return this.done();
    }
    this.#ended = 0;
    const rest = this.#shown + INTERVAL - now();
    if (rest <= 0) {
      this.#show();
    } else if (this.#timer === undefined) {
      // So that the last state is seen also when no update follows it soon.
      this.#timer = later(() => this.#show(), rest);
      this.#timer.unref();
    }
    return this;
  }

  /**
   * @param {number} [count]
   * @returns {this}
   */
  increment(count = 1) {
    return this.update(this.value + count);
  }

  /**
   * Nothing more is to come; the time stops.
   * @returns {this}
   */
  done() {
    if (this.#ended === 0) {
      this.#ended = now();
      this.#show();
    }
    return this;
  }

  /** @returns {Record<string, string>} What is shown now. */
  bundle() {
    const seconds = ((this.#ended === 0 ? now() : this.#ended) - this.#begun) / 1000;
    const { label, total, value } = this;
    const share = total === undefined ? undefined : total <= 0 ? 1 : Math.min(Math.max(value / total, 0), 1);
    const percent = share === undefined ? "" : `${Math.floor(share * 100)}%`;
    const count = total === undefined ? grouped(value) : `${grouped(value)} of ${grouped(total)}`;
    const facts = [percent, count, duration(seconds)].filter((fact) => fact !== "").join(" \u00b7 ");
    const filled = Math.floor((share ?? 0) * WIDTH);
    const bar = share === undefined ? "" : `${"\u2588".repeat(filled)}${"\u2591".repeat(WIDTH - filled)} `;
    const name = label === "" ? "" : `${label} `;
    const drawn =
      share === undefined
        ? ""
        : '<span style="display:inline-block;vertical-align:middle;width:16em;height:.6em;margin:0 .5em;border-radius:.3em;' +
          'overflow:hidden;background:var(--jp-layout-color3,#ddd)"><span style="display:block;height:100%;' +
          `width:${(share * 100).toFixed(1)}%;background:var(--jp-${share === 1 ? "success" : "brand"}-color1,${share === 1 ? "#388e3c" : "#1976d2"})"></span></span>`;
    return {
      "text/plain": `${name}${bar}${facts}`,
      "text/html": `<p>${escape(name)}${drawn} <small>${escape(facts)}</small></p>`,
    };
  }

  [Symbol.iterator]() {
    const source = /** @type {Iterable<unknown>} */ (this.#source ?? countUp(this.total ?? Infinity));
    return iterate(source, () => this.increment(), () => this.done());
  }

  [Symbol.asyncIterator]() {
    const source = /** @type {AsyncIterable<unknown>} */ (this.#source ?? countUp(this.total ?? Infinity));
    return iterateLater(source, () => this.increment(), () => this.done());
  }

  #show() {
    cancel(this.#timer);
    this.#timer = undefined;
    this.#shown = now();
    this.#handle.update({ [Symbol.for("Jupyter.display")]: () => this.bundle() });
  }
}

/**
 * @param {number} end
 * @returns {Iterable<number>} From 0 on.
 */
function countUp(end) {
  let number = 0;
  const next = () => (number < end ? { value: number++, done: false } : { value: undefined, done: true });
  const iterator = { next, [Symbol.iterator]: () => iterator };
  return adopt(/** @type {any} */ (iterator));
}

exposeClass(Progress);

module.exports = { Progress };
