/**
 * Whether a session reaches the internet.
 */
"use strict";

const net = require("node:net");
const { clearTimeout, setTimeout } = require("node:timers");

const LONGEST_MILLISECONDS = 5000;

/**
 * Find out whether the session reaches a server, and end the cell with what happened.
 * @param {{ async: () => void, text: (text: string) => void }} cell The cell's own `$$`.
 * @param {string} host
 * @param {number} port
 */
function tryToConnect(cell, host, port) {
  cell.async();
  const socket = net.connect({ host, port });
  let isOver = false;
  /** @param {string} outcome */
  const end = (outcome) => {
    if (!isOver) {
      isOver = true;
      clearTimeout(timer);
      socket.destroy();
      cell.text(outcome);
    }
  };
  // A look-up of the name counts too, for which the socket's own timeout does not wait.
  const timer = setTimeout(() => end("no answer within 5 s"), LONGEST_MILLISECONDS);
  socket.once("connect", () => end("connected"));
  socket.once("error", (error) => {
    end("code" in error ? String(error.code) : error.message);
  });
}

module.exports = tryToConnect;
