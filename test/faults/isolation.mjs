/** Requests broken views at random beside plain ones for 60 seconds. No client may get a byte of another client's response. */
import { randomBytes } from "node:crypto";
import { agent, ask } from "./client.mjs";
import { ServerProcess } from "./server-process.mjs";

const SECONDS = Number(process.argv[2] ?? 60);
const CLIENTS = 50;
const OPTIONS = { target: "broken:app", processes: 4, threads: 13, requestTimeout: 10_000, gracefulTimeout: 2_000 };

/** @typedef {{ path: string, share: number, method?: string, repeats?: number, atMost?: number, ends?: readonly number[] }} View
 *  `repeats`: how often a right response has the id; `atMost`: the same as an upper limit; `ends`: other expected statuses.
 *  A 502 or a cut response is allowed, because the process may have died. */

/** @type {View[]} */
const VIEWS = [
  { path: "/name", share: 55 },
  { path: "/body", share: 12, method: "POST", repeats: 2 },
  { path: "/stream", share: 10, repeats: 5 },
  { path: "/fork", share: 3 },
  { path: "/fork_streams", share: 1, repeats: 2 },
  { path: "/daemon", share: 1 },
  { path: "/late_read", share: 4, method: "POST" },
  { path: "/late_write", share: 3, atMost: 2 }, // the late bytes may arrive in time
  { path: "/late_ask", share: 2 },
  { path: "/raise", share: 3, ends: [500] },
  { path: "/exit", share: 2, ends: [500] },
  { path: "/locks", share: 2 },
  { path: "/long_head", share: 1, ends: [500] },
  { path: "/close_raises", share: 1 },
  { path: "/descriptors", share: 0.05, ends: [502] },
  { path: "/dies", share: 0.05, ends: [502] },
];
const TOTAL = VIEWS.reduce((sum, { share }) => sum + share, 0);

const server = new ServerProcess(OPTIONS);
const counts = { right: 0, failed: 0, 502: 0, cut: 0 };
const perView = {};
const wrong = [];
let number = 0;

try {
  await server.listen();
  const end = performance.now() + SECONDS * 1000;
  await Promise.all(Array.from({ length: CLIENTS }, () => client(end)));
  agent.destroy();
  const { processes } = await server.ask("stats");
  const closed = await server.close();
  console.log(
    [
      `isolation: ${SECONDS} s, ${CLIENTS} clients, ${number} requests (${Object.entries(perView)
        .map(([path, count]) => `${count} x ${path}`)
        .join(", ")})`,
      `  ${counts.right} right, ${counts.failed} got an expected 500, ${counts[502]} got a 502 and ${counts.cut} were cut because their process died`,
      `  responses with the token of another request, or otherwise wrong: ${wrong.length}`,
      `  ${processes.length} processes at the end; the server ${closed ? "exited by itself" : "DID NOT EXIT"}`,
      ...wrong.slice(0, 20).map((one) => `  WRONG: ${JSON.stringify(one)}`),
    ].join("\n"),
  );
  if (wrong.length > 0 || !closed) process.exitCode = 1;
} catch (error) {
  console.error(`the isolation test failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
}

async function client(end) {
  while (performance.now() < end) {
    const view = chosen();
    number += 1;
    const id = `${number}-${randomBytes(6).toString("hex")}`;
    const { path, method = "GET" } = view;
    perView[path] = (perView[path] ?? 0) + 1;
    const body = method === "POST" ? Buffer.from(id) : undefined;
    judge(view, id, await ask(server.port, { id, method, path, body }));
  }
}

function chosen() {
  let at = Math.random() * TOTAL;
  return VIEWS.find(({ share }) => {
    at -= share;
    return at < 0;
  });
}

function judge({ path, repeats = 1, atMost = repeats, ends = [] }, id, { status, text, cut, hung }) {
  const tokens = text.match(/\d+-[0-9a-f]{12}/g) ?? [];
  const own = tokens.every((one) => one === id) && !text.includes("child");
  const complete = tokens.length >= repeats && tokens.length <= atMost && !ends.includes(500);
  if (!own || hung) wrong.push({ path, id, status, text, cut, hung });
  else if (status === 200 && !cut && complete) counts.right += 1;
  else if (ends.includes(status) && status === 500) counts.failed += 1;
  else if (status === 502) counts[502] += 1;
  else if (status === 200 && cut) counts.cut += 1;
  else wrong.push({ path, id, status, text, cut, hung });
}
