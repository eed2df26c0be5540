/**
 * A session host whose interpreter is the npm package `nel`, the engine of IJavascript.
 *
 * It speaks the embedded pool's channel on one side and nel's own messages on the other, so
 * that a kernel can be run against the part that the service uses.
 */
"use strict";

const { spawn } = require("node:child_process");
const net = require("node:net");
const readline = require("node:readline");

const option = process.argv.find((argument) => argument.startsWith("--channel-fd="));
const channel = new net.Socket({ fd: Number(option?.split("=")[1] ?? 3) });

/** The package's server as source text, run as nel itself runs it; it has no types. @type {string} */
const SERVER = "nel/lib/server/index.js";
/** @type {string} */
const source = require(SERVER);
const nel = spawn(process.execPath, ["--eval", source], {
  stdio: ["ignore", "ignore", "ignore", "ipc"],
});

/** @param {unknown} message Goes to the pool. */
function send(message) {
  channel.write(`${JSON.stringify(message)}\n`);
}

nel.on("message", (/** @type {Record<string, unknown>} */ message) => {
  if (message.status === "online") {
    send({ status: "online", node: process.version, pid: nel.pid });
  } else {
    send(message);
  }
});
nel.on("exit", (code) => process.exit(code ?? 1));

readline.createInterface({ input: channel }).on("line", (line) => {
  const { id, code } = JSON.parse(line);
  nel.send(["run", code, id]);
});
channel.on("close", () => {
  nel.kill("SIGKILL");
  process.exit(0);
});
