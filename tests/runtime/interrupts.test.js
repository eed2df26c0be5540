/**
 * An interrupt ends the code: nothing that the cell began goes on, and nothing else ends.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");

const { AgentSession, KINDS } = require("./agent_session.js");

/** What an earlier cell leaves: functions, a server, an interval that others can hear. */
const EARLIER = `
const { EventEmitter, on, once } = require("node:events");
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const { Readable, PassThrough } = require("node:stream");
const childProcess = require("node:child_process");
const timersPromises = require("node:timers/promises");
const { Worker } = require("node:worker_threads");
const util = require("node:util");
var marks = 0, requests = 0, ticks = 0, cleaned = 0, kept = "kept";
// A print, a file and a variable: none of them may change when the cell is over.
function mark() { marks += 1; console.log("mark"); fs.appendFileSync("marks", "x"); }
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function work() { for (;;) { mark(); await sleep(30); } }
async function* generate() { try { for (;;) { await sleep(30); yield 1; } } finally { cleaned += 1; } }
const bus = new EventEmitter();
const server = http.createServer((request, response) => {
  requests += 1;
  if (request.url === "/slow") return;
  if (request.url === "/drip") { response.write("a"); setInterval(() => response.write("b"), 20); return; }
  response.end("ok");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = "http://127.0.0.1:" + server.address().port;
const takers = [];
const take = () => new Promise((resolve) => takers.push(resolve));
setInterval(() => { ticks += 1; bus.emit("tick", ticks); takers.splice(0).forEach((resolve) => resolve(ticks)); }, 20);
0`;

/**
 * Cells that go on for ever, and whether what they wait for can be made to fail.
 * @type {[claim: string, code: string, cleansUp: boolean][]}
 */
const FORMS = [
  ["a loop of sleeps", "for (;;) { mark(); await sleep(30); }", true],
  ["a loop that catches what it is told", "for (;;) { try { mark(); await sleep(300); } catch {} }", false],
  ["a long sleep", "await sleep(1e6);", true],
  ["a sleep whose callback is the cell's own", "for (;;) { mark(); await new Promise((done) => setTimeout(() => done(), 30)); }", false],
  ["an interval", "setInterval(mark, 20); await new Promise(() => {});", false],
  ["a chain of timers", "(function again() { mark(); setTimeout(again, 20); })(); await new Promise(() => {});", false],
  ["a chain of immediates", "let turns = 0; (function again() { if ((turns += 1) % 500 === 0) mark(); setImmediate(again); })(); await new Promise(() => {});", false],
  ["an interval and a busy loop", "setInterval(mark, 20); await sleep(90); for (;;);", false],
  ["a sleep of timers/promises", "for (;;) { mark(); await timersPromises.setTimeout(30); }", true],
  ["an interval of timers/promises", "for await (const _ of timersPromises.setInterval(30)) mark();", true],
  ["the scheduler", "for (;;) { mark(); await timersPromises.scheduler.wait(30); }", true],
  ["a promisified sleep", "const promisified = util.promisify(setTimeout); for (;;) { mark(); await promisified(30); }", true],
  ["a loop of requests", "for (;;) { mark(); await (await fetch(url)).text(); }", true],
  ["a loop of requests that catches", "for (;;) { try { mark(); await (await fetch(url)).text(); await sleep(10); } catch {} }", false],
  ["a request without an answer", "mark(); await fetch(url + '/slow');", true],
  ["an answer without an end", "mark(); await (await fetch(url + '/drip')).text();", true],
  ["a body that is read in pieces", "for await (const piece of (await fetch(url + '/drip')).body) mark();", true],
  ["requests of node:http", "for (;;) { mark(); await new Promise((resolve, reject) => http.get(url, (response) => response.resume().on('end', resolve)).on('error', reject)); await sleep(10); }", true],
  ["a request of node:http without an answer", "await new Promise((resolve, reject) => http.get(url + '/slow', resolve).on('error', reject));", true],
  ["a chain of requests by callbacks", "(function again() { mark(); http.get(url, (response) => response.resume().on('end', again)).on('error', () => setTimeout(again, 50)); })(); await new Promise(() => {});", false],
  ["a socket", "const socket = net.connect(server.address().port, '127.0.0.1'); socket.write('GET /drip HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'); for await (const _ of socket) mark();", true],
  ["a server of its own", "const own = http.createServer((_, response) => { mark(); response.end(); }).listen(0); await once(own, 'listening'); globalThis.ownUrl = 'http://127.0.0.1:' + own.address().port; for (;;) { await fetch(ownUrl); await sleep(10); }", true],
  ["a stream of a generator", "for await (const _ of Readable.from(generate())) mark();", true],
  ["a file that never comes", "childProcess.execSync('mkfifo fifo || true'); await fs.promises.readFile('fifo');", true],
  ["a stream that does not let itself be closed", "const stuck = fs.createReadStream('/dev/zero'); stuck._destroy = () => { for (;;); }; await new Promise(() => {});", false],
  ["a loop of writes", "for (;;) { marks += 1; await fs.promises.appendFile('marks', 'x'); await sleep(1); }", true],
  ["a chain of writes by callbacks", "(function again() { marks += 1; fs.appendFile('marks', 'x', again); })(); await new Promise(() => {});", false],
  ["an event of an earlier cell", "for (;;) { await once(bus, 'tick'); mark(); }", true],
  ["an event that never comes", "await once(bus, 'never');", true],
  ["events of an earlier cell", "for await (const _ of on(bus, 'tick')) mark();", true],
  ["a promise of its own that an earlier cell's event resolves", "for (;;) { await new Promise((resolve) => bus.once('tick', () => resolve())); mark(); }", false],
  ["a promise that an earlier cell's event resolves", "for (;;) { await new Promise((resolve) => bus.once('tick', resolve)); mark(); }", true],
  ["a listener to an earlier cell's events", "bus.on('tick', mark); await new Promise(() => {});", false],
  ["several at once", "for (;;) { await Promise.all([sleep(20), sleep(40), fetch(url)]); mark(); }", true],
  ["a race", "for (;;) { await Promise.race([sleep(20), new Promise(() => {})]); mark(); }", true],
  ["an asynchronous function of an earlier cell", "await work();", true],
  ["one that is not awaited", "work(); await new Promise(() => {});", false],
  ["then without await", "(function again() { return sleep(20).then(mark).then(again); })(); await new Promise(() => {});", false],
  ["a generator of an earlier cell", "for await (const _ of generate()) mark();", true],
  ["a worker", "const worker = new Worker(\"setInterval(() => require('node:fs').appendFileSync('marks', 'x'), 20)\", { eval: true }); await once(worker, 'exit');", true],
  ["messages of a worker", "const talker = new Worker(\"setInterval(() => require('node:worker_threads').parentPort.postMessage(1), 20)\", { eval: true }); talker.on('message', mark); await new Promise(() => {});", false],
  ["a child process", "const child = childProcess.spawn('sh', ['-c', 'while true; do echo x >> marks; sleep 0.02; done']); await once(child, 'exit');", true],
  ["a child process's output", "const printer = childProcess.spawn('sh', ['-c', 'while true; do echo x; sleep 0.02; done']); for await (const _ of printer.stdout) mark();", true],
  ["a child process that ignores signals", "childProcess.spawn('sh', ['-c', 'trap \"\" TERM INT; while true; do echo x >> marks; sleep 0.02; done']); await new Promise(() => {});", false],
  ["a promisified command", "await util.promisify(childProcess.exec)('while true; do echo x >> marks; sleep 0.02; done');", true],
  ["a child process that is started again", "(function again() { mark(); childProcess.spawn('sleep', ['0.02']).on('exit', again); })(); await new Promise(() => {});", false],
  ["a synchronous command", "childProcess.execSync('while true; do echo x >> marks; sleep 0.02; done');", true],
  ["a synchronous program", "childProcess.spawnSync('sleep', ['30']);", true],
  ["synchronous commands that are caught", "for (;;) { try { mark(); childProcess.execSync('sleep 30'); } catch {} }", false],
  ["web streams", "for await (const _ of new ReadableStream({ async pull(controller) { await sleep(20); controller.enqueue(1); } })) mark();", true],
];

const SLOW_MACHINE = 2000;

for (const kind of KINDS.slice(1)) {
  describe(`an interrupt in ${kind.name}`, () => {
    /** @type {AgentSession} */
    let session;
    const marks = () => {
      try {
        return fs.statSync(path.join(session.folder, "marks")).size;
      } catch {
        return 0;
      }
    };
    before(async () => {
      session = await AgentSession.open(kind);
      const { error } = await session.run(EARLIER);
      assert.equal(error, undefined);
    });
    after(() => session.close());

    for (const [claim, code, cleansUp] of FORMS) {
      test(`ends ${claim}`, async () => {
        await session.run("cleaned = 0");
        const { cell } = await session.start(`try { ${code} } finally { cleaned += 1; console.log("cleaned"); }`);
        await session.ask({ op: "poll", cell, wait: 150 });
        await session.ask({ op: "poll", cell, wait: 150 });
        const begun = performance.now();
        await session.ask({ op: "interrupt", cell, wait: SLOW_MACHINE });
        const { error, done } = await session.finish(cell);
        assert.ok(performance.now() - begun < SLOW_MACHINE, "an interrupt takes at most 2 s");
        assert.deepEqual([error?.ename, error?.evalue], ["KeyboardInterrupt", "The cell was interrupted."]);
        assert.equal(done.status, "error");

        const state = "[kept, marks, cleaned > 0].join()";
        const seen = [(await session.run(state)).text, marks()];
        // Ten ticks of the earlier cell's interval, whose server answers.
        const later = await session.run(
          "const first = ticks; const all = requests; while (ticks < first + 10) await once(bus, 'tick');" +
            " const rest = requests - all; await (await fetch(url)).text() + rest",
        );
        assert.deepEqual([later.error, later.text], [undefined, "'ok0'"], "no request arrives");
        assert.deepEqual([(await session.run(state)).text, marks()], seen, "no variable and no file changes");
        assert.equal(seen[0], `'kept,${/** @type {string} */ (seen[0]).split(",")[1]},${cleansUp}'`);
        assert.deepEqual(session.eventsOf(cell).filter(({ seq }) => seq > done.seq), [], "nothing is shown");
      });
    }

    test("shows nothing of a cell that somebody else's promise wakes up", async () => {
      const { cell } = await session.start("for (;;) { try { await take(); console.log('awake'); requests += 0; await fetch(url); } catch {} }");
      await session.until(() => session.eventsOf(cell).length > 0, cell);
      await session.ask({ op: "interrupt", cell, wait: SLOW_MACHINE });
      const { done } = await session.finish(cell);
      const { text, stdout } = await session.run(
        "const all2 = requests; for (let turn = 0; turn < 10; turn += 1) await take(); console.log('alive'); requests - all2",
      );
      assert.deepEqual([text, stdout], ["0", "alive\n"]);
      assert.deepEqual(session.eventsOf(cell).filter(({ seq }) => seq > done.seq), []);
    });

    test("leaves alone what later cells make of an interrupted one's functions", async () => {
      const { cell } = await session.start(
        "async function helper() { for (let turn = 0; turn < 3; turn += 1) { await take(); console.log('turn'); } } await sleep(1e6)",
      );
      await session.ask({ op: "interrupt", cell, wait: SLOW_MACHINE });
      await session.finish(cell);
      const background = await session.run("helper(); 'begun'");
      assert.equal(background.text, "'begun'");
      assert.equal((await session.run("await helper(); await take(); 'done'")).text, "'done'");
      assert.equal(session.events.filter(({ kind: what, text }) => what === "stream" && text?.includes("turn")).map(({ text }) => text).join("").length, 30);
    });

    test("ends one of two cells that wait for the same", async () => {
      const loop = "for await (const [tick] of on(bus, 'tick')) { console.log(tick); }";
      for (let round = 0; round < 3; round += 1) {
        const { cell } = await session.start(loop);
        await session.until(() => session.eventsOf(cell).length > 0, cell);
        await session.ask({ op: "interrupt", cell, wait: SLOW_MACHINE });
        const { stdout } = await session.finish(cell);
        const shown = stdout.trim().split("\n").map(Number);
        assert.deepEqual(shown, shown.map((_, index) => /** @type {number} */ (shown[0]) + index), "each event once");
      }
    });

    test("gives code 200 ms to clean up, and no more", async () => {
      const { cell } = await session.start(
        "try { await sleep(1e6); } catch (error) { console.log(error.name, error instanceof Error); } finally {" +
          " await sleep(20); await (await fetch(url)).text(); console.log('released'); await sleep(1e6); console.log('never'); }",
      );
      await session.ask({ op: "poll", cell, wait: 100 });
      await session.ask({ op: "interrupt", cell, wait: SLOW_MACHINE });
      assert.equal((await session.finish(cell)).stdout, "KeyboardInterrupt true\nreleased\n");
    });

    test("leaves the child processes of earlier cells alone", async () => {
      await session.run("var earlier = childProcess.spawn('sleep', ['100']); 0");
      for (const code of ["await sleep(1e6)", "childProcess.execSync('sleep 30')", "childProcess.execFileSync('sleep', ['30'])"]) {
        const { cell } = await session.start(code);
        await session.ask({ op: "poll", cell, wait: 200 });
        await session.ask({ op: "interrupt", cell, wait: SLOW_MACHINE });
        assert.equal((await session.finish(cell)).error?.evalue, "The cell was interrupted.");
      }
      assert.equal((await session.run("[earlier.exitCode, earlier.signalCode, earlier.kill()]")).text, "[ null, null, true ]");
    });
  });
}
