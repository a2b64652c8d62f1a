/** `fastcgiApp` against the real PHP-FPM: a PHP site in Express. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import express from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import { fromWsgi } from "../../../src/index.ts";
import type { FastcgiAppOptions } from "../../../src/remote/fastcgi-app.ts";
import type { Environ } from "../../../src/wsgi/types.ts";
import { Played, pieces, play } from "../../support/calls.ts";
import { remote } from "../../support/remote.ts";
import { listen } from "../../support/server.ts";
import { folderWith, startRealServer } from "./real-server.ts";

const INDEX = `<?php
$path = $_SERVER["PATH_INFO"] ?? "";
if ($path === "/missing") { http_response_code(404); echo "none"; exit; }
if ($path === "/elsewhere") { header("Location: /target"); exit; }
if ($path === "/log") { error_log("only for the log"); echo "logged"; exit; }
if ($path === "/body") { echo $_SERVER["CONTENT_LENGTH"], " ", file_get_contents("php://input"); exit; }
if ($path === "/form") { echo $_POST["a"], " ", file_get_contents($_FILES["f"]["tmp_name"]); exit; }
if ($path === "/pid") { echo getmypid(); exit; }
if ($path === "/large") { for ($i = 0; $i < 200; $i++) echo str_repeat("0123456789", 10000); exit; }
if ($path === "/endless") { ini_set("output_buffering", 0); while (true) { echo str_repeat("x", 10000); flush(); } }
if ($path === "/die") { file_put_contents(__DIR__ . "/calls", "x", FILE_APPEND); posix_kill(getmypid(), 9); sleep(10); }
if ($path === "/ini") { echo ini_get("auto_prepend_file"), ini_get("memory_limit"); exit; }
header("Content-Type: application/json");
echo json_encode($_SERVER);
`;

/** PHP-FPM with this site. */
async function startFpm(limits = ""): Promise<{ folder: string; path: string }> {
  const folder = folderWith({ "index.php": INDEX, "other.php": '<?php echo "other ", $_SERVER["SCRIPT_NAME"];' });
  const path = join(folder, "fpm.sock");
  const owner = process.getuid?.() === 0 ? "user = root\ngroup = root" : "";
  const config = folderWith({
    "fpm.conf": `[global]
error_log = fpm.log
[site]
listen = ${path}
${owner}
pm = static
pm.max_children = 2
${limits}
`,
  });
  await startRealServer({
    command: join("/usr/sbin", readdirSync("/usr/sbin").find((name) => /^php-fpm/.test(name)) ?? "php-fpm"),
    args: ["-F", "-R", "-O", "-p", config, "-d", "expose_php=1", "-y", join(config, "fpm.conf")],
    ready: /ready to handle connections/,
    install: "php-fpm",
  });
  return { folder, path };
}

async function site(options: FastcgiAppOptions = {}, limits = "") {
  const { folder, path } = await startFpm(limits);
  return { folder, app: remote(path, { scriptFilename: join(folder, "index.php"), maxConnections: 2, ...options }) };
}

/** What PHP has in $_SERVER. */
async function server(app: Parameters<typeof play>[0], call: Parameters<typeof play>[1] = {}) {
  return JSON.parse((await play(app, call)).body) as Record<string, string>;
}

describe("a PHP site", () => {
  it("in Express has the variables that PHP expects, at any mount", async () => {
    const { folder, app } = await site();
    const web = express();
    web.use("/blog", fromWsgi(app));
    const { url, port, close } = await listen(web as never);
    onTestFinished(close);
    const answer = await fetch(`${url}/blog/2026/a%20post?x=1`, { headers: { "X-A": "b" } });
    expect(answer.headers.get("x-powered-by")).toMatch(/^PHP/);
    expect(await answer.json()).toMatchObject({
      SCRIPT_FILENAME: join(folder, "index.php"),
      DOCUMENT_ROOT: folder,
      SCRIPT_NAME: "/blog/index.php",
      PATH_INFO: "/2026/a post",
      PHP_SELF: "/blog/index.php/2026/a post",
      REQUEST_URI: "/blog/2026/a%20post?x=1",
      QUERY_STRING: "x=1",
      SERVER_PORT: String(port),
      HTTP_HOST: `127.0.0.1:${port}`,
      HTTP_X_A: "b",
    });
  });

  it("may be asked for by its script's own name, too", async () => {
    const { app } = await site();
    const told = await server(app, { pathInfo: "/index.php/a" });
    expect(told).toMatchObject({ SCRIPT_NAME: "/m/index.php", PATH_INFO: "/a", PHP_SELF: "/m/index.php/a" });
  });

  it("over TLS knows it", async () => {
    const { app } = await site();
    expect(await server(app, { scheme: "https" })).toMatchObject({ HTTPS: "on" });
    expect(await server(app)).not.toHaveProperty("HTTPS");
  });

  it("may have many scripts", async () => {
    const { folder, path } = await startFpm();
    const scriptFilename = ({ PATH_INFO }: Environ): string =>
      join(folder, /^\/other\.php(\/|$)/.test(PATH_INFO) ? "other.php" : "index.php");
    const app = remote(path, { scriptFilename, documentRoot: folder });
    expect((await play(app, { pathInfo: "/other.php/x" })).body).toBe("other /m/other.php");
    expect((await play(app, { pathInfo: "/pid" })).body).toMatch(/^\d+$/);
  });

  it("without its script is PHP-FPM's own 404, and the reason is in the log", async () => {
    const { folder, path } = await startFpm();
    const played = await play(remote(path, { scriptFilename: join(folder, "none.php") }));
    expect(played.status).toBe("404 Not Found");
    expect(played.log.join("")).toContain("Primary script unknown");
  });

  it.each([
    ["/missing", "404 Not Found", "none"],
    ["/elsewhere", "302 Found", ""],
    ["/log", "200 OK", "logged"],
  ])("%s: %s", async (pathInfo, status, body) => {
    const { app } = await site();
    const played = await play(app, { pathInfo });
    expect([played.status, played.body]).toEqual([status, body]);
    expect(played.log.join("").includes("only for the log")).toBe(pathInfo === "/log");
  });

  it("answers HEAD without a body", async () => {
    const { app } = await site();
    expect(await play(app, { pathInfo: "/pid", method: "HEAD" })).toMatchObject({ status: "200 OK", body: "" });
  });

  it("FRM-04: gets a body of unknown length with its length", async () => {
    const { app } = await site();
    const played = await play(app, { pathInfo: "/body", method: "POST", input: pieces("abc", "def") });
    expect(played.body).toBe("6 abcdef");
  });

  it("gets forms and files through Express", async () => {
    const { app } = await site();
    const { url, close } = await listen(express().use(fromWsgi(app)) as never);
    onTestFinished(close);
    const form = new FormData();
    form.set("a", "é");
    form.set("f", new Blob(["file"]), "f.txt");
    expect(await fetch(`${url}/form`, { method: "POST", body: form }).then((answer) => answer.text())).toBe("é file");
  });

  it("may answer with much", async () => {
    const { app } = await site();
    expect((await play(app, { pathInfo: "/large" })).body === "0123456789".repeat(2_000_000)).toBe(true);
  });

  it("WRK-01: cannot be steered by PHP_VALUE and PHP_ADMIN_VALUE in an environ", async () => {
    const { app } = await site();
    const usual = (await play(app, { pathInfo: "/ini" })).body;
    const steer = "auto_prepend_file=/etc/hostname\nmemory_limit=7M";
    const keys = { PHP_VALUE: steer, PHP_ADMIN_VALUE: steer };
    expect((await play(app, { pathInfo: "/ini", keys })).body).toBe(usual);
  });
});

describe("PHP-FPM", () => {
  it("keeps its connections: safe requests go on one", async () => {
    const { app } = await site();
    const pids = new Set<string>();
    for (let i = 0; i < 5; i += 1) pids.add((await play(app, { pathInfo: "/pid" })).body);
    expect(pids.size).toBe(1);
    expect(app.stats().addresses[0]).toMatchObject({ connections: 1, requests: 5, failures: 0 });
  });

  it("with more requests than children serves them one after another, safe ones and others", async () => {
    const { app } = await site();
    const all = Array.from({ length: 40 }, (_, i) =>
      play(app, { pathInfo: "/body", method: i % 2 === 0 ? "POST" : "GET", body: String(i) }),
    );
    const bodies = (await Promise.all(all)).map(({ body }) => body.split(" ")[1]);
    expect(bodies).toEqual(Array.from({ length: 40 }, (_, i) => String(i)));
    expect(app.stats().addresses[0]).toMatchObject({ busy: 0, failures: 0 });
  });

  it("whose children end after a request each (pm.max_requests) loses none", async () => {
    const { app } = await site({}, "pm.max_requests = 1");
    for (let i = 0; i < 10; i += 1) {
      expect((await play(app, { pathInfo: "/pid", method: i % 2 === 0 ? "GET" : "POST" })).body).toMatch(/^\d+$/);
    }
  });

  it.each([
    ["GET", 2],
    ["POST", 1],
  ])("WRK-07: whose child dies in a %s is asked %i times, and then it is a 502", async (method, times) => {
    const { folder, app } = await site();
    await expect(play(app, { pathInfo: "/die", method })).rejects.toMatchObject({ name: "UpstreamError", status: 502 });
    expect(readFileSync(join(folder, "calls"), "utf8")).toHaveLength(times);
    expect((await play(app, { pathInfo: "/pid" })).body).toMatch(/^\d+$/);
  });

  it("WRK-08: a response without end is over when its client leaves", async () => {
    const { app } = await site();
    for (let i = 0; i < 4; i += 1) {
      const left = new Played(app, { pathInfo: "/endless" });
      expect((await left.next())?.length).toBeGreaterThan(0);
      await left.close();
    }
    expect((await play(app, { pathInfo: "/pid" })).body).toMatch(/^\d+$/);
  });
});
