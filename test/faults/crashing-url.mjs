/** Requests a URL that crashes Python every 2 s for 60 s, beside other clients, which must not notice. */
import { setTimeout as sleep } from "node:timers/promises";
import { agent, ask } from "./client.mjs";
import { ServerProcess } from "./server-process.mjs";

const SECONDS = Number(process.argv[2] ?? 60);
const EVERY_MS = 2_000;
const PROCESSES = 2;
/** After each crash, all processes must serve again within this time. */
const RECOVERY_MS = 1_000;
/** The number of clients for each path. Those of /slow are mostly in the middle of a request when a crash happens. */
const CLIENTS = { "/name": 4, "/slow": 6 };

const server = new ServerProcess({ processes: PROCESSES, threads: 4 });
const answered = [];
const crashes = [];
let running = true;

try {
  await server.listen();
  const clients = Object.entries(CLIENTS).flatMap(([path, count]) => Array.from({ length: count }, () => client(path)));
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const next = sleep(EVERY_MS);
    crashes.push(await crash());
    await next;
  }
  running = false;
  await Promise.all(clients);
  const { exits } = await server.ask("history");
  agent.destroy();
  await server.close();
  report(Object.values(exits).filter((how) => how === "by SIGSEGV").length);
} catch (error) {
  console.error(`the test of a crashing URL failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

async function client(path) {
  while (running) {
    const id = `${answered.length}.${Math.random()}`;
    const began = performance.now();
    const outcome = await ask(server.port, { id, method: "GET", path });
    answered.push({
      ok: outcome.status === 200 && !outcome.cut && outcome.text === id,
      ms: performance.now() - began,
      outcome,
    });
    if (path === "/name") await sleep(10);
  }
}

/** @returns the status of the crashing request, and the time until all processes served again */
async function crash() {
  const { status } = await ask(server.port, { id: "crash", method: "GET", path: "/abort" });
  const died = performance.now();
  for (;;) {
    const { processes } = await server.ask("stats");
    if (processes.filter(({ state }) => state === "ready").length === PROCESSES)
      return { status, ms: performance.now() - died };
    await sleep(10);
  }
}

function report(deaths) {
  const failed = answered.filter(({ ok }) => !ok);
  const times = answered.map(({ ms }) => ms).sort((a, b) => a - b);
  const recovered = crashes.filter(({ ms }) => ms <= RECOVERY_MS).length;
  const wrong = crashes.filter(({ status }) => status !== 502).length;
  const longest = Math.max(...crashes.map(({ ms }) => ms));
  console.log(
    [
      `crashing URL: ${SECONDS} s, ${crashes.length} × GET /abort (${wrong} did not get a 502), which killed ${deaths} processes`,
      `  ${answered.length} other GETs, ${failed.length} FAILED; the slowest took ${times.at(-1).toFixed(0)} ms, p99 ${times[Math.floor(times.length * 0.99)].toFixed(0)} ms`,
      `  all ${PROCESSES} processes served again within ${RECOVERY_MS} ms after ${recovered} of ${crashes.length} crashes; the longest recovery took ${longest.toFixed(0)} ms`,
      ...failed.slice(0, 20).map(({ outcome }) => `  FAILED: ${JSON.stringify(outcome)}`),
    ].join("\n"),
  );
  if (failed.length > 0 || recovered < crashes.length || wrong > 0) process.exitCode = 1;
}
