/** Holds 1,000 idle event streams open on one process of an app that gevent, then eventlet, has patched. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, get } from "node:http";
import { fileURLToPath } from "node:url";
import { fromWsgi } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";

const STREAMS = 1_000;
const LIMIT_MIB = 100;
const MIB = 2 ** 20;
const QUIET = { info() {}, warn() {}, error() {} };
const APPS = fileURLToPath(new URL("../apps/green", import.meta.url));

for (const library of ["gevent", "eventlet"]) {
  try {
    await holdStreams(library);
  } catch (error) {
    console.error(`the event-stream test failed with ${library}: ${error.message}`);
    process.exitCode = 1;
  }
}

async function holdStreams(library) {
  const options = {
    directory: APPS,
    python: ensureAppsPython(),
    processes: 1,
    threads: STREAMS + 1,
    gracefulTimeout: 0,
    logger: QUIET,
  };
  const app = pythonApp(`${library}_app:app`, options);
  const server = createServer(fromWsgi(app)).listen(0, "127.0.0.1");
  try {
    await Promise.all([app.ready(), once(server, "listening")]);
    const { port } = server.address();
    const { pid } = app.stats().processes[0];
    const before = memory(pid);
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(port)));
    const beside = await read(await openPath(port, "/"));
    const { threads } = JSON.parse(beside);
    const after = memory(pid);
    console.log(
      [
        `event streams: ${STREAMS} idle ones on one process of an app that ${library} has patched`,
        `  ${threads} OS thread(s) in Python; its memory ${after.toFixed(0)} MiB, ${before.toFixed(0)} MiB before (target: below ${LIMIT_MIB})`,
      ].join("\n"),
    );
    if (streams.length !== STREAMS || threads !== 1 || after >= LIMIT_MIB) process.exitCode = 1;
    for (const stream of streams) stream.destroy();
  } finally {
    server.close();
    server.closeAllConnections();
    await app.close();
  }
}

/** Resolves with the response when its first event has arrived. */
async function openStream(port) {
  const response = await openPath(port, "/events");
  const [event] = await once(response.setEncoding("utf8"), "data");
  if (event !== "data: hello\n\n") throw new Error(`a stream began with ${JSON.stringify(event)}`);
  return response.on("error", () => undefined);
}

async function openPath(port, path) {
  const [response] = await once(get({ port, host: "127.0.0.1", path, agent: false }), "response");
  if (response.statusCode !== 200) throw new Error(`${path} got ${response.statusCode}`);
  return response;
}

async function read(response) {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part;
  return text;
}

/** The resident memory of a process in MiB. */
function memory(pid) {
  return (Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]) * 1024) / MIB;
}
