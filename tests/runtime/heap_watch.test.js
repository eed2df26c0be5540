/**
 * The watch over a heap that is nearly full, alone, on a heap that it takes for full.
 */
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { describe, test } = require("node:test");

const { watchHeap } = require("../../acajs_kernel/runtime/runner/heap_watch.js");

/** Native work that answers nothing, as a collection does: about a second on an idle machine. */
const WORK = 'require("node:crypto").pbkdf2Sync("a", "b", 1_000_000, 64, "sha512");';

/** Milliseconds of a process's time that it may run, of each hundred. */
const SLICE = 20;

/**
 * Run a program that is watched, beside what keeps the thread of the watch alive.
 * @param {string} program
 * @returns {import("node:child_process").ChildProcessByStdio<null, null, import("node:stream").Readable>}
 */
function watched(program) {
  const watch = `(${watchHeap.toString()})(1); setInterval(() => undefined, 1e6)`;
  const start = `new (require("node:worker_threads").Worker)(${JSON.stringify(watch)}, { eval: true }).unref()`;
  return spawn(process.execPath, ["--eval", `${start}; ${program}`], { stdio: ["ignore", "ignore", "pipe"] });
}

/**
 * @param {ReturnType<typeof watched>} child
 * @returns {Promise<{code: number | null, signal: string | null, text: string}>}
 */
async function ended(child) {
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, text };
}

describe("the watch over a heap that is full", { concurrency: true, skip: process.platform === "win32" }, () => {
  test("ends a process that only collects, even where others take most of the processor", { timeout: 60_000 }, async () => {
    const child = watched(`for (let turn = 0; turn < 30; turn += 1) ${WORK}`);
    const pulse = setInterval(() => {
      child.kill("SIGCONT");
      setTimeout(() => child.kill("SIGSTOP"), SLICE);
    }, 100);
    const { signal, text } = await ended(child);
    clearInterval(pulse);
    assert.equal(signal, "SIGKILL");
    assert.match(text, /JavaScript heap out of memory/);
  });

  test("leaves alone what sleeps", { timeout: 60_000 }, async () => {
    const cell = "new Int32Array(new SharedArrayBuffer(4))";
    const { code } = await ended(watched(`for (let turn = 0; turn < 4; turn += 1) Atomics.wait(${cell}, 0, 0, 2000)`));
    assert.equal(code, 0);
  });

  test("leaves alone what runs", { timeout: 60_000 }, async () => {
    const { code } = await ended(watched("for (const end = Date.now() + 9000; Date.now() < end; );"));
    assert.equal(code, 0);
  });

  test("leaves alone what mostly runs, and collects for long now and then", { timeout: 60_000 }, async () => {
    const run = "for (const end = Date.now() + took; Date.now() < end; );";
    const turn = `const begun = Date.now(); ${WORK} const took = 1500 + Date.now() - begun; ${run}`;
    const { code } = await ended(watched(`for (let turn = 0; turn < 5; turn += 1) { ${turn} }`));
    assert.equal(code, 0);
  });
});
