/** `serveFastcgi` behind the real nginx, Apache and lighttpd: what each says, and how each takes a broken answer. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveFastcgi } from "../../../src/servers/serve-fastcgi.ts";
import type { WsgiApp } from "../../../src/wsgi/types.ts";
import { MemoryLogger } from "../../support/logger.ts";
import { unusedAddress } from "../../support/unused-address.ts";
import { folderWith, startRealServer } from "./real-server.ts";

const app: WsgiApp = async (environ, start) => {
  const path = environ.PATH_INFO;
  if (path === "/raise") throw new Error("on purpose");
  const body = await environ["wsgi.input"].read();
  if (path === "/length") {
    start("200 OK", [["Content-Type", "text/plain"]]);
    return [Buffer.from(String(body.length))];
  }
  if (path.startsWith("/broken")) {
    start("200 OK", path === "/broken/sized" ? [["Content-Length", "900000"]] : []);
    return (async function* () {
      yield Buffer.alloc(300_000, "x");
      throw new Error("late");
    })();
  }
  start("203 Told", [
    ["Content-Type", "application/json"],
    ["Set-Cookie", "a=b"],
    ["Set-Cookie", "c=d"],
  ]);
  const told = Object.entries(environ).filter(([, value]) => typeof value === "string");
  return [Buffer.from(JSON.stringify(Object.fromEntries(told)))];
};

interface WebServer {
  readonly name: string;
  /** Starts it in front of `backend` and gives its port. */
  start(): Promise<{ port: number; logger: MemoryLogger }>;
}

const root = process.getuid?.() === 0;

async function backend(address: string | { port: number }): Promise<{ address: string; logger: MemoryLogger }> {
  const logger = new MemoryLogger();
  const server = await serveFastcgi(app, address, { logger, gracefulTimeout: 0 });
  onTestFinished(() => server.close());
  return { address: server.address, logger };
}
const freePort = async (): Promise<number> => Number((await unusedAddress()).split(":")[1]);

const SERVERS: readonly WebServer[] = [
  {
    name: "nginx",
    start: async () => {
      const folder = folderWith({});
      const { address, logger } = await backend(join(folder, "app.sock"));
      const port = await freePort();
      const names =
        "QUERY_STRING REQUEST_METHOD CONTENT_TYPE CONTENT_LENGTH REQUEST_URI SERVER_PROTOCOL REMOTE_ADDR REMOTE_PORT SERVER_PORT SERVER_NAME";
      const lines = names.split(" ").map((name) => `fastcgi_param ${name} $${name.toLowerCase()};`);
      const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (one) => `${one}_temp_path ${folder}/${one};`,
      );
      const conf = folderWith({
        "nginx.conf": `${root ? "user root;" : ""} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;
          events {} http { access_log off; ${temp.join(" ")} upstream app { server unix:${address}; keepalive 2; }
          client_max_body_size 0; server { listen 127.0.0.1:${port}; location / { fastcgi_pass app; fastcgi_keep_conn on;
          fastcgi_param SCRIPT_NAME $fastcgi_script_name; ${lines.join(" ")} } } }`,
      });
      await startRealServer({
        command: "nginx",
        args: ["-c", join(conf, "nginx.conf"), "-e", "stderr"],
        ready: /start worker process /,
        install: "nginx",
      });
      return { port, logger };
    },
  },
  {
    name: "Apache",
    start: async () => {
      const { address, logger } = await backend({ port: 0 });
      const port = await freePort();
      const modules = ["mpm_event", "proxy", "proxy_fcgi", "authz_core"];
      const load = modules.map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`);
      const folder = folderWith({});
      const conf = folderWith({
        "apache.conf": `${load.join("\n")}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
Mutex file:${folder} default
${root ? "User www-data\nGroup www-data" : ""}
LogLevel notice
KeepAliveTimeout 1
ErrorLog "|/bin/cat"
ProxyPass "/" "fcgi://${address}/" enablereuse=on
`,
      });
      await startRealServer({
        command: "apache2",
        args: ["-DFOREGROUND", "-f", join(conf, "apache.conf")],
        ready: /resuming normal operations/,
        install: "apache2",
      });
      return { port, logger };
    },
  },
  {
    name: "lighttpd",
    start: async () => {
      const { address, logger } = await backend(join(folderWith({}), "app.sock"));
      const port = await freePort();
      const conf = folderWith({
        "lighttpd.conf": `server.modules = ("mod_fastcgi")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "/"
server.stream-response-body = 1
fastcgi.server = ("/" => (("socket" => "${address}", "check-local" => "disable", "fix-root-scriptname" => "enable")))
`,
      });
      await startRealServer({
        command: "lighttpd",
        args: ["-D", "-f", join(conf, "lighttpd.conf")],
        ready: /server started/,
        install: "lighttpd",
      });
      return { port, logger };
    },
  },
];

interface Answer {
  readonly message: IncomingMessage;
  readonly body: string;
  /** The client can see that it is not whole. */
  readonly broken: boolean;
}

async function call(port: number, path: string, body = ""): Promise<Answer> {
  const req = request({
    port,
    host: "127.0.0.1",
    path,
    method: body === "" ? "GET" : "POST",
    headers: { "X-A": "b", Proxy: "evil" },
  });
  req.end(body);
  const [message] = (await once(req, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let broken = false;
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    broken = true;
  }
  return { message, body: Buffer.concat(chunks).toString("latin1"), broken: broken || !message.complete };
}

describe.each(SERVERS)("$name", ({ start }) => {
  it("the environ is whole, status and cookies come back, and connections serve again", async () => {
    const { port } = await start();
    for (let i = 0; i < 5; i += 1) {
      const { message, body } = await call(port, "/a%20b/c?x=%26");
      expect(message.statusCode).toBe(203);
      expect(message.headers["set-cookie"]).toEqual(["a=b", "c=d"]);
      const environ = JSON.parse(body) as Record<string, string>;
      expect(environ).toMatchObject({
        REQUEST_METHOD: "GET",
        SCRIPT_NAME: "",
        PATH_INFO: "/a b/c",
        QUERY_STRING: "x=%26",
        REQUEST_URI: "/a%20b/c?x=%26",
        SERVER_PORT: String(port),
        REMOTE_ADDR: "127.0.0.1",
        HTTP_X_A: "b",
      });
      expect(Object.keys(environ).filter((key) => /^(HTTP_PROXY|SCRIPT_FILENAME)$/.test(key))).toEqual([]);
    }
  });

  it("a body of megabytes comes whole; the root path is /", async () => {
    const { port } = await start();
    expect((await call(port, "/length", "x".repeat(3_000_000))).body).toBe("3000000");
    expect(JSON.parse((await call(port, "/")).body)).toMatchObject({ SCRIPT_NAME: "", PATH_INFO: "/" });
  });

  it("an error before the head is a bare 500", async () => {
    const { port, logger } = await start();
    const { message, body } = await call(port, "/raise");
    expect(message.statusCode).toBe(500);
    expect(body).not.toContain("on purpose");
    expect(logger.text).toContain("on purpose");
  });

  it.each(["/broken/sized", "/broken/unsized"])("%s: an answer that breaks off never looks whole", async (path) => {
    const { port } = await start();
    const { message, broken } = await call(port, path);
    expect(broken || (message.statusCode ?? 0) >= 500).toBe(true);
  });
});
