/** Runs 1,000 uploads of 1 MB that stop before their last byte, beside normal requests, and measures the memory of Node. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { agent, ask } from "./client.mjs";
import { rss, ServerProcess } from "./server-process.mjs";

const UPLOADS = 1_000;
const SIZE = 1_000_000;
const MIB = 2 ** 20;
/** 64 MiB for bodies; the rest for 1,000 connections, their buffers and their files. */
const MOST_MIB = 320;
const PATIENCE_MS = 60_000;

const server = new ServerProcess({ processes: 1, threads: 4 });
const sockets = [];

try {
  await server.listen();
  for (let number = 0; number < 20; number += 1)
    await ask(server.port, { id: `w${number}`, method: "GET", path: "/name" });
  const before = rss(server.pid);
  await Promise.all(Array.from({ length: UPLOADS }, stalled));
  const normal = [];
  for (let number = 0; number < 100; number += 1) {
    const { status, text } = await ask(server.port, { id: `n${number}`, method: "GET", path: "/name" });
    normal.push(status === 200 && text === `n${number}`);
  }
  const grown = (rss(server.pid) - before) / MIB;
  const wrong = normal.filter((right) => !right).length;
  const answers = await Promise.all(sockets.slice(0, 20).map(finished));
  const unfinished = answers.filter((answer) => !/^HTTP\/1\.1 200 /.test(answer)).length;
  for (const socket of sockets) socket.destroy();
  agent.destroy();
  const { spools } = await server.ask("held");
  console.log(
    [
      `stalled uploads: ${UPLOADS} of ${SIZE} bytes, each without its last byte`,
      `  Node grew by ${grown.toFixed(0)} MiB (target: at most ${MOST_MIB}); ${wrong} of ${normal.length} normal requests failed; ${unfinished} of ${answers.length} completed uploads got no response`,
      `  files of bodies left over: ${spools}`,
    ].join("\n"),
  );
  if (grown > MOST_MIB || wrong > 0 || unfinished > 0 || spools > 0) process.exitCode = 1;
  await server.close();
} catch (error) {
  console.error(`the test of stalled uploads failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

/** Resolves when the operating system has accepted all but the last byte. */
async function stalled() {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  const head = `POST /digest HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${SIZE}\r\n\r\n`;
  const taken = new Promise((resolve) =>
    socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(SIZE - 1)]), resolve),
  );
  await Promise.race([taken, sleep(PATIENCE_MS, undefined, { ref: false })]);
}

/** Sends the last byte. @returns the response */
async function finished(socket) {
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => {
    answer += text;
  });
  socket.write(Buffer.alloc(1));
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}
