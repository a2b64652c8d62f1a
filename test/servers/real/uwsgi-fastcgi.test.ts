/** `fastcgiApp` against the real uWSGI, which speaks FastCGI on `--fastcgi-socket`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Played, play } from "../../support/calls.ts";
import { remote } from "../../support/remote.ts";
import { folderWith, type RealServer, startRealServer } from "./real-server.ts";
import { SITE } from "./site.ts";

/** uWSGI with two processes of two threads, and where it listens. */
async function startUwsgi(folder = folderWith({ "site.py": SITE })): Promise<{ path: string; server: RealServer }> {
  const path = join(folder, "fastcgi.sock");
  const server = await startRealServer({
    command: "uwsgi",
    args: [
      ...["--plugin", "python3", "--fastcgi-socket", path, "--wsgi-file", join(folder, "site.py")],
      ...["--master", "--processes", "2", "--threads", "2", "--need-app", "--disable-logging", "--socket-timeout", "1"],
    ],
    ready: /spawned uWSGI worker 2/,
    install: "uwsgi-core uwsgi-plugin-python3",
  });
  return { path, server };
}

describe("uWSGI", () => {
  it("gets the environ as it is, and its head and cookies come back", async () => {
    const { path } = await startUwsgi();
    const played = await play(remote(path), { pathInfo: "/environ", rawHeaders: ["Host", "h", "X-A", "é"] });
    expect(played.heads).toEqual([
      {
        status: "203 Told",
        headers: [
          ["Content-Type", "text/plain"],
          ["Set-Cookie", "a=b"],
          ["Set-Cookie", "c=d"],
        ],
      },
    ]);
    for (const pair of ["'SCRIPT_NAME': '/m'", "'PATH_INFO': '/environ'", "'QUERY_STRING': 'b=c'", "'HTTP_X_A': 'é'"]) {
      expect(Buffer.from(played.body, "latin1").toString()).toContain(pair);
    }
  });

  it("closes each connection after its request: each request is sent on a new one, and none is lost", async () => {
    const { path } = await startUwsgi();
    const app = remote(path, { maxConnections: 4 });
    const all = Array.from({ length: 100 }, (_, i) =>
      play(app, i % 2 === 0 ? {} : { pathInfo: "/length", method: "POST", body: "x".repeat(i) }),
    );
    const bodies = (await Promise.all(all)).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? "hello" : String(i))));
    expect(app.stats().addresses[0]).toMatchObject({ busy: 0, failures: 0 });
  });

  it("takes a large body and gives a large response", async () => {
    const { path } = await startUwsgi();
    const app = remote(path, { spoolThreshold: 1024 });
    const body = "0123456789".repeat(500_000);
    expect((await play(app, { pathInfo: "/length", method: "POST", body })).body).toBe("5000000");
    expect((await play(app, { pathInfo: "/large" })).body === "0123456789".repeat(2_000_000)).toBe(true);
  });

  it("streams: a block is here before the next one is made", async () => {
    const folder = folderWith({ "site.py": SITE });
    const { path } = await startUwsgi(folder);
    const gate = join(folder, "gate");
    const played = new Played(remote(path), { pathInfo: "/stream", keys: { "test.gate": gate } });
    expect(await played.next()).toBe("first");
    writeFileSync(gate, "");
    expect(await played.rest()).toEqual(["second"]);
  });

  it("WRK-08: takes no notice of ABORT_REQUEST: the connection of a client that left is broken, and others are served", async () => {
    const { path } = await startUwsgi();
    const app = remote(path);
    const left = new Played(app, { pathInfo: "/stream", keys: { "test.gate": "/never" } });
    expect(await left.next()).toBe("first");
    await left.close();
    while (app.stats().addresses[0]?.busy !== 0) await play(app);
    expect((await play(app)).body).toBe("hello");
  });

  it("that is told more than its buffer-size breaks the connection: a 502, and the next request is served", async () => {
    const { path } = await startUwsgi();
    const app = remote(path);
    const rawHeaders = ["Host", "h", "X-Long", "x".repeat(60_000)];
    await expect(play(app, { rawHeaders })).rejects.toMatchObject({ status: 502 });
    expect((await play(app)).body).toBe("hello");
  });

  it("whose application raises answers with its own 500", async () => {
    const { path } = await startUwsgi();
    const app = remote(path);
    const outcome = await play(app, { pathInfo: "/raise", method: "POST" }).then(
      ({ status }) => status,
      ({ status }) => status,
    );
    expect(String(outcome)).toMatch(/^50[02]/);
    expect((await play(app)).body).toBe("hello");
  });

  it("that is killed under load costs no safe request where there is another", async () => {
    const [one, two] = [await startUwsgi(), await startUwsgi()];
    const app = remote([one.path, two.path], { maxConnections: 4 });
    let [done, killed] = [0, Promise.resolve()];
    const client = async (): Promise<void> => {
      for (let i = 0; i < 100; i += 1) {
        expect((await play(app)).body).toBe("hello");
        done += 1;
        if (done === 200) killed = one.server.kill();
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    await killed;
    expect(app.stats().addresses.map(({ ejected }) => ejected)).toEqual([true, false]);
  });
});
