/** `NodeApp` under the servers that a Python deployment has: mounted, as the fallback of a Python app, and with bodies. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensurePython } from "../../../scripts/python-env.mjs";
import { isAlive } from "../../support/processes.ts";
import { unusedAddress } from "../../support/unused-address.ts";
import { makeSite, PYTHON_ENV } from "../node-app/site.ts";
import { type RealServer, startRealServer } from "./real-server.ts";

const BIN = dirname(ensurePython());

/** Python answers /python, Express everything else; /shop is Express's alone. */
const WSGI = `import os
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from wsgi_bridge import Cascade, NodeApp

node = NodeApp("server.mjs:app", directory=os.path.dirname(os.path.abspath(__file__)))


def python(environ, start_response):
    found = environ["PATH_INFO"] == "/python"
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"python" if found else b"nobody"]


application = DispatcherMiddleware(Cascade(python, node), {"/shop": node})
`;

const WSGIREF = `import sys
from wsgiref.simple_server import make_server
from wsgiref.validate import validator
from wsgi import application

server = make_server("127.0.0.1", int(sys.argv[1]), validator(application))
print("serving", flush=True)
server.serve_forever()
`;

const APACHE = (site: string, address: string): string => {
  const modules = ["mpm_event", "authz_core", "wsgi"];
  return `${modules.map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`).join("\n")}
ServerName localhost
Listen ${address}
PidFile ${site}/pid
DefaultRuntimeDir ${site}
Mutex file:${site} default
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
LogLevel notice
ErrorLog "|/bin/cat"
WSGISocketPrefix ${site}/wsgi
WSGIDaemonProcess site processes=2 threads=4 python-path=${site}:${PYTHON_ENV.PYTHONPATH}:${site}/packages home=${site}
WSGIProcessGroup site
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / ${site}/wsgi.py
<Directory ${site}>
  Require all granted
</Directory>
`;
};

/** uWSGI and mod_wsgi run the system's Python, which has nothing but itself. */
function lendWerkzeug(site: string): void {
  const program = "import werkzeug, markupsafe; print(werkzeug.__path__[0]); print(markupsafe.__path__[0])";
  const folders = execFileSync(ensurePython(), ["-c", program], { encoding: "utf8" }).trim().split("\n");
  mkdirSync(join(site, "packages"));
  for (const folder of folders) symlinkSync(folder, join(site, "packages", basename(folder)));
}

type Started = Parameters<typeof startRealServer>[0];

const gunicorn = (site: string, address: string, options: readonly string[]): Started => ({
  command: join(BIN, "gunicorn"),
  args: ["--chdir", site, "-b", address, "-w", "2", ...options, "wsgi:application"],
  ready: /Booting worker/,
  install: "gunicorn",
});

const uwsgi = (site: string, address: string, options: readonly string[]): Started => ({
  command: "uwsgi",
  args: [
    ...["--plugin", "python3", "--http-socket", address, "--chdir", site, "--wsgi-file", "wsgi.py", "--master"],
    ...["--processes", "2", "--die-on-term", "--pythonpath", join(site, "packages"), ...options],
  ],
  ready: /spawned uWSGI worker 2/,
  install: "uwsgi-core uwsgi-plugin-python3",
});

const SERVERS: readonly [name: string, start: (site: string, address: string) => Started][] = [
  ["gunicorn, sync", (site, address) => gunicorn(site, address, [])],
  ["gunicorn, sync, --preload", (site, address) => gunicorn(site, address, ["--preload"])],
  ["gunicorn, gthread", (site, address) => gunicorn(site, address, ["-k", "gthread", "--threads", "4"])],
  [
    "gunicorn, gthread, --preload",
    (site, address) => gunicorn(site, address, ["-k", "gthread", "--threads", "4", "--preload"]),
  ],
  ["uWSGI, which forks after it has loaded the app", (site, address) => uwsgi(site, address, ["--enable-threads"])],
  ["uWSGI, without threads of Python", (site, address) => uwsgi(site, address, [])],
  ["uWSGI, --lazy-apps", (site, address) => uwsgi(site, address, ["--lazy-apps", "--enable-threads"])],
  [
    "waitress",
    (_, address) => ({
      command: join(BIN, "python"),
      args: ["-m", "waitress", `--listen=${address}`, "wsgi:application"],
      ready: /Serving on/,
      install: "python3-waitress",
    }),
  ],
  [
    "wsgiref, under its validator",
    (_, address) => ({
      command: join(BIN, "python"),
      args: ["serve.py", address.split(":")[1] as string],
      ready: /^serving$/,
      install: "python3",
    }),
  ],
  [
    "mod_wsgi in Apache",
    (site) => ({
      command: "apache2",
      args: ["-DFOREGROUND", "-f", join(site, "apache.conf")],
      ready: /resuming normal operations/,
      install: "apache2 libapache2-mod-wsgi-py3",
    }),
  ],
];

async function serve(start: (site: string, address: string) => Started): Promise<{ url: string; server: RealServer }> {
  const site = makeSite({ "wsgi.py": WSGI, "serve.py": WSGIREF });
  const address = await unusedAddress();
  lendWerkzeug(site);
  chmodSync(site, 0o755); // Apache's processes are another user's
  writeFileSync(join(site, "apache.conf"), APACHE(site, address));
  const server = await startRealServer({ ...start(site, address), cwd: site, env: PYTHON_ENV });
  return { url: `http://${address}`, server };
}

describe.each(SERVERS)("NodeApp under %s", (_name, start) => {
  it("is mounted, is a fallback, takes bodies and streams, and ends with its server", async () => {
    const { url, server } = await serve(start);
    const text = async (path: string, init?: RequestInit): Promise<string> => {
      const response = await fetch(url + path, init);
      return `${response.status} ${await response.text()}`;
    };
    expect(await text("/python")).toBe("200 python");
    expect(await text("/hello")).toBe("200 hello from /hello");
    expect(await text("/shop/hello")).toBe("200 hello from /shop/hello");
    expect(await text("/hello?a=b%20c")).toBe("200 hello from /hello?a=b%20c");
    expect(await text("/nowhere")).toContain("404 ");
    const body = "x".repeat(300_000);
    expect(await text("/echo", { method: "POST", body })).toBe(`200 ${body}`);
    expect(await text("/shop/echo", { method: "POST", body })).toBe(`200 ${body}`);
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => text(`/hello?${n}`)));
    expect(all).toEqual(Array.from({ length: 20 }, (_, n) => `200 hello from /hello?${n}`));
    const pid = Number((await text("/pid")).split(" ")[1]);
    expect(isAlive(pid)).toBe(true);
    await server.kill();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

it.each(["sync", "gthread"])("a body without a length comes through gunicorn's %s worker", async (kind) => {
  const { url } = await serve((site, address) => gunicorn(site, address, ["-k", kind]));
  const body = new Blob(["in ", "chunks"]).stream();
  const response = await fetch(`${url}/echo`, { method: "POST", body, duplex: "half" } as RequestInit);
  expect(await response.text()).toBe("in chunks");
});
