/** Timeouts, and aborted responses. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { Played, play } from "../support/calls.ts";
import { FastcgiServer } from "../support/fastcgi-server.ts";
import { endRequest, stdout } from "../support/records.ts";
import { remote } from "../support/remote.ts";

const OK = "Status: 200 OK\r\n\r\n";
/** A body that is too long for the buffers of a socket. */
const LARGE = "0123456789".repeat(1_000_000);

describe("requestTimeout", () => {
  it("WRK-09: if the server does not begin its response, it gets ABORT_REQUEST and the client a 504", async () => {
    const server = await FastcgiServer.start();
    const app = remote(server.address, { requestTimeout: 50 });
    const failed = play(app);
    await expect(failed).rejects.toMatchObject({ name: "RequestTimeoutError", status: 504 });
    await expect(failed).rejects.toThrow(`${server.address} took longer than requestTimeout, 50 ms`);
    await (await server.request(0)).until("aborted");
    expect(app.stats().addresses[0]?.failures).toBe(1);
  });

  it("the time in which the client does not read does not count", async () => {
    const server = await FastcgiServer.start((request) => request.send(stdout(OK)));
    const app = remote(server.address, { requestTimeout: 100, streamTimeout: 100 });
    const slow = new Played(app);
    const { socket } = await server.request(0);
    for (let at = 0; at < LARGE.length; at += 50_000) {
      socket.write(Buffer.from(stdout(LARGE.slice(at, at + 50_000)), "latin1"));
    }
    socket.write(Buffer.from(endRequest(), "latin1"));
    expect((await slow.next())?.length).toBeGreaterThan(0);
    // In the meantime a request that stalls uses up its full time.
    await expect(play(app, { pathInfo: "/stalled" })).rejects.toThrow("Timeout");
    await expect(play(app, { pathInfo: "/stalled" })).rejects.toThrow("Timeout");
    expect((await slow.rest()).join("").length).toBeGreaterThan(LARGE.length / 2);
  });
});

describe("streamTimeout", () => {
  it("breaks off a response that begins and then stalls", async () => {
    const server = await FastcgiServer.start((request) => request.send(stdout(`${OK}half`)));
    const app = remote(server.address, { streamTimeout: 50 });
    const played = new Played(app);
    expect(await played.next()).toBe("half");
    const failed = played.next();
    await expect(failed).rejects.toMatchObject({ name: "RequestTimeoutError" });
    await expect(failed).rejects.toThrow(
      `${server.address} took longer than streamTimeout, 50 ms between two parts of its response`,
    );
    await (await server.request(0)).until("aborted");
    expect(app.stats().addresses[0]?.failures).toBe(1);
  });

  it("does not limit an event stream, and neither does requestTimeout", async () => {
    const head = "Status: 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    const server = await FastcgiServer.start((request) => {
      if (request.params.get("PATH_INFO") === "/events") request.send(stdout(`${head}data: first\n\n`));
    });
    const app = remote(server.address, { requestTimeout: 50, streamTimeout: 50 });
    const events = new Played(app, { pathInfo: "/events" });
    expect(await events.next()).toBe("data: first\n\n");
    for (let i = 0; i < 3; i += 1) await expect(play(app)).rejects.toThrow("requestTimeout"); // each takes the whole limit
    (await server.request(0)).reply("data: last\n\n");
    expect((await events.rest()).join("")).toContain("data: last");
  });
});

it("totalTimeout: ends a response that never stalls", async () => {
  const server = await FastcgiServer.start((request) => {
    request.send(stdout(OK));
    const timer = setInterval(() => request.send(stdout("more")), 5);
    request.socket.on("close", () => clearInterval(timer));
  });
  const played = new Played(remote(server.address, { totalTimeout: 100, requestTimeout: 0 }));
  expect(await played.next()).toBe("more");
  await expect(played.rest()).rejects.toThrow("totalTimeout, 100 ms");
});

it("connectTimeout: a server that accepts no connection is a 504, and no byte was sent", async () => {
  // The backlog has one place, and nothing accepts: further connections wait for ever.
  const script =
    "import socket,sys\ns=socket.socket()\ns.bind(('127.0.0.1',0))\ns.listen(0)\nprint(s.getsockname()[1],flush=True)\nsys.stdin.read()";
  const full = execFile("python3", ["-c", script]);
  onTestFinished(() => void full.kill());
  const [line] = (await once(createInterface({ input: full.stdout as NodeJS.ReadableStream }), "line")) as [string];
  const fillers = [1, 2, 3].map(() => connect(Number(line), "127.0.0.1").on("error", () => undefined));
  onTestFinished(() => fillers.forEach((filler) => void filler.destroy()));
  await once(fillers[0] as NodeJS.EventEmitter, "connect");
  const app = remote(`127.0.0.1:${line}`, { connectTimeout: 100 });
  await expect(Promise.all([play(app), play(app)])).rejects.toMatchObject({ name: "UnreachableError", status: 504 });
});

describe("a client that leaves", () => {
  it("WRK-08: has its request aborted, and the connection is reused when the server has ended the response", async () => {
    const server = await FastcgiServer.start((request) => {
      if (request.params.get("PATH_INFO") === "/stay") request.reply("stayed");
    });
    const app = remote(server.address);
    const left = new Played(app);
    const request = await server.request(0);
    await left.close();
    await request.until("aborted");
    expect(app.stats().addresses[0]?.busy).toBe(1);
    request.reply("for nobody");
    while (app.stats().addresses[0]?.busy === 1) await play(app, { pathInfo: "/stay" });
    expect((await play(app, { pathInfo: "/stay" })).body).toBe("stayed");
  });

  it("WRK-06: leaves no connection to others if the server ignores ABORT_REQUEST", async () => {
    const server = await FastcgiServer.start((request) => request.send(stdout(`${OK}on and`)));
    const app = remote(server.address);
    const left = new Played(app);
    expect(await left.next()).toBe("on and");
    await left.close();
    await (await server.request(0)).until("aborted");
    await server.quiet();
    expect(app.stats().addresses[0]).toMatchObject({ connections: 0, busy: 0, failures: 0 });
  });

  it("before a connection is open sends no request: the connection is closed", async () => {
    const server = await FastcgiServer.start((request) => request.reply());
    const app = remote(server.address);
    const left = new Played(app, { pathInfo: "/left" });
    await left.close();
    await play(app);
    expect(server.requests.map(({ params }) => params.get("PATH_INFO"))).toEqual(["/a"]);
  });
});
