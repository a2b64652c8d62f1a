/** httpbin: every response is the one that gunicorn sends for the same request. */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gunicorn } from "../support/gunicorn.ts";
import { underGunicorn } from "./gunicorn.ts";
import { ALL_PLACES, useSite } from "./hosting.ts";
import { REQUESTS, type Request } from "./httpbin-requests.ts";

interface Answer {
  readonly status: string;
  /** Sorted by name. Those of the same name are in the order in which they arrived. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** Headers that describe the server and its connection. gunicorn replaces an app's Server header by its own. */
const OF_THE_SERVER = /^(Server|Date|Connection|Keep-Alive|X-Powered-By)$/i;

/** What differs from one response to the next: ids, nonces, the time. */
const CHANGING: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>"],
  [/\b[0-9a-f]{32}\b/g, "<32 hexadecimal digits>"],
  [/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, "<date>"],
];

const agent = new Agent({ keepAlive: true });

/** Sends a request with the same head to any server. */
function send(origin: string, path: string, { method, target, headers, body, chunked }: Request): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const all = { Host: "httpbin.test", ...headers };
    const out = httpRequest({ agent, hostname, port, method, path: path + target, headers: all });
    out.removeHeader("Connection"); // httpbin would repeat it
    if (chunked) out.setHeader("Transfer-Encoding", "chunked");
    else if (body !== undefined) out.setHeader("Content-Length", body.length);
    out.on("error", reject).on("response", (response) => answerOf(response, chunked).then(resolve, reject));
    out.end(body);
  });
}

/** Reads a response, without what may differ. The order of headers with different names has no meaning (RFC 9110 §5.3). */
async function answerOf(response: IncomingMessage, chunked: boolean): Promise<Answer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString("latin1");
  const headers: string[] = [];
  for (const [at, name] of response.rawHeaders.entries())
    if (at % 2 === 0 && !OF_THE_SERVER.test(name) && !(chunked && name === "Content-Length"))
      headers.push(`${name}: ${response.rawHeaders[at + 1]}`);
  return {
    status: `${response.statusCode} ${response.statusMessage}`,
    headers: headers.map(constant).sort((one, other) => compare(nameOf(one), nameOf(other))),
    body: constant(chunked ? withoutTransfer(body) : body),
  };
}

const constant = (text: string): string => CHANGING.reduce((all, [pattern, name]) => all.replace(pattern, name), text);
const nameOf = (header: string): string => header.slice(0, header.indexOf(":"));
const compare = (one: string, other: string): number => Number(one > other) - Number(one < other);

/**
 * httpbin repeats the headers of the request. Behind gunicorn it sees `Transfer-Encoding: chunked` and no length. Here it
 * sees the true length of the decoded body, as docs/environ.md says.
 */
function withoutTransfer(body: string): string {
  const repeated = JSON.parse(body) as { headers: Record<string, string> };
  const { "Transfer-Encoding": _coding, "Content-Length": _length, ...headers } = repeated.headers;
  return JSON.stringify({ ...repeated, headers });
}

describe.each(ALL_PLACES)("httpbin in $name answers as under gunicorn", (place) => {
  const site = useSite(place, "httpbin:app");
  let gunicorn: Gunicorn;
  beforeAll(async () => {
    gunicorn = await underGunicorn("httpbin:app", place, site.folder);
    return () => gunicorn.close();
  });

  /** Koa itself removes these headers of responses that have no body. */
  const asSent = (answer: Answer): Answer => {
    if (!place.name.startsWith("Koa") || !/^20[45] /.test(answer.status)) return answer;
    return { ...answer, headers: answer.headers.filter((header) => !/^Content-(Type|Length): /.test(header)) };
  };

  it.each(REQUESTS)("$method $target", async (request) => {
    const expected = await send(gunicorn.url, place.path, request);
    expect(await send(site.origin, place.path, request)).toEqual(asSent(expected));
  });
});

it("compares at least 80 requests", () => {
  expect(REQUESTS.length).toBeGreaterThanOrEqual(80);
  expect(new Set(REQUESTS).size).toBe(REQUESTS.length);
});
afterAll(() => agent.destroy());
