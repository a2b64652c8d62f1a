/** docs/remote-servers.md against servers that this test plays; test/servers/real/ runs the same blocks against the real ones. */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fastcgiApp } from "../../src/remote/fastcgi-app.ts";
import { resolveSettings } from "../../src/remote/settings.ts";
import { FastcgiServer } from "../support/fastcgi-server.ts";
import { unusedAddress } from "../support/unused-address.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/remote-servers.md");
const workspace = new Workspace();

const FIRST = page.take("js", "closeOnSignal");
const SCRIPTS = page.take("js", "documentRoot");
const FORWARDED = page.take("js", "HTTP_X_FORWARDED_FOR");
const PROXY_FIX = page.take("python", "ProxyFix");
const UWSGI_INI = page.take("ini", "[uwsgi]");
const FPM_INI = page.take("ini", "pm.max_children");
const GUNICORN = page.take("sh", "gunicorn --protocol uwsgi");

/** Answers each uwsgi packet with its variables, as JSON. */
async function playUwsgi(): Promise<string> {
  const server = createServer((socket) => {
    let packet = Buffer.alloc(0);
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        packet = Buffer.concat([packet, chunk]);
        if (packet.length < 4 || packet.length < 4 + packet.readUInt16LE(1)) return;
        const body = JSON.stringify(variables(packet.subarray(4)));
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

function variables(bytes: Buffer): Record<string, string> {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16LE(at);
    texts.push(bytes.toString("latin1", at + 2, end));
    at = end;
  }
  const found: Record<string, string> = {};
  for (let i = 0; i < texts.length; i += 2) found[texts[i] as string] = texts[i + 1] as string;
  return found;
}

/** Answers each FastCGI request with its parameters, as JSON. */
async function playPhp(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-test-")); // a socket's path must be short
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "php-fpm.sock");
  await FastcgiServer.start((request) => request.reply(JSON.stringify(Object.fromEntries(request.params))), path);
  return path;
}

/** Replaces what the page names by what there is here; all of it must be on the page. */
function here(code: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((text, [shown, real]) => {
    expect(text).toContain(shown);
    return text.replaceAll(shown, real);
  }, code);
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, string>;
}

it("two servers of a Python app, one of them down, and PHP, in one Express server that ends on SIGTERM", async () => {
  const uwsgi = await playUwsgi();
  const code = here(FIRST, {
    "10.0.0.1:3031": uwsgi,
    "10.0.0.2:3031": await unusedAddress(),
    "/run/php/php-fpm.sock": await playPhp(),
  });
  const program = workspace.run(code);
  const url = await program.url();
  for (let i = 0; i < 4; i += 1) {
    expect(await get(`${url}/shop/cart`)).toMatchObject({ SCRIPT_NAME: "/shop", PATH_INFO: "/cart" });
  }
  const health = (await get(`${url}/health`)) as unknown as Record<string, { addresses: { failures: number }[] }>;
  expect(health.shop?.addresses).toMatchObject([{ address: uwsgi, failures: 0 }, { ejected: expect.any(Boolean) }]);
  expect(health.shop?.addresses[1]?.failures).toBeGreaterThan(0);

  const server = await get(`${url}/blog/2026/a%20post?x=1`);
  const rows = [...page.text.matchAll(/^\| `(\w+)` \| `([^`]+)` \|$/gm)].map(([, key, value]) => [key, value]);
  const told = Object.fromEntries(rows.filter(([key]) => key !== "PHP_SELF")); // which PHP makes of two others
  expect(Object.keys(told)).toContain("SCRIPT_FILENAME");
  expect(server).toMatchObject(told);
  expect(rows).toContainEqual(["PHP_SELF", `${server.SCRIPT_NAME}${server.PATH_INFO}`]);

  program.process.kill("SIGTERM");
  expect(await once(program.process, "exit")).toEqual([0, null]);
});

it("PHP with many scripts, and its static files from Express", async () => {
  workspace.write("blog/assets/style.css", "body {}");
  const code = here(SCRIPTS, {
    "/srv/blog": join(workspace.folder, "blog"),
    "/run/php/php-fpm.sock": await playPhp(),
  });
  const url = await workspace.run(code).url();
  expect(await (await fetch(`${url}/blog/assets/style.css`)).text()).toBe("body {}");
  const root = join(workspace.folder, "blog");
  for (const [path, SCRIPT_FILENAME, SCRIPT_NAME, PATH_INFO] of [
    ["/wp-login.php", `${root}/wp-login.php`, "/blog/wp-login.php", ""],
    ["/wp-config.php", `${root}/index.php`, "/blog/index.php", "/wp-config.php"],
    ["/2026/", `${root}/index.php`, "/blog/index.php", "/2026/"],
  ]) {
    expect(await get(`${url}/blog${path}`)).toMatchObject({ SCRIPT_FILENAME, SCRIPT_NAME, PATH_INFO });
  }
});

it("gunicorn's app gets the mount and the client's address in headers that no client can set", async () => {
  const url = await workspace.run(here(FORWARDED, { "10.0.0.1:3031": await playUwsgi() })).url();
  const evil = { "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Prefix": "/evil" };
  expect(await get(`${url}/shop/`, evil)).toMatchObject({
    HTTP_X_FORWARDED_FOR: "127.0.0.1",
    HTTP_X_FORWARDED_PREFIX: "/shop",
  });
});

it("and believes them by ProxyFix", async () => {
  workspace.write("legacy/fixed.py", PROXY_FIX);
  const url = await workspace
    .run(
      `import { createServer } from "node:http";
      import { fromWsgi } from "wsgi-bridge";
      import { pythonApp } from "wsgi-bridge/python";
      createServer(fromWsgi(pythonApp("fixed:app", { directory: "./legacy", processes: 1 }))).listen(3000);`,
    )
    .url();
  const headers = { "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Prefix": "/shop" };
  expect(await (await fetch(url, { headers })).text()).toBe("/shop/ for 192.0.2.1");
});

it("the settings of the servers are those that the programs have", () => {
  const setting = (ini: string, key: string): string => {
    const [, value] = new RegExp(`^${key.replace(".", "\\.")} = (.+)$`, "m").exec(ini) ?? [];
    if (value === undefined) throw new Error(`there is no ${key}`);
    return value;
  };
  expect(FIRST).toContain(`"${setting(UWSGI_INI, "socket")}"`);
  const workers = Number(setting(UWSGI_INI, "processes")) * Number(setting(UWSGI_INI, "threads"));
  expect(FIRST).toContain(`{ maxConnections: ${workers} }`);
  expect(page.text).toContain(`here ${workers}, divided by the number of Node processes`);
  for (const code of [FIRST, SCRIPTS]) expect(code).toContain(`fastcgiApp("${setting(FPM_INI, "listen")}"`);
  expect(SCRIPTS).toContain(`maxConnections: ${setting(FPM_INI, "pm.max_children")},`);
  const [, address, w, t] = /--bind (\S+) [\s\S]*--workers (\d+) --threads (\d+) shop:app$/m.exec(GUNICORN) ?? [];
  expect(FORWARDED).toContain(`uwsgiApp("${address}", { maxConnections: ${Number(w) * Number(t)} })`);
});

it("the example: its folder, its script and the npm scripts are there", () => {
  const steps = page.take("sh", "examples/");
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  for (const [, name] of steps.matchAll(/npm run (\w+)/g)) expect(scripts).toHaveProperty(String(name));
  const files = [...steps.matchAll(/\b((?:scripts|examples)\/\S+)/g)].map(([, file]) => String(file));
  expect(files).toHaveLength(2);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(page.take("text", "lost: 0")).toMatch(/gets no requests\n.*gets requests\n {2}lost: 0\n$/); // run among the real servers
});

it("each way to write an address is one", () => {
  const [, table = ""] = /\| address \| means \|\n([\s\S]*?)\n\n/.exec(page.text) ?? [];
  const written = [...table.matchAll(/`("[^`]+"|\{[^`]+\})`/g)].map(([, address]) => String(address));
  expect(written).toHaveLength(7);
  const names = written.map((address) => {
    const value = JSON.parse(address.replace(/(\w+): /g, '"$1": '));
    return fastcgiApp(value).stats().addresses[0]?.address;
  });
  expect(new Set(names)).toEqual(
    new Set(["10.0.0.1:3031", "shop.internal:3031", "[fd00::1]:3031", "/run/shop/app.sock"]),
  );
  expect(() => fastcgiApp([])).toThrow("must not be empty");
  expect(() => fastcgiApp(["h:1", { host: "h", port: 1 }])).toThrow("given twice");
  expect(() => fastcgiApp(`/${"x".repeat(106)}`)).not.toThrow();
  expect(() => fastcgiApp(`/${"x".repeat(107)}`)).toThrow("at most 107 bytes");
});

it("stats() has these fields and no others", () => {
  const { addresses, queue } = fastcgiApp("h:1").stats();
  const fields = [...Object.keys(addresses[0] ?? {}).map((key) => `addresses[].${key}`), "queue.length"];
  const told = [...page.text.matchAll(/^\| `(addresses\[\]\.\w+|queue\.\w+)` \|/gm)].map(([, field]) => field);
  expect(told).toEqual(fields);
  expect(Object.keys(queue)).toEqual(["length"]);
});

it("the defaults that the text names are those of the source", () => {
  const { queueLength, queueTimeout, requestTimeout, totalTimeout, maxFailures, keepAlive, gracefulTimeout } =
    resolveSettings("h:1", {});
  const text = page.text.replace(/\s+/g, " ");
  for (const part of [
    `\`queueLength\` (${queueLength}) of them for at most \`queueTimeout\` (${queueTimeout / 1000} s)`,
    `\`requestTimeout\` (${requestTimeout / 1000} s)`,
    `\`maxFailures\` times in a row (${maxFailures})`,
    `\`keepAlive\` (${keepAlive / 1000} seconds)`,
    `\`gracefulTimeout\` (${gracefulTimeout / 1000} seconds)`,
  ]) {
    expect(text.includes(part), part).toBe(true);
  }
  expect(totalTimeout).toBe(Number.POSITIVE_INFINITY);
  expect(text).toContain("`totalTimeout` (off)");
});

it("each error has the code and the status of its class", () => {
  const source = readFileSync(join(ROOT, "src/errors.ts"), "utf8");
  const classes = source.split(/^export /m).map((one) => ({
    code: /code = "(ERR_\w+)"/.exec(one)?.[1],
    status: /readonly status(?:: ([\d |]+)| = (\d+))/.exec(one)?.slice(1).join(""),
  }));
  const statuses = new Map(classes.map(({ code, status }) => [code, status]));
  const rows = [...page.text.matchAll(/^\| (\d{3}) \| (`ERR_\w+`(?:, `ERR_\w+`)*) \|/gm)];
  expect(rows).toHaveLength(10);
  for (const [, status, codes = ""] of rows) {
    for (const code of codes.replaceAll("`", "").split(", ")) expect(statuses.get(code)).toContain(status);
  }
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
