/**
 * A session host of another language: it understands print(TEXT) and nothing else.
 *
 * It stands for a pool whose container type is not NodeLTS.
 */
"use strict";

const net = require("node:net");
const readline = require("node:readline");

const option = process.argv.find((argument) => argument.startsWith("--channel-fd="));
const channel = new net.Socket({ fd: Number(option?.split("=")[1] ?? 3) });

/** @param {unknown} message Goes to the pool. */
function send(message) {
  channel.write(`${JSON.stringify(message)}\n`);
}

send({ status: "online", node: process.version, pid: process.pid });
readline.createInterface({ input: channel }).on("line", (line) => {
  const { id, code } = JSON.parse(line);
  const printed = /^print\("(.*)"\)$/.exec(code);
  if (printed !== null) {
    send({ id, stdout: `${printed[1]}\n` });
    send({ id, mime: {}, end: true });
  } else {
    send({
      id,
      error: { ename: "SyntaxError", evalue: "invalid syntax", traceback: [] },
      end: true,
    });
  }
});
channel.on("close", () => process.exit(0));
