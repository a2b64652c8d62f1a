/** Runs mixed load for 60 seconds while the processes of the app are killed, replaced and reloaded. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { agent, ask } from "./client.mjs";
import { digestOf, judge, SCENARIOS } from "./scenarios.mjs";
import { rss, ServerProcess } from "./server-process.mjs";

const SECONDS = Number(process.argv[2] ?? 60);
const CLIENTS = 16;
const MIB = 2 ** 20;
const PROCESSES = 3;
const OPTIONS = {
  processes: PROCESSES,
  threads: 4,
  requestTimeout: 1_500,
  gracefulTimeout: 3_000,
  maxRequests: 1_000,
  maxRequestsJitter: 500,
};
/** The allowed growth of the heap, which includes the server's record of the requests. */
const HEAP_MIB = 16;
const PYTHON_MIB = 64;

const server = new ServerProcess(OPTIONS);
const sent = [];
const faults = { SIGKILL: 0, SIGTERM: 0, reload: 0 };
let running = true;

try {
  await server.listen();
  await Promise.all(SCENARIOS.slice(0, 4).flatMap((scenario) => [client(scenario, 20), client(scenario, 20)]));
  const before = await server.ask("held");
  sent.length = 0;
  const clients = Array.from({ length: CLIENTS }, () => client());
  const injected = injectFaults();
  await sleep(SECONDS * 1000);
  running = false;
  await Promise.all([...clients, injected]);
  agent.destroy();
  const report = { ...judgeAll(await server.ask("history")), ...(await leftOver(before)) };
  console.log(describe(report));
  if (report.wrong.length > 0 || report.left.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(`the fault test failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

/** One client: sends one request after another, until the time is over or `count` requests are done. */
async function client(only, count = Number.POSITIVE_INFINITY) {
  for (let done = 0; done < count && (running || only); done += 1) {
    const scenario = only ?? chosen();
    const { method, path, leave } = scenario;
    const id = `${"abcdefgh"[Math.floor(Math.random() * 8)]}${sent.length}.${randomBytes(4).toString("hex")}`;
    const body = scenario.body && randomBytes(1 + Math.floor(Math.random() * scenario.body));
    const request = { scenario, id, digest: body && digestOf(body), outcome: undefined };
    sent.push(request);
    request.outcome = await ask(server.port, { id, method, path, leave, body });
  }
}

function chosen() {
  let at = Math.random() * SCENARIOS.reduce((sum, { share }) => sum + share, 0);
  return SCENARIOS.find(({ share }) => {
    at -= share;
    return at < 0;
  });
}

/** Reloads the app or kills a process at random times. */
async function injectFaults() {
  while (running) {
    await sleep(300 + Math.random() * 900);
    const { processes } = await server.ask("stats");
    const ready = processes.filter(({ state }) => state === "ready");
    const dice = Math.random();
    if (dice < 0.25) {
      faults.reload += 1;
      await server.ask("reload");
    } else if (ready.length > 0) {
      const signal = dice < 0.5 ? "SIGTERM" : "SIGKILL";
      if (kill(ready[Math.floor(Math.random() * ready.length)].pid, signal)) faults[signal] += 1;
    }
  }
}

/** @returns false if the process has ended since it was listed, as views of this app end theirs */
function kill(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
    return false;
  }
}

function judgeAll({ tries, exits }) {
  const ends = { right: 0, 502: 0, cut: 0 };
  const wrong = [];
  // Requests are not retried for a while if their path ended two processes. Killing at random can do that to any path.
  const deadly = new Set(
    sent
      .filter(({ id, outcome }) => outcome.status === 502 && tries[id]?.length === 2)
      .map(({ scenario }) => scenario.path),
  );
  const retried = sent.filter(({ id }) => (tries[id]?.length ?? 0) > 1).length;
  for (const { scenario, id, digest, outcome } of sent) {
    const pids = tries[id] ?? [];
    const fate = {
      tries: pids,
      died: pids.map((pid) => exits[pid] !== undefined && exits[pid] !== "with code 0"),
      deadly: deadly.has(scenario.path),
    };
    const end = judge(scenario, { id, digest }, outcome, fate);
    if (end === undefined)
      wrong.push({ name: scenario.name, id, outcome, ...fate, exits: pids.map((pid) => exits[pid]) });
    else ends[end] += 1;
  }
  return { ends, wrong, retried, deaths: Object.keys(exits).length };
}

/** Lists what the server still holds that it did not hold before. */
async function leftOver(before) {
  const after = await server.ask("held");
  const { processes } = await server.ask("stats");
  const left = [];
  const unclosed = await Promise.all(
    processes.map(() => ask(server.port, { id: "u", method: "GET", path: "/unclosed" })),
  );
  if (unclosed.some(({ text }) => text !== "0")) left.push(`unclosed results: ${unclosed.map(({ text }) => text)}`);
  agent.destroy();
  const grown = (after.heap - before.heap) / MIB;
  if (processes.length !== PROCESSES) left.push(`${processes.length} processes instead of ${PROCESSES}`);
  if (after.files > before.files) left.push(`${after.files - before.files} open files`);
  if (after.spools > 0) left.push(`${after.spools} spooled bodies`);
  if (after.timers > before.timers) left.push(`${after.timers - before.timers} timers`);
  if (grown > HEAP_MIB) left.push(`${grown.toFixed(1)} MiB of heap`);
  const python = Math.max(...processes.map(({ pid }) => rss(pid))) / MIB;
  if (python > PYTHON_MIB) left.push(`a Python process of ${python.toFixed(0)} MiB`);
  if (!(await server.close())) left.push("something that keeps the server process alive");
  const orphans = processes.filter(({ pid }) => isAlive(pid));
  if (orphans.length > 0) left.push(`${orphans.length} Python processes`);
  return { left, grown, python };
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function describe({ ends, wrong, retried, deaths, left, grown, python }) {
  const counts = SCENARIOS.map(
    ({ name }) => `${sent.filter(({ scenario }) => scenario.name === name).length} × ${name}`,
  );
  return [
    `fault test: ${SECONDS} s, ${CLIENTS} clients, ${sent.length} requests (${counts.join(", ")})`,
    `  faults: ${faults.SIGKILL} × SIGKILL, ${faults.SIGTERM} × SIGTERM, ${faults.reload} × reload; ${deaths} processes ended`,
    `  ${ends.right} right, ${ends[502]} got a 502 and ${ends.cut} were cut because their process died, ${retried} retried, ${wrong.length} WRONG`,
    `  heap grew by ${grown.toFixed(1)} MiB; largest Python process ${python.toFixed(0)} MiB; left over: ${left.join(", ") || "nothing"}`,
    ...wrong.slice(0, 20).map((one) => `  WRONG: ${JSON.stringify(one)}`),
  ].join("\n");
}
