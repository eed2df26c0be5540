/**
 * Answers the editor: completion and inspection.
 */
"use strict";

const { boundedJson } = require("../runner/bounds.js");
const { Questions } = require("../runner/questions.js");

/**
 * @param {import("../runner.js").Internals} internals
 * @returns {Record<string, (message: any) => void>}
 */
function editor({ folder, lookups, output, require: requireHere, tracebacks }) {
  const questions = new Questions(lookups, () => tracebacks.sources, folder, requireHere);

  /** @param {any} question */
  const answerTo = (question) => {
    try {
      const reply = questions.answer(question);
      boundedJson(reply);
      return reply;
    } catch (error) {
      return { refused: "failed", message: String(error) };
    }
  };
  return {
    question: ({ id, question }) => {
      output.send({ kind: "reply", id, reply: answerTo(question) });
    },
  };
}

module.exports = editor;
