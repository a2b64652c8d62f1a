/**
 * Lets 16 clients send requests to Express, kills uWSGI with all its processes after a third of the requests, and counts the
 * responses. Stops by itself; exit code 1 if a safe request was lost.
 */
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { startBackends } from "./backends.mjs";
import { createSite } from "./server.mjs";

const CLIENTS = 16;
const REQUESTS = 6_000;
const PATHS = ["/shop/cart", "/shop/checkout", "/blog/today"];

const backends = await startBackends();
const site = createSite(backends.places);
const server = createServer(site.app).listen(0, "127.0.0.1");
await once(server, "listening");
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
const { port } = server.address();

let sent = 0;
const answers = new Map();
const lost = [];
let killed;

async function client() {
  while (sent < REQUESTS) {
    sent += 1;
    if (sent === REQUESTS / 3) killed = backends.killUwsgi();
    const path = PATHS[sent % PATHS.length];
    const answer = await get(path).catch((error) => error.message);
    const engine = /, on (.*)\n$/.exec(answer)?.[1];
    if (engine === undefined) lost.push(`${path}: ${answer}`);
    else answers.set(engine, (answers.get(engine) ?? 0) + 1);
  }
}

function get(path) {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path, agent }, async (response) => {
      const text = (await response.setEncoding("utf8").toArray().catch(reject))?.join("");
      resolve(response.statusCode === 200 ? text : `${response.statusCode} ${text}`);
    });
    asked.on("error", reject).end();
  });
}

const before = performance.now();
await Promise.all(Array.from({ length: CLIENTS }, client));
const seconds = (performance.now() - before) / 1000;
await killed;

console.log(`${sent} GETs by ${CLIENTS} clients in ${seconds.toFixed(1)} s; uWSGI was killed after ${REQUESTS / 3}`);
for (const [engine, count] of answers) console.log(`  ${engine} answered ${count}`);
for (const { address, ejected, failures } of site.remote.shop.stats().addresses) {
  console.log(
    `  ${address.split("/").at(-1)}: ${failures} failures, ${ejected ? "gets no requests" : "gets requests"}`,
  );
}
console.log(`  lost: ${lost.length}${lost.length > 0 ? `, such as ${lost[0]}` : ""}`);

agent.destroy();
server.close();
await site.close();
await backends.end();
if (lost.length > 0) process.exitCode = 1;
