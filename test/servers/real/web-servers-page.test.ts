/** The configurations of docs/web-servers.md under the servers that they are for, and what the page says of these. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { serveFastcgi } from "../../../src/servers/serve-fastcgi.ts";
import type { WsgiApp } from "../../../src/wsgi/types.ts";
import { Page, ROOT } from "../../docs/page.ts";
import { Workspace } from "../../docs/program.ts";
import { MemoryLogger } from "../../support/logger.ts";
import { unusedAddress } from "../../support/unused-address.ts";
import { folderWith, type Start, startRealServer } from "./real-server.ts";

const page = new Page("docs/web-servers.md");
const OVER_HTTP = page.take("js", "trust proxy");
const OVER_FASTCGI = page.take("js", "serveFastcgi");
const NGINX_HTTP = page.take("nginx", "proxy_pass");
const APACHE_HTTP = page.take("apache", "ProxyPreserveHost");
const NGINX_FASTCGI = page.take("nginx", "fastcgi_pass");
const APACHE_FASTCGI = page.take("apache", "CGIPassAuth");
const LIGHTTPD = page.take("text", "fastcgi.server");
const EXPRESS = page.take("js", "export const app");
const WSGI = page.take("python", "Cascade(python_app, node)");
const UWSGI = page.take("sh", "uwsgi ");
const MOD_WSGI = page.take("apache", "WSGIDaemonProcess");

const SHOP = `from flask import Flask, request

app = Flask(__name__)


@app.get("/who")
def who():
    return " ".join([request.remote_addr, request.url, str("X-Forwarded-For" in request.headers)])
`;
const workspace = new Workspace({ "legacy/shop.py": SHOP });
const isRoot = process.getuid?.() === 0;

/** nginx's own file around the page's part. The worker is www-data where it can be, as on a real machine. */
function nginx(part: string, port: number): Start {
  const folder = folderWith({});
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((one) => `${one}_temp_path ${folder}/${one};`);
  const ours = part
    .replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replace("fastcgi_params;", "/etc/nginx/fastcgi_params;");
  const file = join(
    folderWith({
      "nginx.conf": `${isRoot ? "user www-data;" : ""} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;
events {} http { access_log off; ${temp.join(" ")}\n${ours} }`,
    }),
    "nginx.conf",
  );
  chmodSync(folder, 0o755);
  return { command: "nginx", args: ["-c", file, "-e", "stderr"], ready: /start worker process /, install: "nginx" };
}

function apache(part: string, port: number, modules: readonly string[]): Start {
  const folder = folderWith({});
  const all = ["mpm_event", "authz_core", ...modules];
  const load = all.map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`);
  const conf = folderWith({
    "apache.conf": `${load.join("\n")}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
Mutex file:${folder} default
${isRoot ? "User www-data\nGroup www-data" : ""}
LogLevel notice
ErrorLog "|/bin/cat"
${part}`,
  });
  return {
    command: "apache2",
    args: ["-DFOREGROUND", "-f", join(conf, "apache.conf")],
    ready: /resuming normal operations/,
    install: "apache2 libapache2-mod-wsgi-py3",
  };
}

function lighttpd(part: string, port: number): Start {
  const conf = folderWith({
    "lighttpd.conf": `server.bind = "127.0.0.1"\nserver.port = ${port}\nserver.document-root = "/"\nserver.modules = ()\n${part}`,
  });
  const args = ["-D", "-f", join(conf, "lighttpd.conf")];
  return { command: "lighttpd", args, ready: /server started/, install: "lighttpd" };
}

/** A folder as systemd's RuntimeDirectory= makes it for `Group=www-data`, where this user can. */
function runtimeDirectory(): string {
  const folder = folderWith({});
  if (isRoot) {
    chownSync(folder, 0, Number(execFileSync("id", ["-g", "www-data"], { encoding: "utf8" })));
    chmodSync(folder, 0o2755); // a socket that is made in it belongs to the group
  }
  return folder;
}

const freePort = async (): Promise<number> => Number((await unusedAddress()).split(":")[1]);

describe("over HTTP", () => {
  it.each([
    ["nginx", (port: number, node: string) => nginx(NGINX_HTTP.replace("127.0.0.1:3000", node), port)],
    [
      "Apache",
      (port: number, node: string) =>
        apache(APACHE_HTTP.replace("127.0.0.1:3000", node), port, ["proxy", "proxy_http", "headers"]),
    ],
  ])("%s in front of the page's program: no client says who it is", async (_name, server) => {
    const code = OVER_HTTP.replace('listen(3000, "127.0.0.1")', "listen(3000)");
    const node = new URL(await workspace.run(code).url()).host;
    const port = await freePort();
    await startRealServer(server(port, node));
    const forged = { "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example" };
    const { body } = await get(port, "/who", forged);
    expect(body).toBe(`127.0.0.1 http://127.0.0.1:${port}/who False`);
  });

  it("Apache leaves the path as it came", async () => {
    const code = `import { createServer } from "node:http";
      createServer((req, res) => res.end(req.url)).listen(3000)`;
    const node = new URL(await workspace.run(code).url()).host;
    const port = await freePort();
    await startRealServer(
      apache(APACHE_HTTP.replace("127.0.0.1:3000", node), port, ["proxy", "proxy_http", "headers"]),
    );
    expect((await get(port, "/%41%2Fb%20c?d=%26")).body).toBe("/%41%2Fb%20c?d=%26");
  });
});

const FASTCGI: readonly [name: string, (port: number, socket: string) => Start][] = [
  ["nginx", (port, socket) => nginx(NGINX_FASTCGI.replace("/run/shop/app.sock", socket), port)],
  [
    "Apache",
    (port, socket) => apache(APACHE_FASTCGI.replace("/run/shop/app.sock", socket), port, ["proxy", "proxy_fcgi"]),
  ],
  ["lighttpd", (port, socket) => lighttpd(LIGHTTPD.replace("/run/shop/app.sock", socket), port)],
];

describe.each(FASTCGI)("over FastCGI, %s", (name, server) => {
  it("reaches the page's program, whose socket its group may open", async () => {
    const socket = join(runtimeDirectory(), "app.sock");
    const program = workspace.run(OVER_FASTCGI.replace("/run/shop/app.sock", socket));
    await once(program.lines, "line");
    const port = await freePort();
    await startRealServer(server(port, socket));
    for (let i = 0; i < 3; i += 1) {
      expect((await get(port, "/hello", { "X-Forwarded-For": "6.6.6.6" })).body).toBe(
        "hello from /hello to 127.0.0.1\n",
      );
    }
  });

  it("does what the table says of it", async () => {
    const socket = join(runtimeDirectory(), "app.sock");
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const app: WsgiApp = (environ, startResponse) => {
      const { PATH_INFO: path, HTTP_AUTHORIZATION: auth, HTTP_X_UNDER: under } = environ;
      startResponse("200 OK", [["Content-Type", "text/plain"]]);
      if (path === "/broken") return brokenOff();
      if (path === "/stream") return stream(gate);
      return [Buffer.from(JSON.stringify({ path, auth, under, te: environ.HTTP_TRANSFER_ENCODING }))];
    };
    const backend = await serveFastcgi(app, socket, { mode: 0o660, logger: new MemoryLogger(), gracefulTimeout: 0 });
    onTestFinished(() => backend.close());
    const port = await freePort();
    await startRealServer(server(port, socket));
    const told = JSON.parse((await get(port, "/a%2Fb", { Authorization: "Basic eA==", X_Under: "1" })).body);
    expect(told).toEqual({ path: "/a/b", auth: "Basic eA==", ...(name === "lighttpd" ? { under: "1" } : {}) });
    expect(JSON.parse((await get(port, "/")).body)).toEqual({ path: "/" });
    expect((await get(port, "/broken")).broken).toBe(true);
    const [message] = (await once(request({ port, host: "127.0.0.1", path: "/stream" }).end(), "response")) as [
      IncomingMessage,
    ];
    expect(String((await once(message, "data"))[0])).toBe("first\n"); // the second waits for it
    open();
    expect(String((await once(message, "data"))[0])).toBe("second\n");
  });
});

describe("over FastCGI, without the lines that the page explains", () => {
  const app: WsgiApp = (environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "text/plain"]]);
    return environ.PATH_INFO === "/broken" ? brokenOff() : [Buffer.from(String(environ.HTTP_AUTHORIZATION))];
  };
  let socket = "";
  beforeEach(async () => {
    socket = join(runtimeDirectory(), "app.sock");
    const backend = await serveFastcgi(app, socket, { mode: 0o660, logger: new MemoryLogger(), gracefulTimeout: 0 });
    onTestFinished(() => backend.close());
  });

  it("Apache keeps Authorization back, and %2F is a 404", async () => {
    const port = await freePort();
    const part = APACHE_FASTCGI.replace("/run/shop/app.sock", socket).replace(
      / *CGIPassAuth On\n|AllowEncodedSlashes On\n/g,
      "",
    );
    await startRealServer(apache(part, port, ["proxy", "proxy_fcgi"]));
    expect((await get(port, "/", { Authorization: "Basic eA==" })).body).toBe("undefined");
    expect((await get(port, "/a%2Fb")).status).toBe(404);
  });

  it("lighttpd ends a broken answer well", async () => {
    const port = await freePort();
    await startRealServer(
      lighttpd(LIGHTTPD.replace("/run/shop/app.sock", socket).replace(/server\.stream-response-body.*\n/, ""), port),
    );
    expect(await get(port, "/broken")).toMatchObject({ status: 200, broken: false });
  });

  it("nginx without buffering ends a broken answer well, too", async () => {
    const port = await freePort();
    const part = NGINX_FASTCGI.replace("/run/shop/app.sock", socket).replace(
      "fastcgi_keep_conn on;",
      "fastcgi_buffering off;",
    );
    await startRealServer(nginx(part, port));
    expect(await get(port, "/broken")).toMatchObject({ status: 200, broken: false });
  });

  it("nginx takes no body of more than 1 MiB", async () => {
    const port = await freePort();
    const part = NGINX_FASTCGI.replace("/run/shop/app.sock", socket);
    await startRealServer(nginx(part.replace(/ *client_max_body_size.*\n/, ""), port));
    const body = "x".repeat(1024 * 1024 + 1);
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body })).status).toBe(413);
  });

  it.runIf(isRoot)("nginx may not open a socket of mode 0600", async () => {
    chmodSync(socket, 0o600);
    const port = await freePort();
    await startRealServer(nginx(NGINX_FASTCGI.replace("/run/shop/app.sock", socket), port));
    expect((await get(port, "/")).status).toBe(502);
  });
});

/** What the page's `npm install` and `pip install` make, for uWSGI and mod_wsgi: they run the system's Python, which has no werkzeug. */
function nodeSite(): string {
  const shop = `def app(environ, start_response):
    found = environ["PATH_INFO"] == "/python"
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"python" if found else b""]
`;
  const site = folderWith({ "shop.py": shop, "wsgi.py": WSGI });
  const modules = join(site, "web", "node_modules");
  mkdirSync(join(modules, "wsgi-bridge"), { recursive: true });
  for (const name of ["dist", "package.json"]) symlinkSync(join(ROOT, name), join(modules, "wsgi-bridge", name));
  symlinkSync(join(ROOT, "node_modules", "express"), join(modules, "express"));
  symlinkSync(join(ROOT, "python", "wsgi_bridge"), join(site, "wsgi_bridge"));
  writeFileSync(join(site, "web", "server.mjs"), EXPRESS);
  chmodSync(site, 0o755); // Apache's processes are another user's
  return site;
}

async function answersBoth(port: number): Promise<void> {
  expect((await get(port, "/python")).body).toBe("python");
  expect((await get(port, "/hello")).body).toBe("hello from /hello to 127.0.0.1\n");
  expect((await get(port, "/nowhere")).status).toBe(404);
}

describe("NodeApp", () => {
  it("under uWSGI, by the page's command", async () => {
    const port = await freePort();
    const command = UWSGI.replace("uwsgi ", "uwsgi --plugin python3 ").replace("127.0.0.1:8000", `127.0.0.1:${port}`);
    await startRealServer({
      command: "sh",
      args: ["-c", `exec ${command}`],
      ready: /spawned uWSGI worker 2/,
      install: "uwsgi-core uwsgi-plugin-python3",
      cwd: nodeSite(),
    });
    await answersBoth(port);
  });

  it("under mod_wsgi, with the page's configuration", async () => {
    const site = nodeSite();
    const port = await freePort();
    const part = MOD_WSGI.replaceAll("/srv/shop", site).replace(` python-home=${site}/.venv`, "");
    expect(part).not.toContain("python-home"); // there, a virtual environment of the system's Python
    await startRealServer(apache(`WSGISocketPrefix ${site}/wsgi\n${part}`, port, ["wsgi"]));
    await answersBoth(port);
  });
});

function* brokenOff(): Generator<Uint8Array> {
  yield Buffer.alloc(300_000, "x");
  throw new Error("on purpose");
}

async function* stream(gate: Promise<void>): AsyncGenerator<Uint8Array> {
  yield Buffer.from("first\n");
  await gate;
  yield Buffer.from("second\n");
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** The client can see that it is not whole. */
  readonly broken: boolean;
}

async function get(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const [message] = (await once(
    request({ port, host: "127.0.0.1", path, headers, agent: false }).end(),
    "response",
  )) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let broken = false;
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    broken = true;
  }
  const body = Buffer.concat(chunks).toString("latin1");
  return { status: message.statusCode ?? 0, body, broken: broken || !message.complete };
}
