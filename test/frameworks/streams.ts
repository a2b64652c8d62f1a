/** Tests of streams that hold for every framework, in Express and in Koa. Knows the given routes; knows no framework. */
import { expect, it } from "vitest";
import { Browser } from "./browser.ts";
import { firstChunk, restOf } from "./client.ts";
import { MOUNT, type Site } from "./site.ts";

export interface StreamRoutes {
  /** Sends `first`, waits, then sends `"released\n"`. */
  readonly held: string;
  readonly first?: string;
  /** The request that ends the wait. */
  readonly release: readonly [method: string, path: string];
  /** Streams without end. */
  readonly endless: string;
  /** The log lines, in order, after the endless stream was closed. */
  readonly closed: readonly string[];
  /** Request headers, for apps whose middleware would buffer the stream to compress it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Defines the tests. Call it within `describe`. */
export function itStreams(site: Site, routes: StreamRoutes): void {
  const { held, first = "held\n", release, endless, closed, headers = {} } = routes;
  const [method, path] = release;

  it.each([
    ["Express", () => site.express],
    ["Koa", () => site.koa],
  ])("ITER-02: in %s, sends a block before the app makes the next one", async (_name, server) => {
    const visitor = new Browser(server().url);
    const reader = await firstChunk(await visitor.send(`${MOUNT}${held}`, { headers }), first);
    expect((await visitor.send(path, { method })).ok).toBe(true);
    expect(await restOf(reader)).toBe("released\n");
  });

  it("ITER-05, FRM-15: closes the result when the client disconnects", async () => {
    const client = new AbortController();
    const response = await new Browser(site.express.url).send(endless, { headers, signal: client.signal });
    await response.body?.getReader().read();
    client.abort();
    for (const line of closed) await site.logger.said(line);
  });
}
