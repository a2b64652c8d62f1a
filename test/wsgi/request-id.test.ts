/** Ids from outside cannot be mistaken for those of other requests, and stay within their tag (issue 13, item 18). */
import type { RequestListener } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { requestId } from "../../src/wsgi/request-id.ts";
import type { Environ } from "../../src/wsgi/types.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, rawGet, type TestServer } from "../support/server.ts";

const named = (given: string | undefined): Environ =>
  (given === undefined ? {} : { HTTP_X_REQUEST_ID: given }) as unknown as Environ;
const OWN = /^\d{1,16}$/;

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe("requestId", () => {
  it.each([
    ["abc-1"],
    ["0123456789abcdef"],
    ["d9b1d7db-4cf4-4d5a-a0a7-2f6f4f0f5c3e"],
    ["Root=1-67891233-abcdef012345678912345678"],
    ["12345678901234567"], // like an id of 64 bits; no process counts that far
    ["a".repeat(128)],
    ["-1"],
    ["#17"],
  ])("takes %j, from a header and from middleware", (given) => {
    expect(requestId(undefined, named(given))).toBe(given);
    expect(requestId(given, named("other"))).toBe(given);
  });

  it.each([
    ["a number that this process may have given to another request", "17"],
    ["the same with noughts before it", "0017"],
    ["a number up to which it could count", String(Number.MAX_SAFE_INTEGER)],
    ["a bracket that ends the tag", "a]"],
    ["a bracket that begins one", "[17"],
    ["a blank", "a b"],
    ["a tab", "a\tb"],
    ["a control character", "a\x1bb"],
    ["a byte beyond ASCII", "a\xa0"],
    ["nothing at all", ""],
    ["more than 128 characters", "a".repeat(129)],
  ])("takes no id that is or has %s", (_, given) => {
    expect(requestId(undefined, named(given))).toMatch(OWN);
    expect(requestId(given, named(undefined))).toMatch(OWN);
  });

  it("whatever a client sends, its id is never a counted one, and the tag has one end", () => {
    const counted = new Set<string>();
    const text = fc.oneof(fc.nat(300).map(String), fc.string(), fc.stringMatching(/^[\][0-9# a-]{0,6}$/));
    fc.assert(
      fc.property(text, fc.boolean(), (given, byMiddleware) => {
        const id = byMiddleware ? requestId(given, named(undefined)) : requestId(undefined, named(given));
        if (OWN.test(id)) {
          expect(counted.has(id)).toBe(false);
          counted.add(id);
        } else {
          expect(id).toBe(given);
          expect(`[${id}] line`).toMatch(/^\[[^\s[\]]+\] line$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("accepts a number from middleware, and ignores values of other types", () => {
    expect(requestId(7, named("abc"))).toBe("7");
    expect(requestId({}, named("abc"))).toBe("abc");
    expect(requestId(null, named("abc"))).toBe("abc");
  });
});

const app: WsgiApp = (environ, startResponse) => {
  environ["wsgi.errors"].write("said\n");
  startResponse("200 OK", []);
  return [Buffer.from(String(environ["wsgi_bridge.request_id"]))];
};

describe.each(HOSTS)("on $name", (host) => {
  it("a client that claims another request's number gets its own, and cannot end its tag", async () => {
    const logger = new MemoryLogger();
    server = await host.serve(app, { logger });
    const first = (await rawGet(server.port, "/")).body;
    const ids = [first];
    for (const claimed of [first, String(Number(first) + 2), "x] [1", `${first}]`]) {
      ids.push((await rawGet(server.port, "/", `X-Request-Id: ${claimed}\r\n`)).body);
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(logger.lines).toEqual(ids.map((id) => `[${id}] said`));
    for (const id of ids) expect(id).toMatch(OWN);
  });
});

it("middleware that uses the client's id gives no request another's number", async () => {
  const logger = new MemoryLogger();
  const bridge = fromWsgi(app, { logger });
  const listener: RequestListener = (req, res) => {
    bridge(Object.assign(req, { id: req.headers["x-request-id"] }), res);
  };
  server = await listen(listener);
  const first = (await rawGet(server.port, "/")).body;
  expect((await rawGet(server.port, "/", `X-Request-Id: ${first}\r\n`)).body).not.toBe(first);
  expect((await rawGet(server.port, "/", "X-Request-Id: abc\r\n")).body).toBe("abc");
});
