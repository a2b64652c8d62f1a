/** Which connection a request gets, and which requests wait. */
import { describe, expect, it } from "vitest";
import { Played, play } from "../support/calls.ts";
import { FastcgiServer } from "../support/fastcgi-server.ts";
import { remote } from "../support/remote.ts";

const POST = { method: "POST", body: "x" };

describe("a connection", () => {
  it("serves one safe request after another if the server keeps it open", async () => {
    const server = await FastcgiServer.start((request) => request.reply(String(request.connection)));
    const app = remote(server.address);
    for (let i = 0; i < 5; i += 1) expect((await play(app)).body).toBe("1");
    expect(app.stats().addresses[0]).toMatchObject({ connections: 1, busy: 0, requests: 5, failures: 0 });
  });

  it("that was kept gets no unsafe request: a new connection takes its place", async () => {
    const server = await FastcgiServer.start((request) => request.reply(String(request.connection)));
    const app = remote(server.address);
    expect((await play(app)).body).toBe("1");
    expect((await play(app, POST)).body).toBe("2");
    expect((await play(app)).body).toBe("2");
    expect(app.stats().addresses[0]).toMatchObject({ connections: 1 });
  });

  it("is not kept once the server is known to close it after each request", async () => {
    const server = await FastcgiServer.start((request) => request.replyAndClose(String(request.connection)));
    const app = remote(server.address);
    for (let i = 1; i <= 6; i += 1) {
      expect((await play(app)).status).toBe("200 OK");
      await server.quiet();
    }
    expect(server.requests.length).toBe(6); // each request was sent once
    expect(app.stats().addresses[0]).toMatchObject({ connections: 0, failures: 0 });
  });

  it("is closed after each request with keepAlive: 0", async () => {
    const server = await FastcgiServer.start((request) => request.reply(String(request.connection)));
    const app = remote(server.address, { keepAlive: 0 });
    for (const connection of ["1", "2", "3"]) expect((await play(app)).body).toBe(connection);
    await server.quiet();
  });

  it("is closed when it has been idle for keepAlive milliseconds", async () => {
    const server = await FastcgiServer.start((request) => request.reply());
    const app = remote(server.address, { keepAlive: 20 });
    await play(app);
    await server.quiet();
    expect(app.stats().addresses[0]?.connections).toBe(0);
  });

  it("WRK-06: on which more arrives after the end of a response serves no other request", async () => {
    const server = await FastcgiServer.start((request) => {
      request.reply("whole");
      request.reply("of nobody");
    });
    const app = remote(server.address);
    for (let i = 0; i < 3; i += 1) expect((await play(app, POST)).body).toBe("whole");
    expect(server.connections).toBe(3);
  });
});

describe("maxConnections", () => {
  it("WRK-09: further requests wait, and are served in the order of arrival", async () => {
    const server = await FastcgiServer.start();
    const app = remote(server.address, { maxConnections: 2 });
    const bodies = ["/0", "/1", "/2", "/3"].map((pathInfo) => play(app, { pathInfo }).then(({ body }) => body));
    for (const first of [await server.request(0), await server.request(1)])
      expect(first.params.has("PATH_INFO")).toBe(true);
    expect(app.stats()).toMatchObject({ addresses: [{ connections: 2, busy: 2 }], queue: { length: 2 } });
    for (let i = 0; i < 4; i += 1) {
      const request = await server.request(i);
      request.reply(request.params.get("PATH_INFO"));
    }
    expect(await Promise.all(bodies)).toEqual(["/0", "/1", "/2", "/3"]);
    expect(server.requests.map(({ params }) => params.get("PATH_INFO"))).toEqual(["/0", "/1", "/2", "/3"]);
    expect(server.connections).toBe(2);
  });

  it("WRK-09: a request beyond queueLength gets a 503 with Retry-After at once", async () => {
    const server = await FastcgiServer.start();
    const app = remote(server.address, { maxConnections: 1, queueLength: 1 });
    const [first, second] = [play(app), play(app)];
    await server.request(0);
    await expect(play(app)).rejects.toMatchObject({
      name: "QueueFullError",
      status: 503,
      headers: { "Retry-After": "1" },
    });
    for (const index of [0, 1]) (await server.request(index)).reply(`${index}`);
    expect((await first).body + (await second).body).toBe("01");
  });

  it("WRK-09: a request that waits longer than queueTimeout gets a 503 with Retry-After", async () => {
    const server = await FastcgiServer.start();
    const app = remote(server.address, { maxConnections: 1, queueTimeout: 20 });
    const first = play(app);
    await server.request(0);
    await expect(play(app)).rejects.toMatchObject({
      name: "QueueTimeoutError",
      status: 503,
      headers: { "Retry-After": "1" },
    });
    expect(app.stats().queue.length).toBe(0);
    (await server.request(0)).reply("done");
    expect((await first).body).toBe("done");
  });

  it("WRK-08: a request whose client leaves while it waits is never sent", async () => {
    const server = await FastcgiServer.start();
    const app = remote(server.address, { maxConnections: 1 });
    const first = play(app);
    const [left, last] = [new Played(app, { pathInfo: "/left" }), play(app, { pathInfo: "/last" })];
    await left.close();
    for (const index of [0, 1]) (await server.request(index)).reply();
    await Promise.all([first, last]);
    expect(server.requests.map(({ params }) => params.get("PATH_INFO"))).toEqual(["/a", "/last"]);
  });
});

describe("many addresses", () => {
  it("share the load: each request goes to the least busy", async () => {
    const servers = await Promise.all([1, 2, 3].map(() => FastcgiServer.start()));
    const app = remote(servers.map(({ address }) => address));
    const all = Array.from({ length: 9 }, (_, index) => play(app, { pathInfo: `/${index}` }));
    for (const server of servers) await server.request(2);
    expect(app.stats().addresses.map(({ busy }) => busy)).toEqual([3, 3, 3]);
    const [first] = servers as [FastcgiServer];
    for (const request of first.requests) request.reply();
    await Promise.all(first.requests.map(({ params }) => all[Number(params.get("PATH_INFO")?.slice(1))]));
    const more = [play(app), play(app), play(app)];
    await first.request(5);
    for (const { requests } of servers) for (const one of requests.slice(-3)) one.reply();
    await Promise.all([...all, ...more]);
    expect(servers.map(({ requests }) => requests.length)).toEqual([6, 3, 3]);
  });
});
