/** Which requests are retried, where, and what the client gets if every attempt fails. */
import { describe, expect, it } from "vitest";
import { ProtocolStatus } from "../../src/fastcgi/records.ts";
import { Played, play } from "../support/calls.ts";
import { FastcgiServer, type Serve } from "../support/fastcgi-server.ts";
import { endRequest, stdout } from "../support/records.ts";
import { remote } from "../support/remote.ts";
import { unusedAddress } from "../support/unused-address.ts";

const OVERLOADED = endRequest(0, ProtocolStatus.OVERLOADED);
const drop: Serve = (request) => request.drop();
const overloaded: Serve = (request) => request.send(OVERLOADED);
const call = (method: string) => ({ method, ...(method === "POST" ? { body: "abc" } : {}) });

/** An app with two servers. The first one that gets a request behaves badly, and the second answers with the body. */
async function badThenGood(bad: Serve) {
  let asked = 0;
  const serve: Serve = (request) => {
    asked += 1;
    if (asked === 1) bad(request);
    else request.reply(`good ${request.body}`);
  };
  const servers = [await FastcgiServer.start(serve), await FastcgiServer.start(serve)];
  const app = remote(servers.map(({ address }) => address));
  return { app, servers, sent: () => servers.map(({ requests }) => requests.length).sort() };
}

describe("if no connection can be opened", () => {
  it.each(["GET", "POST"])("WRK-07: %s goes to another address, because no byte was sent", async (method) => {
    const server = await FastcgiServer.start((request) => request.reply(request.body));
    const app = remote([await unusedAddress(), server.address]);
    for (let i = 0; i < 4; i += 1) expect((await play(app, call(method))).body).toBe(method === "POST" ? "abc" : "");
    expect(server.requests).toHaveLength(4);
  });

  it.each(["GET", "POST"])("%s gets a 502 if all addresses refuse, and the error names one", async (method) => {
    const addresses = [await unusedAddress(), await unusedAddress()];
    const app = remote(addresses);
    const failed = play(app, call(method));
    await expect(failed).rejects.toMatchObject({ name: "UnreachableError", status: 502 });
    await expect(failed).rejects.toThrow(/cannot connect to .*: .*ECONNREFUSED/);
    expect(app.stats().addresses.map(({ failures }) => failures)).toEqual([1, 1]);
  });

  it("a unix socket that does not exist counts as one that refuses", async () => {
    await expect(play(remote("/nowhere/to.sock"))).rejects.toThrow("cannot connect to /nowhere/to.sock: ");
  });
});

describe("if the server has not started the request", () => {
  it.each(["GET", "POST"])("%s goes to another address", async (method) => {
    const { app, sent } = await badThenGood(overloaded);
    expect((await play(app, call(method))).body).toContain("good");
    expect(sent()).toEqual([1, 1]);
  });

  it("the client gets a 503 with Retry-After if no address accepts the request", async () => {
    const server = await FastcgiServer.start(overloaded);
    await expect(play(remote(server.address), call("POST"))).rejects.toMatchObject({
      name: "OverloadedError",
      status: 503,
      headers: { "Retry-After": "1" },
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe("if the connection breaks before the response head", () => {
  it.each(["GET", "HEAD", "OPTIONS"])("WRK-07: %s is sent once more, elsewhere", async (method) => {
    const { app, sent } = await badThenGood(drop);
    expect((await play(app, call(method))).body).toContain("good");
    expect(sent()).toEqual([1, 1]);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "get"])(
    "WRK-07: %s is not: it may have been carried out",
    async (method) => {
      const { app, sent } = await badThenGood(drop);
      await expect(play(app, call(method))).rejects.toMatchObject({ name: "UpstreamError", status: 502 });
      expect(sent()).toEqual([0, 1]);
    },
  );

  it("a safe request is retried on the only address", async () => {
    let asked = 0;
    const server = await FastcgiServer.start((request) => {
      asked += 1;
      if (asked === 1) request.drop();
      else request.reply("good");
    });
    expect((await play(remote(server.address))).body).toBe("good");
  });

  it("a safe request is sent twice, then it fails", async () => {
    const server = await FastcgiServer.start(drop);
    await expect(play(remote(server.address))).rejects.toMatchObject({ name: "UpstreamError", status: 502 });
    expect(server.requests).toHaveLength(2);
  });

  it("a body is sent again from its first byte, from memory and from a file", async () => {
    for (const spoolThreshold of [1024, 1]) {
      let asked = 0;
      const server = await FastcgiServer.start((request) => {
        asked += 1;
        if (asked === 1) request.drop();
        else request.reply(request.body);
      });
      const app = remote(server.address, { spoolThreshold });
      expect((await play(app, { method: "OPTIONS", body: "abcdef" })).body).toBe("abcdef");
    }
  });

  it("half a head does not count as a head", async () => {
    const { app } = await badThenGood((request) =>
      request.socket.end(Buffer.from(stdout("Status: 200 OK\r\n"), "latin1")),
    );
    expect((await play(app)).body).toBe("good ");
  });
});

it("no safe request is lost on kept connections that turn out to be closed, however many there are", async () => {
  const server = await FastcgiServer.start((request) => request.reply());
  const app = remote(server.address);
  await Promise.all([play(app), play(app), play(app)]);
  expect(app.stats().addresses[0]).toMatchObject({ connections: 3, busy: 0 });
  const { port } = server;
  await server.close();
  const next = await FastcgiServer.start((request) => request.reply("new"), port);
  const bodies = await Promise.all([play(app), play(app), play(app)]);
  expect(bodies.map(({ body }) => body)).toEqual(["new", "new", "new"]);
  expect(next.requests).toHaveLength(3);
});

describe("if the connection breaks after the head", () => {
  it("SEC-21: the response breaks off, and the request is not retried", async () => {
    const { app, sent } = await badThenGood((request) => {
      request.send(stdout("Status: 200 OK\r\n\r\nhalf"));
      request.socket.end();
    });
    const played = new Played(app);
    expect(await played.next()).toBe("half");
    await expect(played.next()).rejects.toMatchObject({ name: "UpstreamError", status: 502 });
    expect(sent()).toEqual([0, 1]);
  });
});
