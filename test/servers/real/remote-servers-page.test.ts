/** What docs/remote-servers.md says of uWSGI, PHP-FPM and gunicorn, with its own configurations and programs. */
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Page } from "../../docs/page.ts";
import { Workspace } from "../../docs/program.ts";
import { unusedAddress } from "../../support/unused-address.ts";
import { folderWith, type RealServer, startRealServer } from "./real-server.ts";

const page = new Page("docs/remote-servers.md");
const workspace = new Workspace();

const FIRST = page.take("js", "closeOnSignal");
const FORWARDED = page.take("js", "HTTP_X_FORWARDED_FOR");
const PROXY_FIX = page.take("python", "ProxyFix");
const UWSGI_INI = page.take("ini", "[uwsgi]");
const FPM_INI = page.take("ini", "pm.max_children");
const GUNICORN = page.take("sh", "gunicorn --protocol uwsgi");

/** Tells its environ. */
const TOLD = `import json


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({key: value for key, value in environ.items() if isinstance(value, str)}).encode()]
`;

/** uWSGI with the page's file; an option that it does not know is an error. */
function startUwsgi(address: string, ini = UWSGI_INI): Promise<RealServer> {
  const folder = folderWith({ "shop.py": TOLD });
  const settings = ini.replace("10.0.0.1:3031", address).replace("/srv/shop", folder);
  const ours = settings.replace("[uwsgi]", "[uwsgi]\nplugin = python3"); // the plugin knows `module`
  const file = join(folderWith({ "uwsgi.ini": ours }), "uwsgi.ini");
  return startRealServer({
    command: "uwsgi",
    args: ["--strict", "--ini", file],
    ready: /spawned uWSGI worker 4/,
    install: "uwsgi-core uwsgi-plugin-python3",
  });
}

async function startFpm(): Promise<{ path: string; site: string }> {
  const site = folderWith({ "index.php": "<?php echo json_encode($_SERVER);" });
  chmodSync(site, 0o755); // PHP's processes are another user's
  const path = join(site, "fpm.sock");
  const isRoot = process.getuid?.() === 0;
  const pool = FPM_INI.replace("/run/php/php-fpm.sock", path);
  const own = isRoot ? pool : pool.replace(/^(listen\.owner|listen\.group|user|group) = .*\n/gm, ""); // only root may choose
  const config = folderWith({ "fpm.conf": `[global]\nerror_log = fpm.log\n${own}` });
  await startRealServer({
    command: join("/usr/sbin", readdirSync("/usr/sbin").find((name) => /^php-fpm/.test(name)) ?? "php-fpm"),
    args: ["-F", "-O", "-p", config, "-y", join(config, "fpm.conf")],
    ready: /ready to handle connections/,
    install: "php-fpm",
  });
  return { path, site };
}

/** gunicorn by the page's own command. */
async function startGunicorn(shop: string): Promise<string> {
  const address = await unusedAddress();
  const command = GUNICORN.replace("10.0.0.1:3031", address).replace("10.0.0.9", "127.0.0.1");
  await startRealServer({
    command: "bash",
    args: ["-c", `exec ${command}`],
    ready: /Booting worker/,
    install: "gunicorn",
    cwd: folderWith({ "shop.py": shop }),
    env: { ...workspace.env, GUNICORN_CMD_ARGS: "--no-control-socket" },
  });
  return address;
}

const json = async (url: string): Promise<Record<string, string>> =>
  (await (await fetch(url)).json()) as Record<string, string>;

it("the first program before two uWSGI servers and PHP-FPM: what each app is told", async () => {
  const [one, two] = [await unusedAddress(), await unusedAddress()];
  const [{ path, site }] = await Promise.all([startFpm(), startUwsgi(one), startUwsgi(two)]);
  const code = FIRST.replace("10.0.0.1:3031", one)
    .replace("10.0.0.2:3031", two)
    .replace("/run/php/php-fpm.sock", path)
    .replace("/srv/blog", site);
  const url = await workspace.run(code).url();
  expect(await json(`${url}/shop/a%2525`)).toMatchObject({
    SCRIPT_NAME: "/shop",
    PATH_INFO: "/a%25",
    REMOTE_ADDR: "127.0.0.1",
    REQUEST_URI: "/shop/a%2525",
  });
  const rows = [...page.text.matchAll(/^\| `(\w+)` \| `([^`]+)` \|$/gm)].map(([, key = "", value = ""]) => [
    key,
    value.replace("/srv/blog", site),
  ]);
  expect(rows).toHaveLength(7);
  expect(await json(`${url}/blog/2026/a%20post?x=1`)).toMatchObject(Object.fromEntries(rows));
  const { shop } = (await json(`${url}/health`)) as unknown as { shop: object };
  expect(shop).toMatchObject({ addresses: [{ failures: 0 }, { failures: 0 }] });
});

it.each([
  ["the page's buffer-size", UWSGI_INI, 200],
  ["uWSGI's own", UWSGI_INI.replace(/buffer-size = .*\n/, ""), 502],
])("a cookie of 12 KB and %s", async (_which, ini, status) => {
  const address = await unusedAddress();
  const server = await startUwsgi(address, ini);
  const url = await workspace.run(FIRST.replace("10.0.0.1:3031", address).replace(/, "10.0.0.2:3031"/, "")).url();
  expect((await fetch(`${url}/shop/`, { headers: { Cookie: "x".repeat(12_000) } })).status).toBe(status);
  expect(server.lines.some((line) => line.includes("invalid request block size"))).toBe(status === 502);
});

it("gunicorn: the page's app has its mount and its client", async () => {
  const url = await workspace.run(FORWARDED.replace("10.0.0.1:3031", await startGunicorn(PROXY_FIX))).url();
  const headers = { "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Prefix": "/evil" };
  expect(await (await fetch(`${url}/shop/`, { headers })).text()).toBe("/shop/ for 127.0.0.1");
});

it("gunicorn: what it makes of a request, without that", async () => {
  const address = await startGunicorn(TOLD);
  const code = FIRST.replace("10.0.0.1:3031", address)
    .replace(/, "10.0.0.2:3031"/, "")
    .replace("fromWsgi(shop)", 'fromWsgi(shop, { environ: () => ({ REMOTE_USER: "ann", HTTPS: "on" }) })');
  const told = await json(`${await workspace.run(code).url()}/shop/a%2525?b`);
  expect(told).toMatchObject({ SCRIPT_NAME: "", PATH_INFO: "/a%", REMOTE_ADDR: "127.0.0.1", RAW_URI: "/a%25?b" });
  expect(told).not.toHaveProperty("REQUEST_URI");
  expect(told).not.toHaveProperty("REMOTE_USER");
});
