/** The server for tiny blocks: a Python app, a remote FastCGI app and an app behind `serveFastcgi`. */
import { createServer } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fromWsgi } from "wsgi-bridge";
import { fastcgiApp, serveFastcgi } from "wsgi-bridge/fastcgi";
import { pythonApp } from "wsgi-bridge/python";
import { ensurePython } from "../../scripts/python-env.mjs";

const { remote, lateMs } = JSON.parse(process.argv[2]);
const python = pythonApp("app:app", {
  directory: fileURLToPath(new URL(".", import.meta.url)),
  python: ensurePython(),
  processes: 1,
  threads: 1,
});
const upstream = fastcgiApp(remote);
const http = createServer((req, res) => fromWsgi(req.url === "/remote" ? upstream : python)(req, res));
/** Reads its complete body, late. */
const fastcgi = await serveFastcgi(async (environ, startResponse) => {
  await sleep(lateMs);
  const body = await environ["wsgi.input"].read();
  startResponse("200 OK", []);
  return [Buffer.from(String(body.length))];
}, "127.0.0.1:0");
const delay = monitorEventLoopDelay({ resolution: 1 });

const COMMANDS = {
  async listen() {
    await python.ready();
    await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
    return { port: http.address().port, fastcgi: fastcgi.address };
  },
  watch() {
    globalThis.gc();
    delay.enable();
    delay.reset();
  },
  /** Returns the longest stall since `watch`, in milliseconds. */
  stall: () => delay.max / 1e6,
  async close() {
    delay.disable();
    http.close();
    http.closeIdleConnections();
    await Promise.all([python.close(), upstream.close(), fastcgi.close()]);
    process.disconnect();
  },
};

process.on("message", async ({ number, command }) => {
  const answer = await COMMANDS[command]();
  if (process.connected) process.send({ number, answer });
});
