import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { malform, seeded } from "../support/raw-mutations.ts";
import { faultsOf, INVALID, VALID } from "../support/raw-requests.ts";
import { rawGet, type TestServer } from "../support/server.ts";

const COUNT = 10_000;
const CONNECTIONS = 32;
/** Set MALFORMED_SEED to test 10,000 other requests; each failure shows the seed that was used. */
const SEED = Number(process.env.MALFORMED_SEED ?? 3333);
/** Inline caches and spare buffers vary; a leak of a kilobyte per request would be 10 MB. */
const HEAP_BOUND = 3 * 1024 * 1024;
/** The statuses that a malformed request may get. */
const ANSWERS = new Set(["100", "200", "400", "404", "413", "414", "417", "431", "501"]); // 404: Express, of "x://host"

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

it(`survives ${COUNT} malformed requests without leaking memory (seed ${SEED})`, { timeout: 60_000 }, async () => {
  const faults = new Set<string>();
  const processErrors: unknown[] = [];
  const remember = (error: unknown): void => {
    if ((error as Error).name !== "DeprecationWarning") processErrors.push(error); // url.parse(), in frameworks
  };
  for (const event of ["uncaughtExceptionMonitor", "unhandledRejection", "warning"]) {
    process.on(event, remember);
    onTestFinished(() => void process.off(event, remember));
  }
  const app: WsgiApp = async (environ, startResponse) => {
    for (const fault of faultsOf(environ)) faults.add(fault);
    await environ["wsgi.input"].read();
    startResponse("200 OK", [["Content-Type", "text/plain"]]);
    return [bytes("read")];
  };
  const logger = new MemoryLogger();
  const servers = await Promise.all(HOSTS.map((host) => host.serve(app, { logger, maxBodySize: 1000 })));
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });
  const random = seeded(SEED);
  const requests = [...VALID, ...VALID, ...VALID, ...INVALID] // most requests are valid ones with one malformed place
    .map(({ request }) => request)
    .filter((request) => request.length < 2000);
  const answers = new Map<string, number>();
  const run = (count: number): Promise<void> => sendAll(count, () => malform(random, requests), { servers, answers });

  await run(COUNT / 5); // warms up caches and compiled code
  const before = heapUsed();
  await run(COUNT);
  const growth = heapUsed() - before;

  const tally = `seed ${SEED}: ${JSON.stringify(Object.fromEntries(answers))}`;
  expect(
    [...answers.keys()].filter((status) => !ANSWERS.has(status)),
    tally,
  ).toEqual([]);
  for (const status of ["200", "400"]) expect(answers.get(status) ?? 0, tally).toBeGreaterThan(COUNT / 10);
  expect([...faults], tally).toEqual([]);
  expect(logger.lines, tally).toEqual([]); // none of it was the application's fault
  expect(processErrors, tally).toEqual([]);
  expect(growth, `${tally}: bytes of heap kept`).toBeLessThan(HEAP_BOUND);
  for (const { port } of servers) expect((await rawGet(port, "/")).head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

interface Targets {
  readonly servers: readonly TestServer[];
  /** How often each status was received. */
  readonly answers: Map<string, number>;
}

/** Sends requests to the servers in turn; each connection sends one request and then ends its side. */
async function sendAll(count: number, make: () => string, { servers, answers }: Targets): Promise<void> {
  let sent = 0;
  const sendInTurn = async (): Promise<void> => {
    while (sent < count) {
      const server = servers[sent % servers.length] as TestServer;
      sent += 1;
      const text = await sendAndLeave(server.port, make());
      for (const [, status = ""] of text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)) {
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sendInTurn));
}

function sendAndLeave(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", () => undefined); // a reset is an acceptable response, too
    socket.on("close", () => resolve(text));
    socket.end(request, "latin1");
  });
}

function heapUsed(): number {
  collectGarbage();
  collectGarbage(); // frees the objects that finalisers of the first run released
  return process.memoryUsage().heapUsed;
}
