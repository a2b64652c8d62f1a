/** `uwsgiApp` against the servers that speak uwsgi: uWSGI and gunicorn. */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensurePython } from "../../../scripts/python-env.mjs";
import type { RemoteApp } from "../../../src/remote/app.ts";
import { uwsgiApp } from "../../../src/remote/uwsgi-app.ts";
import { Played, play } from "../../support/calls.ts";
import { MemoryLogger } from "../../support/logger.ts";
import { folderWith, type RealServer, startRealServer } from "./real-server.ts";
import { SITE } from "./site.ts";

interface Started {
  readonly path: string;
  readonly server: RealServer;
}

async function startUwsgi(folder = folderWith({ "site.py": SITE })): Promise<Started> {
  const path = join(folder, "uwsgi.sock");
  const server = await startRealServer({
    command: "uwsgi",
    args: [
      ...["--plugin", "python3", "--socket", path, "--wsgi-file", join(folder, "site.py"), "--buffer-size", "65535"],
      ...["--master", "--processes", "2", "--threads", "2", "--need-app", "--disable-logging", "--socket-timeout", "1"],
    ],
    ready: /spawned uWSGI worker 2/,
    install: "uwsgi-core uwsgi-plugin-python3",
  });
  return { path, server };
}

async function startGunicorn(folder = folderWith({ "site.py": SITE, "wsgi.py": SITE })): Promise<Started> {
  const path = join(folder, "gunicorn.sock");
  writeFileSync(join(folder, "wsgi.py"), SITE); // a module of Python's own is called site
  const server = await startRealServer({
    command: join(dirname(ensurePython()), "gunicorn"),
    args: [
      "--protocol",
      "uwsgi",
      "-b",
      `unix:${path}`,
      "--chdir",
      folder,
      "-w",
      "2",
      "-k",
      "gthread",
      "--threads",
      "4",
      "wsgi:application",
    ],
    ready: /Booting worker/,
    install: "gunicorn",
  });
  return { path, server };
}

function remote(addresses: string | readonly string[], options: Parameters<typeof uwsgiApp>[1] = {}): RemoteApp {
  const app = uwsgiApp(addresses, { logger: new MemoryLogger(), gracefulTimeout: 0, ...options });
  onTestFinished(() => app.close());
  return app;
}

describe.each([
  ["uWSGI", startUwsgi],
  ["gunicorn", startGunicorn],
])("%s", (name, start) => {
  it("gets the environ as it is, and its head and cookies come back", async () => {
    const { path } = await start();
    const rawHeaders = ["Host", "h", "X-A", "\xe9"];
    const played = await play(remote(path), { pathInfo: "/environ", scheme: "https", rawHeaders });
    expect(played.heads[0]?.status).toBe("203 Told");
    expect(played.heads[0]?.headers).toEqual(
      expect.arrayContaining([
        ["Content-Type", "text/plain"],
        ["Set-Cookie", "a=b"],
        ["Set-Cookie", "c=d"],
      ]),
    );
    const told = Buffer.from(played.body, "latin1").toString();
    for (const pair of [
      "'PATH_INFO': '/environ'",
      "'QUERY_STRING': 'b=c'",
      "'HTTP_X_A': '\xe9'",
      "'wsgi.url_scheme': 'https'",
    ]) {
      expect(told).toContain(pair);
    }
    // gunicorn takes its mount from its own environment alone
    expect(told.includes("'SCRIPT_NAME': '/m'")).toBe(name === "uWSGI");
  });

  it("answers a hundred requests at once, each on a connection of its own", async () => {
    const { path } = await start();
    const app = remote(path, { maxConnections: 4 });
    const all = Array.from({ length: 100 }, (_, i) =>
      play(app, i % 2 === 0 ? {} : { pathInfo: "/length", method: "POST", body: "x".repeat(i) }),
    );
    const bodies = (await Promise.all(all)).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? "hello" : String(i))));
    expect(app.stats().addresses[0]).toMatchObject({ busy: 0, connections: 0, failures: 0 });
  });

  it("takes a large body and gives a large response", async () => {
    const { path } = await start();
    const app = remote(path, { spoolThreshold: 1024 });
    const body = "0123456789".repeat(500_000);
    expect((await play(app, { pathInfo: "/length", method: "POST", body })).body).toBe("5000000");
    expect((await play(app, { pathInfo: "/large" })).body === "0123456789".repeat(2_000_000)).toBe(true);
  });

  it("answers HEAD and 204 without a body", async () => {
    const { path } = await start();
    const app = remote(path);
    expect((await play(app, { method: "HEAD" })).body).toBe("");
    expect((await play(app, { pathInfo: "/nothing" })).heads[0]?.status).toBe("204 No Content");
    expect((await play(app)).body).toBe("hello");
  });

  it("streams: a block is here before the next one is made", async () => {
    const { path } = await start();
    const gate = join(dirname(path), "gate");
    const played = new Played(remote(path), { pathInfo: "/stream", rawHeaders: ["X-Gate", gate] });
    expect(await played.next()).toBe("first");
    writeFileSync(gate, "");
    expect((await played.rest()).join("")).toBe("second");
  });

  it("breaks off a response that is shorter than its Content-Length", async () => {
    const { path } = await start();
    await expect(play(remote(path), { pathInfo: "/short" })).rejects.toMatchObject({ status: 502 });
  });

  it("WRK-08: a client that leaves gives its connection up, and others are served", async () => {
    const { path } = await start();
    const app = remote(path);
    const left = new Played(app, { pathInfo: "/stream", rawHeaders: ["X-Gate", join(dirname(path), "gate")] });
    expect(await left.next()).toBe("first");
    await left.close();
    while (app.stats().addresses[0]?.busy !== 0) await play(app);
    writeFileSync(join(dirname(path), "gate"), "");
    expect((await play(app)).body).toBe("hello");
  });

  it("never sees an environ of more than 64 KiB: that is a 431", async () => {
    const { path } = await start();
    const app = remote(path);
    const rawHeaders = ["Host", "h", "X-Long", "x".repeat(65_500)];
    await expect(play(app, { rawHeaders })).rejects.toMatchObject({ status: 431 });
    expect((await play(app)).body).toBe("hello");
  });

  it("that is killed under load costs no safe request where there is another", async () => {
    const [one, two] = [await start(), await start()];
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
