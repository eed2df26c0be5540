/**
 * `process.stdout` and `process.stderr` as streams: they end for those who wait, and live on.
 */
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

const SETUP = `
const { pipeline, Readable, Writable, finished } = require("stream");
const promises = require("stream/promises");
const source = (text = "piped ") => Readable.from([text, Buffer.from("bytes\\n")]);
const failing = () => Readable.from((async function* () { yield "begun\\n"; throw new Error("broken source"); })());
0`;

/** Code that pipes, what it prints, and the text of its result. @type {[string, string, string, string?][]} */
const CASES = [
  ["a promised pipeline", "await promises.pipeline(source(), process.stdout); 1", "piped bytes\n"],
  ["a pipeline to stderr", "await promises.pipeline(source(), process.stderr); 1", "", "piped bytes\n"],
  ["a pipeline with a callback", "await new Promise((done) => pipeline(source(), process.stdout, done)) ?? 1", "piped bytes\n"],
  ["a pipeline of a generator", "await promises.pipeline(async function* () { yield 'a'; yield 'b\\n'; }, process.stdout); 1", "ab\n"],
  ["a pipeline through transforms", "await promises.pipeline(source(), require('zlib').createGzip(), require('zlib').createGunzip(), process.stdout); 1", "piped bytes\n"],
  ["a pipeline that does not end it", "await promises.pipeline(source(), process.stdout, { end: false }); 1", "piped bytes\n"],
  ["a stream of the web", "await Readable.toWeb(source()).pipeTo(Writable.toWeb(process.stdout)); 1", "piped bytes\n"],
  ["the body of a response", "await new Response('body\\n').body.pipeTo(Writable.toWeb(process.stdout)); 1", "body\n"],
  ["pipe", "source().pipe(process.stdout); await new Promise((done) => setTimeout(done, 20)); 1", "piped bytes\n"],
  ["end with a callback", "await new Promise((done) => process.stdout.end('last\\n', done)) ?? 1", "last\n"],
  ["end and its event", "await new Promise((done) => process.stdout.once('finish', done).end('last\\n')) ?? 1", "last\n"],
  ["destroy and its event", "await new Promise((done) => process.stdout.once('close', done).destroy()) ?? 1", ""],
  ["a pipeline within the callback of another", "await new Promise((done) => pipeline(source('a'), process.stdout, () => pipeline(source('b'), process.stdout, done))) ?? 1", "abytes\nbbytes\n"],
  ["finished", "process.stdout.end(); await promises.finished(process.stdout); 1", ""],
  ["writing at once after the end", "process.stdout.end('a'); console.log('b'); 1", "ab\n"],
  ["a source that fails", "await promises.pipeline(failing(), process.stdout).catch((error) => console.log(error.message)); 1", "begun\nbroken source\n"],
];

describe("the process's own streams", () => {
  /** @type {AgentSession} */
  let session;
  before(async () => {
    session = await AgentSession.open(/** @type {any} */ (KINDS[1]));
    await session.run(SETUP);
  });
  after(() => session.close());

  for (const [name, code, stdout, stderr = ""] of CASES) {
    test(`end with ${name}, twice, and print on`, async () => {
      for (let round = 0; round < 2; round += 1) {
        const ran = await session.run(code);
        assert.deepEqual([ran.error, ran.text, ran.stdout, ran.stderr], [undefined, "1", stdout, stderr]);
      }
      const ran = await session.run("console.log('later'); console.error('too'); process.stdout.writable");
      assert.deepEqual([ran.stdout, ran.stderr, ran.text], ["later\n", "too\n", "true"]);
    });
  }

  test("print what bytes have begun of a character before the text that follows", async () => {
    const { stdout } = await session.run(
      "process.stdout.write(Buffer.from([0xf0, 0x9f])); process.stdout.write('x\\n'); " +
        "process.stdout.write(Buffer.from([0xc3])); process.stdout.write(Buffer.from([0xa9])); process.stdout.write('y'); 0",
    );
    assert.equal(stdout, "\ufffdx\néy");
  });
});
