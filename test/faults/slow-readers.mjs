/** Runs 200 clients that read one byte per second of a 20 MB page, beside 100 normal requests per second. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { agent, ask } from "./client.mjs";
import { rss, ServerProcess } from "./server-process.mjs";

const SLOW = 200;
const PAGE = 20_000_000;
const BYTE_MS = 1_000;
const SECONDS = 24;
/** The interval between arrivals of slow clients. A small machine can make 200 MB of pages per second beside the rest. */
const ARRIVES_MS = 100;
const NORMAL_EVERY_MS = 10;
const MEDIAN_MS = 50;
/** How many of the slow clients read their page to the end. */
const PATIENT = 4;
const MIB = 2 ** 20;
const SEND_TIMEOUT_MS = 1_000;

/** @type {ServerProcess | undefined} */
let server;
let running = true;

try {
  await slowBesideNormal();
  await cutOff();
} catch (error) {
  console.error(`the slow-reader test failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

async function slowBesideNormal() {
  server = new ServerProcess({ processes: 2, threads: 4 });
  await server.listen();
  const before = rss(server.pid);
  const slow = Array.from({ length: SLOW }, async (_, number) => {
    await sleep(number * ARRIVES_MS);
    return reader(number % (SLOW / PATIENT) === 0);
  });
  const { latencies, idleAfter } = await normalRequests();
  const held = (rss(server.pid) - before) / MIB;
  running = false;
  const wrong = (await Promise.all(slow)).filter((answer) => answer !== undefined);
  agent.destroy();
  const { spools } = await server.ask("held");
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)];
  console.log(
    [
      `slow readers: ${SLOW} that read a byte every ${BYTE_MS} ms of ${PAGE / 1e6} MB, for ${SECONDS} s, on 2 x 4 threads; all arrived within ${(SLOW * ARRIVES_MS) / 1000} s`,
      `  beside them ${latencies.length} requests, ${(latencies.length / SECONDS).toFixed(0)} per second: median ${at(0.5).toFixed(1)} ms (target: below ${MEDIAN_MS}), p99 ${at(0.99).toFixed(1)} ms, longest ${at(0.9999).toFixed(1)} ms`,
      `  all Python threads were free after ${idleAfter.toFixed(1)} s; Node grew by ${held.toFixed(0)} MiB (expected: at most 1 MiB per response, and the socket buffers)`,
      `  slow clients with a wrong response: ${wrong.length} of the ${PATIENT} that read to the end; files left over: ${spools}`,
      ...wrong.slice(0, 5).map((answer) => `  WRONG: ${answer}`),
    ].join("\n"),
  );
  if (wrong.length > 0 || at(0.5) >= MEDIAN_MS || spools > 0 || !(idleAfter < SECONDS)) process.exitCode = 1;
  await server.close();
}

/** Checks that `sendTimeout` disconnects a client that reads nothing, and closes its result. */
async function cutOff() {
  running = true;
  const options = { processes: 1, threads: 2, responseSpool: 0, fromWsgi: { sendTimeout: SEND_TIMEOUT_MS } };
  server = new ServerProcess(options);
  await server.listen();
  const begun = performance.now();
  const stalled = await stall();
  const seconds = (performance.now() - begun) / 1000;
  const { text } = await ask(server.port, { id: "u", method: "GET", path: "/unclosed" });
  agent.destroy();
  console.log(
    `  with sendTimeout ${SEND_TIMEOUT_MS} ms: a client that reads nothing was ${stalled ? "disconnected" : "NOT disconnected"} after ${seconds.toFixed(1)} s; unclosed results: ${text}`,
  );
  if (!stalled || text !== "0") process.exitCode = 1;
  await server.close();
}

async function normalRequests() {
  const asked = [];
  const begun = performance.now();
  let idleAfter = Number.POSITIVE_INFINITY;
  for (let number = 0; number * NORMAL_EVERY_MS < SECONDS * 1000; number += 1) {
    asked.push(timed(`n${number}`));
    await sleep(Math.max(0, begun + (number + 1) * NORMAL_EVERY_MS - performance.now()));
    if (number % 50 !== 49 || Number.isFinite(idleAfter)) continue;
    const { processes } = await server.ask("stats");
    const busy = processes.reduce((sum, { inFlight }) => sum + inFlight, 0);
    if (busy <= 1 && number * NORMAL_EVERY_MS > SLOW * ARRIVES_MS) idleAfter = (performance.now() - begun) / 1000; // a normal request may be running
  }
  return { latencies: await Promise.all(asked), idleAfter };
}

async function timed(id) {
  const begun = performance.now();
  const { status, text } = await ask(server.port, { id, method: "GET", path: "/name" });
  if (status !== 200 || text !== id) throw new Error(`a normal request got ${status} ${JSON.stringify(text)}`);
  return performance.now() - begun;
}

/** Reads one byte at a time, then disconnects, or reads the rest if `patient`. @returns what was wrong, or undefined */
function reader(patient) {
  return new Promise((resolve) => {
    let begin = Buffer.alloc(0);
    let bytes = 0;
    let sum = 0;
    const socket = connect({
      port: server.port,
      host: "127.0.0.1",
      onread: {
        buffer: () => Buffer.allocUnsafe(running ? 1 : 65_536),
        callback(length, buffer) {
          bytes += length;
          for (let i = 0; i < length; i += 1) sum = (sum + buffer[i]) % 65_521;
          if (begin.length < 300) begin = Buffer.concat([begin, buffer.subarray(0, length)]);
          if (running) setTimeout(next, BYTE_MS);
          return !running;
        },
      },
    });
    const next = () => {
      if (running || patient) socket.resume();
      else socket.destroy();
    };
    socket.write(`GET /page?${PAGE} HTTP/1.1\r\nHost: h\r\nX-Request-Id: r\r\nConnection: close\r\n\r\n`);
    socket
      .on("error", () => undefined)
      .on("close", () => {
        if (!patient) return resolve(undefined);
        const [head] = begin.toString("latin1").split("\r\n\r\n");
        const ofHead = Buffer.from(`${head}\r\n\r\n`, "latin1").reduce((all, byte) => all + byte, 0);
        const right = head.startsWith("HTTP/1.1 200 ") && bytes === head.length + 4 + PAGE;
        const intact = (sum - (ofHead % 65_521) + 65_521) % 65_521 === expectedSum();
        return resolve(right && intact ? undefined : `GET: ${bytes} bytes, ${head.slice(0, 200)}`);
      });
  });
}

/** Returns the checksum of the page that `do_page` in app.py sends. */
function expectedSum() {
  let sum = 0;
  for (let at = 0, block = 0; at < PAGE; at += 65_536, block += 1) sum += Math.min(65_536, PAGE - at) * (block % 251);
  return sum % 65_521;
}

/** Requests a long stream and reads nothing. @returns whether the server closed the connection */
function stall() {
  return new Promise((resolve) => {
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    socket.write("GET /stream?100000 HTTP/1.1\r\nHost: h\r\nX-Request-Id: s\r\n\r\n");
    socket.pause().on("error", () => undefined);
    setTimeout(() => socket.resume(), 6 * SEND_TIMEOUT_MS);
    socket.on("close", () => resolve(true));
    setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, 9 * SEND_TIMEOUT_MS);
  });
}
