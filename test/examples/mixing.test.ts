/** Tests the example that mixes frameworks in one server, started as a user starts it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const child = spawn(process.execPath, [fileURLToPath(new URL("../../examples/mixing/server.mjs", import.meta.url))], {
  env: { ...process.env, PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
let url: string;
beforeAll(async () => {
  const [line] = await once(child.stdout, "data");
  url = String(line).trim();
});
afterAll(() => child.kill());

it.each([
  ["Koa inside Express", "blog/a?b", "Koa at /a of /blog/a?b\n"],
  ["Express 4 inside Express 5", "old/orders/7", "Express 4: order 7 below /old\n"],
  ["Express inside Koa inside Express", "wiki/deep/page", "Express 5 in Koa in Express, at /wiki/deep/page\n"],
])("serves %s", async (_name, path, body) => {
  const response = await fetch(new URL(path, url));
  expect([response.status, await response.text()]).toEqual([200, body]);
});

it("serves a WSGI middleware around an Express app", async () => {
  const stranger = await fetch(new URL("admin", url));
  expect([stranger.status, stranger.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="example"']);
  const authorization = `Basic ${Buffer.from("ada:lovelace").toString("base64")}`;
  const known = await fetch(new URL("admin", url), { headers: { authorization, "X-User": "mallory" } });
  expect([known.status, await known.text()]).toEqual([200, "Hello, ada\n"]);
});
