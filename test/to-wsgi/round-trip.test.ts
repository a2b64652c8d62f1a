import { describe, expect, it, onTestFinished } from "vitest";
import { fromWsgi, toWsgi, type WsgiApp } from "../../src/index.ts";
import { CASES } from "../conformance/cases/all.ts";
import { askHttp1 } from "../conformance/client.ts";
import type { Answer } from "../conformance/parser.ts";
import type { Case, RequestParts } from "../conformance/types.ts";
import { HOSTS, type Host } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";

/** The host that adds no headers of its own. */
const PLAIN: Host = HOSTS.find(({ name }) => name === "node:http") as Host;

/** The responses of an app on that host. */
async function answersOf(app: WsgiApp, request: RequestParts): Promise<readonly Answer[]> {
  const server = await PLAIN.serve(app, { logger: new MemoryLogger() }, () => undefined);
  onTestFinished(() => server.close());
  const answers = await askHttp1(server.port, request);
  await server.close();
  return answers.map((answer) => masked(answer, server.port));
}

/** Fields that the server sets: it may add a Content-Length where the app sent none. */
const FRAMING: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "date",
  "connection",
  "keep-alive",
]);

function masked({ status, reason, headers, body, broken, interim }: Answer, port: number): Answer {
  const kept = headers.filter(([name]) => !FRAMING.has(name.toLowerCase()));
  return { status, reason, headers: kept, body: body.replaceAll(String(port), "{port}"), broken, interim, chunks: [] };
}

/** Whether only the response matters: not for rows in which the client disconnects or the response is aborted. */
function isLawful({ name, app, expect: { broken }, request }: Case): boolean {
  return app !== undefined && broken !== true && request?.leaves !== true && name !== HOSTLESS;
}

/** REV-07: a request without Host gets one made of SERVER_NAME and SERVER_PORT. */
const HOSTLESS = "ENV-15, NODE-29: accepts an HTTP/1.0 request without Host";

it("the table contains the row that REV-07 excludes", () => {
  expect(CASES.map(({ name }) => name)).toContain(HOSTLESS);
});

describe("REV-30: toWsgi(fromWsgi(app)) responds like app", () => {
  for (const row of CASES.filter(isLawful)) {
    it(row.name, async () => {
      const app = row.app as WsgiApp;
      const itself = await answersOf(app, row.request ?? {});
      const through = await answersOf(toWsgi(fromWsgi(app, { logger: new MemoryLogger() })), row.request ?? {});
      expect(through).toEqual(itself);
    });
  }
});
