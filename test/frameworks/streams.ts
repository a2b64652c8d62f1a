/** What every framework's streams must do, in Express and in Koa. Knows the routes it is told; knows no framework. */
import { expect, it } from "vitest";
import { Browser } from "./browser.ts";
import { firstChunk, restOf } from "./client.ts";
import { MOUNT, type Site } from "./site.ts";

export interface StreamRoutes {
  /** Sends `first`, waits, then sends `"released\n"`. */
  readonly held: string;
  readonly first?: string;
  /** What ends that wait, and the method that it takes. */
  readonly release: readonly [method: string, path: string];
  /** Never ends by itself. */
  readonly endless: string;
  /** What stands in the log when the endless one is closed, in this order. */
  readonly closed: readonly string[];
  /** For apps whose middleware would gather what it compresses. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Call it where `it` may be called. */
export function itStreams(site: Site, routes: StreamRoutes): void {
  const { held, first = "held\n", release, endless, closed, headers = {} } = routes;
  const [method, path] = release;

  it.each([
    ["Express", () => site.express],
    ["Koa", () => site.koa],
  ])("ITER-02: in %s a block is with the client while the app waits to make the next", async (_name, server) => {
    const visitor = new Browser(server().url);
    const reader = await firstChunk(await visitor.send(`${MOUNT}${held}`, { headers }), first);
    expect((await visitor.send(path, { method })).ok).toBe(true);
    expect(await restOf(reader)).toBe("released\n");
  });

  it("ITER-05, FRM-15: a client that leaves has the result closed", async () => {
    const leaves = new AbortController();
    const response = await new Browser(site.express.url).send(endless, { headers, signal: leaves.signal });
    await response.body?.getReader().read();
    leaves.abort();
    for (const line of closed) await site.logger.said(line);
  });
}
