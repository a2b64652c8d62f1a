/** `close()` of a remote app. */
import { expect, it } from "vitest";
import { Played, play } from "../support/calls.ts";
import { FastcgiServer } from "../support/fastcgi-server.ts";
import { stdout } from "../support/records.ts";
import { remote } from "../support/remote.ts";

it("WRK-09: close() waits for running and queued requests, refuses new ones, and leaves no connection", async () => {
  const server = await FastcgiServer.start();
  const app = remote(server.address, { maxConnections: 1, gracefulTimeout: 10_000 });
  const [running, waiting] = [play(app), play(app)];
  const first = await server.request(0);
  const closed = app.close();
  await expect(play(app)).rejects.toMatchObject({ name: "AppClosedError", status: 503 });
  first.reply("one");
  (await server.request(1)).reply("two");
  await closed;
  expect((await running).body + (await waiting).body).toBe("onetwo");
  expect(app.stats().addresses[0]).toMatchObject({ connections: 0, busy: 0 });
  await server.quiet();
});

it("a running request may be retried after close()", async () => {
  let asked = 0;
  const server = await FastcgiServer.start((request) => {
    asked += 1;
    if (asked > 1) request.reply("second");
  });
  const app = remote(server.address, { gracefulTimeout: 10_000 });
  const running = play(app);
  const first = await server.request(0);
  const closed = app.close();
  first.drop();
  expect((await running).body).toBe("second");
  await closed;
});

it("running and queued requests are aborted after gracefulTimeout", async () => {
  const server = await FastcgiServer.start((request) => request.send(stdout("Status: 200 OK\r\n\r\nhalf")));
  const app = remote(server.address, { maxConnections: 1, gracefulTimeout: 20 });
  const running = new Played(app);
  expect(await running.next()).toBe("half");
  const waiting = play(app);
  const refused = expect(waiting).rejects.toMatchObject({ name: "AppClosedError" });
  await app.close();
  await expect(running.next()).rejects.toMatchObject({ status: 502 });
  await refused;
  await server.quiet();
});

it("close() may be called again, before and after it resolves", async () => {
  const app = remote((await FastcgiServer.start()).address);
  const first = app.close();
  expect(app.close()).toBe(first);
  await first;
  await app.close();
});
