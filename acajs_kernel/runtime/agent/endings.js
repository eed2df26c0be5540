/**
 * What a cell is told when its runner ended under it.
 */
"use strict";

const GONE = "The runtime was restarted: variables are gone, the next cell works.";

/** @typedef {import("./runner_process.js").Ending} Ending */
/** @typedef {"requested" | "interrupt" | "lost" | "start"} Intent What the agent was about when the runner ended. */

/**
 * @param {string} ename
 * @param {string} evalue
 * @returns {{ename: string, evalue: string, traceback: string[]}} The fields of an error event.
 */
function errorFields(ename, evalue) {
  return { ename, evalue, traceback: [`\u001b[31m${ename}\u001b[39m: ${evalue}`] };
}

/**
 * @param {Ending} ending
 * @param {{intent: Intent | null, graceMilliseconds: number, heapMegabytes: number, lastWords: string}} facts
 * @returns {{ename: string, evalue: string, traceback: string[]}} The fields of the cell's error event.
 */
function describeEnding(ending, facts) {
  if (facts.intent === "requested") {
    return errorFields("RuntimeRestarted", "The runtime was restarted on request.");
  }
  if (facts.intent === "interrupt") {
    return errorFields(
      "KeyboardInterrupt",
      `The cell did not stop within ${facts.graceMilliseconds} ms, as code outside of JavaScript ` +
        `(a synchronous call) kept it busy, so its process was killed. ${GONE}`,
    );
  }
  if (facts.intent === "lost") {
    return errorFields("KeyboardInterrupt", `The process did not survive the interrupt. ${GONE}`);
  }
  if (facts.intent === "start") {
    return errorFields(
      "RuntimeUnavailable",
      `The process that runs cells could not be started: ${facts.lastWords.trim() || "no reason given"}`,
    );
  }
  if (ending.reason === "memory") {
    return errorFields(
      "RuntimeOutOfMemory",
      `The cell used more than the ${facts.heapMegabytes} MB that its heap may have. ${GONE}`,
    );
  }
  if (ending.reason === "closed") {
    return errorFields(
      "RuntimeCrashed",
      `The code closed a file descriptor of the runtime's (1 to 5), so the process was ended. ${GONE}`,
    );
  }
  if (ending.reason === "exit") {
    return errorFields("RuntimeExited", `The process ended with exit code ${ending.code}. ${GONE}`);
  }
  const how = ending.signal === null ? `exit code ${ending.code}` : `signal ${ending.signal}`;
  return errorFields("RuntimeCrashed", `The process crashed with ${how}. ${GONE}`);
}

module.exports = { describeEnding, errorFields };
