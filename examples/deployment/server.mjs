import { createServer } from "node:http";
import express from "express";
import { closeOnSignal, fromWsgi, StartError } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";

const { HOST = "127.0.0.1", PORT = "3000", LISTEN_FDS } = process.env;
const { TRUST_PROXY = "0", WEB_CONCURRENCY = "1", DATABASE_URL } = process.env;

const shop = pythonApp("shop:app", {
  directory: "./legacy",
  processes: Number(WEB_CONCURRENCY),
  env: DATABASE_URL === undefined ? {} : { DATABASE_URL }, // every variable that the Python app reads must be named here
});

const app = express();
app.set("trust proxy", /^\d+$/.test(TRUST_PROXY) ? Number(TRUST_PROXY) : TRUST_PROXY);
app.get("/livez", (_req, res) => res.send("ok\n"));
app.get("/readyz", (_req, res) => {
  const { processes, queue } = shop.stats();
  const ready = processes.filter(({ state }) => state === "ready").length;
  res.status(ready === 0 ? 503 : 200).json({ ready, waiting: queue.length });
});
app.use(fromWsgi(shop, { maxBodySize: 64 * 1024 ** 2 }));

const server = createServer(app);
server.keepAliveTimeout = 75_000; // longer than the proxy in front keeps an idle connection: nginx 60 s
server.on("listening", () => console.log(`listening on port ${server.address().port}`));
closeOnSignal(server, shop).then(() => process.exit(0)); // even if a database pool or a timer would keep Node alive
process.on("SIGHUP", () => {
  shop.reload().then(
    () => console.log("new Python processes serve"),
    (error) => console.error(`the old Python processes serve on: ${error.message}`),
  );
});

try {
  await shop.ready();
} catch (error) {
  process.exit(error instanceof StartError ? 1 : 0); // 1: the log has the reason; 0: a signal came first
}
server.listen(LISTEN_FDS === "1" ? { fd: 3 } : { port: Number(PORT), host: HOST }); // 3: the socket that systemd opened
