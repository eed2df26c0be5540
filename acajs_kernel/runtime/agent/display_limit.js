/**
 * How much one cell may show. A notebook keeps every output, and no browser shows a hundred
 * thousand of them.
 */
"use strict";

/** Displays of one cell that stand in the notebook at the same time. */
const MOST_DISPLAYS = 10_000;

/** Cells that are counted. */
const COUNTED_CELLS = 100;

const NOTICE =
  `This cell has shown ${MOST_DISPLAYS} outputs. What it displays from now on is not shown, ` +
  "unless it replaces outputs: handle.update(value) of display(), or Jupyter.clear().\n";

/** @typedef {import("./events.js").Event} Event */

/** Counts what cells show. */
class DisplayLimit {
  /** @type {Map<string, number>} */
  #counts = new Map();

  /**
   * @param {Event} event
   * @returns {Event | null} The event, or what is shown in its place.
   */
  apply(event) {
    if (event.kind === "clear") {
      this.#counts.delete(event.cell);
    }
    if (event.kind !== "display" || event.update === true) {
      return event;
    }
    const count = (this.#counts.get(event.cell) ?? 0) + 1;
    this.#counts.set(event.cell, count);
    if (this.#counts.size > COUNTED_CELLS) {
      this.#counts.delete(/** @type {string} */ (this.#counts.keys().next().value));
    }
    if (count <= MOST_DISPLAYS) {
      return event;
    }
    return count === MOST_DISPLAYS + 1
      ? { kind: "stream", cell: event.cell, name: "stderr", text: NOTICE }
      : null;
  }
}

module.exports = { DisplayLimit, MOST_DISPLAYS };
