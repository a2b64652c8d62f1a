/** Addresses that accept no connections: which address gets their requests, and when they get requests again. */
import { describe, expect, it } from "vitest";
import { play } from "../support/calls.ts";
import { FastcgiServer } from "../support/fastcgi-server.ts";
import { remote } from "../support/remote.ts";
import { unusedAddress } from "../support/unused-address.ts";

describe("an address that accepts no connections", () => {
  it("gets no requests after maxFailures, is probed, and gets requests again when it accepts a connection", async () => {
    const server = await FastcgiServer.start((request) => request.reply("alive"));
    const dead = await unusedAddress();
    const app = remote([dead, server.address], { maxFailures: 2, keepAlive: 0 });
    for (let i = 0; i < 10; i += 1) expect((await play(app)).body).toBe("alive");
    expect(app.stats().addresses[0]).toMatchObject({ address: dead, ejected: true, requests: 2, failures: 2 });
    expect(app.logger.text).toMatch(/cannot connect to .*; the address gets no requests until a connection succeeds/);

    const back = await FastcgiServer.start((request) => request.reply("back"), Number(dead.split(":")[1]));
    await app.logger.said(`${dead} accepts connections again`);
    expect(app.stats().addresses[0]?.ejected).toBe(false);
    const bodies = await Promise.all([play(app), play(app)]);
    expect(bodies.map(({ body }) => body).sort()).toEqual(["alive", "back"]);
    expect(back.requests).toHaveLength(1);
  });

  it("still gets the requests if it is the only one", async () => {
    const dead = await unusedAddress();
    const app = remote(dead, { maxFailures: 1 });
    for (let i = 0; i < 3; i += 1) await expect(play(app)).rejects.toMatchObject({ status: 502 });
    expect(app.stats().addresses[0]).toMatchObject({ ejected: false, requests: 3, failures: 3 });
    await FastcgiServer.start((request) => request.reply("at last"), Number(dead.split(":")[1]));
    expect((await play(app)).body).toBe("at last");
  });

  it("is the last of two: requests go to it and fail, and none waits for ever", async () => {
    const app = remote([await unusedAddress(), await unusedAddress()], { maxFailures: 1 });
    for (let i = 0; i < 3; i += 1) await expect(play(app)).rejects.toMatchObject({ name: "UnreachableError" });
    expect(app.stats().addresses.filter(({ ejected }) => ejected)).toHaveLength(1);
  });

  it("does not delay requests that wait for another address", async () => {
    const server = await FastcgiServer.start();
    const app = remote([await unusedAddress(), server.address], { maxConnections: 1 });
    const all = ["/0", "/1", "/2"].map((pathInfo) => play(app, { method: "POST", pathInfo }));
    for (const index of [0, 1, 2]) (await server.request(index)).reply("done");
    expect((await Promise.all(all)).map(({ body }) => body)).toEqual(["done", "done", "done"]);
  });
});

it("a request whose connection broke waits for another address, and does not go to the same one", async () => {
  const [bad, good] = [await FastcgiServer.start((request) => request.drop()), await FastcgiServer.start()];
  const app = remote([bad.address, good.address], { maxConnections: 1, keepAlive: 0 });
  const bodies = ["/0", "/1"].map((pathInfo) => play(app, { pathInfo }).then(({ body }) => body));
  (await good.request(0)).reply("good");
  (await good.request(1)).reply("good");
  expect(await Promise.all(bodies)).toEqual(["good", "good"]);
  expect(bad.requests).toHaveLength(1);
});

it("a server that fails each request at once gets no more of them than a slow one", async () => {
  const [bad, good] = [await FastcgiServer.start((request) => request.drop()), await FastcgiServer.start()];
  const app = remote([bad.address, good.address], { keepAlive: 0 });
  for (let sent = 1; sent <= 12; sent += 1) {
    const broken = play(app, { method: "POST" }).then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([broken, good.request(good.requests.length)]);
  }
  expect([bad.requests.length, good.requests.length]).toEqual([6, 6]);
});

it("no safe request is lost when a server is killed under load", async () => {
  const servers = await Promise.all([1, 2, 3].map(() => FastcgiServer.start((request) => request.reply("ok"))));
  const [victim] = servers as [FastcgiServer];
  const app = remote(servers.map(({ address }) => address));
  let done = 0;
  let killed: Promise<void> | undefined;
  const client = async (): Promise<void> => {
    for (let i = 0; i < 50; i += 1) {
      expect((await play(app)).body).toBe("ok");
      done += 1;
      if (done === 200) killed = victim.close();
    }
  };
  await Promise.all(Array.from({ length: 10 }, client));
  await killed;
  expect(done).toBe(500);
  expect(app.stats().addresses[0]).toMatchObject({ ejected: true, connections: 0 });
});
