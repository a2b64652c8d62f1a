/** Runs 500 clients that send or read one byte at a time, beside 100 normal requests per second. */
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { agent, ask } from "./client.mjs";
import { ServerProcess } from "./server-process.mjs";

const SLOW = 500;
const BYTE_MS = 100;
const SECONDS = 15;
const NORMAL_EVERY_MS = 10;
const MEDIAN_MS = 50;
const MIB = 2 ** 20;

const server = new ServerProcess({ processes: 2, threads: 4 });
let running = true;

try {
  await server.listen();
  const slow = Array.from({ length: SLOW }, (_, number) => (number % 2 === 0 ? sender() : reader()));
  const latencies = await normalRequests();
  running = false;
  const wrong = (await Promise.all(slow)).filter((answer) => answer !== undefined);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)];
  console.log(
    [
      `slow clients: ${SLOW / 2} that send and ${SLOW / 2} that read a byte every ${BYTE_MS} ms, for ${SECONDS} s, on 2 x 4 threads`,
      `  beside them ${latencies.length} requests, ${(latencies.length / SECONDS).toFixed(0)} per second: median ${at(0.5).toFixed(1)} ms (target: below ${MEDIAN_MS}), p99 ${at(0.99).toFixed(1)} ms`,
      `  slow clients with a wrong response: ${wrong.length}`,
      ...wrong.slice(0, 5).map((answer) => `  WRONG: ${answer}`),
    ].join("\n"),
  );
  if (wrong.length > 0 || at(0.5) >= MEDIAN_MS) process.exitCode = 1;
  await server.close();
} catch (error) {
  console.error(`the slow-client test failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

/** @returns {Promise<number[]>} milliseconds */
async function normalRequests() {
  const asked = [];
  const begun = performance.now();
  for (let number = 0; number * NORMAL_EVERY_MS < SECONDS * 1000; number += 1) {
    asked.push(timed(`n${number}`));
    await sleep(Math.max(0, begun + (number + 1) * NORMAL_EVERY_MS - performance.now()));
  }
  return Promise.all(asked);
}

async function timed(id) {
  const begun = performance.now();
  const { status, text } = await ask(server.port, { id, method: "GET", path: "/name" });
  if (status !== 200 || text !== id) throw new Error(`a normal request got ${status} ${JSON.stringify(text)}`);
  return performance.now() - begun;
}

/** Sends a body byte by byte while the test runs, then the rest. @returns what was wrong, or undefined */
async function sender() {
  const body = randomBytes((2 * SECONDS * 1000) / BYTE_MS);
  const socket = connect({ port: server.port, host: "127.0.0.1", noDelay: true });
  socket.write(
    `POST /digest HTTP/1.1\r\nHost: h\r\nX-Request-Id: s\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  let sent = 0;
  for (; running && sent < body.length - 1; sent += 1) {
    socket.write(body.subarray(sent, sent + 1));
    await sleep(BYTE_MS);
  }
  socket.write(body.subarray(sent));
  let answer = "";
  for await (const block of socket.setEncoding("latin1")) answer += block;
  const digest = createHash("sha256").update(body).digest("hex");
  return answer.startsWith("HTTP/1.1 200 ") && answer.includes(digest) ? undefined : `POST: ${answer.slice(0, 200)}`;
}

/** Reads one byte at a time while the test runs, then the rest. @returns what was wrong, or undefined */
function reader() {
  return new Promise((resolve) => {
    let begin = Buffer.alloc(0);
    let bytes = 0;
    const socket = connect({
      port: server.port,
      host: "127.0.0.1",
      onread: {
        buffer: () => Buffer.allocUnsafe(running ? 1 : 65_536),
        callback(length, buffer) {
          bytes += length;
          if (begin.length < 300) begin = Buffer.concat([begin, buffer.subarray(0, length)]);
          if (running) setTimeout(() => socket.resume(), BYTE_MS);
          return !running;
        },
      },
    });
    socket.write("GET /mebibyte HTTP/1.1\r\nHost: h\r\nX-Request-Id: r\r\nConnection: close\r\n\r\n");
    socket
      .on("error", () => undefined)
      .on("close", () => {
        const [head] = begin.toString("latin1").split("\r\n\r\n");
        const right = head.startsWith("HTTP/1.1 200 ") && bytes === head.length + 4 + MIB;
        resolve(right ? undefined : `GET: ${bytes} bytes, ${head.slice(0, 200)}`);
      });
  });
}
