/** Sends 1.5 MB in blocks of one byte to readers that read late, and measures event loop stalls and memory of Node. */
import { connect, createServer } from "node:net";
import { rss, ServerProcess } from "./server-process.mjs";

const BYTES = Number(process.argv[2] ?? 1_500_000);
const LATE_MS = 4_000;
const STALL_MS = 50;
const MOST_MIB = 16;
const MIB = 2 ** 20;
const SAMPLE_MS = 20;

const record = (type, content) =>
  Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0, ...content]);
/** Returns the bytes of a stream, each in its own record. */
const tiny = (type, count) => Buffer.alloc(9 * count, record(type, [120]));
const pair = (name, value) => [name.length, value.length, ...Buffer.from(name + value)];
const END = record(3, [0, 0, 0, 0, 0, 0, 0, 0]);
const [BEGIN_REQUEST, PARAMS, STDIN, STDOUT] = [1, 4, 5, 6];

const remote = createServer((socket) => {
  const answer = Buffer.concat([record(STDOUT, Buffer.from("Status: 200 OK\r\n\r\n")), tiny(STDOUT, BYTES), END]);
  socket.once("data", () => socket.write(answer)).on("error", () => undefined);
}).listen(0, "127.0.0.1");
const { port } = await new Promise((resolve) => remote.on("listening", () => resolve(remote.address())));
const server = new ServerProcess({ remote: `127.0.0.1:${port}`, lateMs: LATE_MS }, "tiny-server.mjs");
const rows = [];

try {
  const { fastcgi } = await server.listen();
  await download("/bytes?100000", 0); // code that runs for the first time needs extra memory
  await weigh("a Python view", () => download(`/bytes?${BYTES}`, LATE_MS));
  await weigh("a FastCGI server", () => download("/remote", LATE_MS));
  await weigh("STDIN of serveFastcgi", () => upload(fastcgi));
  console.log([`tiny blocks: ${BYTES} of one byte, read after ${LATE_MS} ms`, ...rows].join("\n"));
  remote.close();
  await server.close();
} catch (error) {
  console.error(`the test of tiny blocks failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

/** Runs a transfer and samples the memory of Node. */
async function weigh(name, transfer) {
  await server.ask("watch");
  const before = rss(server.pid);
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, rss(server.pid));
  }, SAMPLE_MS);
  const began = performance.now();
  const bytes = await transfer().finally(() => clearInterval(watch));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const stall = await server.ask("stall");
  const grown = (peak - before) / MIB;
  const right = bytes === BYTES;
  rows.push(
    `  ${name}: ${right ? "all" : `${bytes} bytes, WRONG,`} in ${seconds} s; longest stall ${stall.toFixed(1)} ms (target: at most ${STALL_MS}); memory growth ${grown.toFixed(1)} MiB (target: at most ${MOST_MIB})`,
  );
  if (!right || stall > STALL_MS || grown > MOST_MIB) process.exitCode = 1;
}

/** @returns {Promise<number>} the size of the body, without chunk sizes */
function download(path, late) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nX-Request-Id: t\r\nConnection: close\r\n\r\n`);
    socket.pause();
    setTimeout(() => socket.resume(), late);
    const parts = [];
    socket.on("data", (part) => parts.push(part)).on("error", reject);
    socket.on("close", () => {
      const text = Buffer.concat(parts).toString("latin1");
      resolve(text.slice(text.indexOf("\r\n\r\n")).replaceAll(/[^x]/g, "").length);
    });
  });
}

/** @returns {Promise<number>} the number of bytes that the app has read */
async function upload(address) {
  const socket = connect(Number(address.split(":")[1]), "127.0.0.1");
  const params = [
    ...pair("REQUEST_METHOD", "POST"),
    ...pair("REQUEST_URI", "/"),
    ...pair("SERVER_PROTOCOL", "HTTP/1.1"),
  ];
  params.push(...pair("CONTENT_LENGTH", String(BYTES)));
  socket.write(
    Buffer.concat([
      record(BEGIN_REQUEST, [0, 1, 0, 0, 0, 0, 0, 0]),
      record(PARAMS, params),
      record(PARAMS, []),
      tiny(STDIN, BYTES),
      record(STDIN, []),
    ]),
  );
  let text = "";
  for await (const part of socket.setEncoding("latin1")) text += part;
  return Number(/\r\n\r\n.{8}(\d+)/s.exec(text)?.[1]);
}
