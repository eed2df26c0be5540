/**
 * The small programs that run beside the user's code.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const PROGRAMS = path.join(__dirname, "..", "..", "acajs_kernel", "runtime", "programs");

/**
 * Call a program in a process of its own.
 * @param {string} folder Where it works.
 * @param {string} name
 * @param {...unknown} values
 * @returns {{stdout: string, value: any, error?: {name: string, message: string}}}
 */
function call(folder, name, ...values) {
  const text = `
    const program = require(${JSON.stringify(path.join(PROGRAMS, `${name}.js`))});
    (async () => program(...${JSON.stringify(values)}))().then(
      (value) => ({ value }), ({ name, message }) => ({ error: { name, message } })
    ).then((outcome) => console.log("\\0" + JSON.stringify(outcome)));`;
  const env = { ...process.env, ACAJS_SESSION_MARKER: "test" };
  const printed = execFileSync(process.execPath, ["-"], { input: text, cwd: folder, env, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"], timeout: 30_000 });
  const [stdout = "", outcome = "{}"] = printed.split("\0");
  return { stdout, value: undefined, ...JSON.parse(outcome) };
}

describe("programs", () => {
  let folder = "";
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "acajs-programs-"));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test("write a file, append to it and read it, from the session's folder", () => {
    assert.equal(call(folder, "write_text", "a.txt", "é\n", false).stdout, "Writing a.txt\n");
    assert.equal(call(folder, "write_text", "a.txt", "b\n", true).stdout, "Appending to a.txt\n");
    assert.deepEqual(call(folder, "read_text", "a.txt", 5).value, { size: 5, content: Buffer.from("é\nb\n").toString("base64") });
    assert.deepEqual(call(folder, "read_text", "a.txt", 4).value, { size: 5, content: null });
    assert.equal(call(folder, "write_text", "a.txt", "c", false).stdout, "Overwriting a.txt\n");
    assert.match(call(folder, "read_text", "none", 4).error?.message ?? "", /ENOENT/);
  });

  test("run a command, and say how it failed", () => {
    assert.equal(call(folder, "run_command", "echo $((6 * 7))").stdout, "42\n");
    assert.equal(call(folder, "run_command", [process.execPath, "-"], "console.log(process.cwd())").stdout, `${fs.realpathSync(folder)}\n`);
    assert.deepEqual(call(folder, "run_command", "exit 3").error, { name: "ShellError", message: "exit status 3" });
    assert.deepEqual(call(folder, "run_command", "kill -TERM $$").error, { name: "ShellError", message: "ended by SIGTERM" });
    assert.match(call(folder, "run_command", ["no-such-program"]).error?.message ?? "", /ENOENT/);
  });

  test("set and tell the environment", () => {
    const { value } = call(folder, "environment", { ACAJS_TEST_VALUE: "quote ' \" $(x)" });
    assert.equal(value.ACAJS_TEST_VALUE, "quote ' \" $(x)");
    assert.equal(value.ACAJS_SESSION_MARKER, "test");
  });

  test("tell what the process is and has used", () => {
    const { value } = call(folder, "facts");
    assert.equal(value.node, process.version);
    assert.ok(value.resident > value.heap && value.total >= value.resident);
    assert.ok(value.processors >= 1 && value.processorSeconds > 0 && value.uptime > 0);
  });

  test("wait until nothing keeps Node running but its own pipes", async () => {
    const text = `
      process.stdin.resume();
      const pending = require(${JSON.stringify(path.join(PROGRAMS, "pending.js"))});
      const outcome = [pending()];
      setTimeout(() => outcome.push("called"), 50);
      outcome.push(pending());
      pending({ waits: true }).then((rest) => { console.log(JSON.stringify([...outcome, rest])); process.exit(); });`;
    const child = spawn(process.execPath, ["--eval", text], { stdio: ["pipe", "pipe", "inherit"], timeout: 30_000 });
    let printed = "";
    for await (const chunk of child.stdout) {
      printed += chunk;
    }
    assert.deepEqual(JSON.parse(printed), [0, 1, "called", 0]);
  });

  test("answer with a value or with what was thrown", async () => {
    const evaluate = require("../../acajs_kernel/runtime/programs/evaluate.js");
    /**
     * @param {() => Promise<{value: unknown}>} action
     * @returns {Promise<unknown>}
     */
    const answer = (action) =>
      new Promise((resolve) => {
        evaluate({ async: () => undefined, text: (text) => resolve(JSON.parse(text)) }, action);
      });
    assert.deepEqual(await answer(async () => ({ value: [1, "é"] })), { value: [1, "é"] });
    assert.deepEqual(await answer(async () => ({ value: undefined })), { value: null });
    assert.deepEqual(await answer(() => Promise.reject(new RangeError("far"))), { ename: "RangeError", evalue: "far" });
    assert.deepEqual(await answer(async () => {
      throw /** @type {any} */ ("far"); // eslint-disable-line no-throw-literal -- users do
    }), { ename: "Uncaught", evalue: "far" });
  });
});
