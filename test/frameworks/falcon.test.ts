/** Falcon: an API with middleware, hooks, media handlers, a streaming multipart reader, static routes, sinks and streams. */
import { describe, expect, it } from "vitest";
import { raw, rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { useSite } from "./site.ts";
import { itStreams } from "./streams.ts";

const site = useSite("falcon_api", "api:application");
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();
const KEY = { "X-Key": "sesame" };

describe("resources", () => {
  it.each([
    ["Express", "", () => site.express],
    ["Express", "/legacy", () => site.express],
    ["Koa", "/legacy", () => site.koa],
  ])("ENV-06: in %s at %j, creates an item, finds it at its Location and deletes it", async (_name, mount, server) => {
    const client = new Browser(server().url);
    const headers = { ...KEY, "Content-Type": "application/json" };
    const made = await client.send(`${mount}/items`, { method: "POST", headers, body: '{"ü": [1, null]}' });
    expect([made.status, await made.json()]).toEqual([201, { ü: [1, null] }]);
    const location = made.headers.get("location") ?? "";
    expect(location).toMatch(new RegExp(`^${mount}/items/\\d+$`)); // FRM-21: stays relative
    expect(await (await client.send(location)).json()).toEqual({ ü: [1, null] });
    expect((await client.send(location, { method: "DELETE", headers: KEY })).status).toBe(204);
    const gone = await client.send(location);
    expect([gone.status, await gone.json()]).toMatchObject([404, { title: "404 Not Found" }]);
  });

  it("responds with a 401, its challenge and JSON if a hook refuses", async () => {
    const refused = await browser().send("/items", { method: "POST", body: "{}" });
    expect([refused.status, refused.headers.get("www-authenticate"), await refused.json()]).toEqual([
      401,
      "Key",
      { title: "No key" },
    ]);
  });

  it("sends a large JSON response completely", async () => {
    const { items } = (await json("/legacy/items")) as { items: { text: string }[] };
    expect([items.length, items.at(-1)?.text]).toEqual([10_000, "é☃"]);
  });

  it("responds with Falcon's 400 if the body is not JSON, and with its 415 to an unknown media type", async () => {
    const headers = { ...KEY, "Content-Type": "application/json" };
    expect((await browser().send("/items", { method: "POST", headers, body: "{" })).status).toBe(400);
    const text = { ...KEY, "Content-Type": "text/x-unknown" };
    expect((await browser().send("/items", { method: "POST", headers: text, body: "{" })).status).toBe(415);
  });

  it("CL-09: responds to If-None-Match with a 304 without a body", async () => {
    const first = await browser().send("/items/7");
    await first.arrayBuffer();
    const headers = { "If-None-Match": first.headers.get("etag") ?? "" };
    const unchanged = await browser().send("/items/7", { headers });
    expect([unchanged.status, unchanged.headers.get("etag"), await unchanged.text()]).toEqual([304, '"item-7"', ""]);
  });

  it("FRM-20, CL-10: sends the length of GET and no body for HEAD, and keeps the connection", async () => {
    const head = "HEAD /items/7 HTTP/1.1\r\nHost: test\r\n";
    const { text } = await raw(site.express.port, `${head}\r\n${head}Connection: close\r\n\r\n`);
    const { body } = await rawGet(site.express.port, "/items/7");
    expect(text.match(/^content-length: \d+$/gm)).toEqual(Array(2).fill(`content-length: ${body.length}`));
    expect(text).not.toContain("{");
  });

  it("names the methods for OPTIONS and in a 405, and the origin for CORS", async () => {
    const options = await browser().send("/items/7", {
      method: "OPTIONS",
      headers: { Origin: "https://shop.example" },
    });
    expect(options.headers.get("allow")).toBe("DELETE, GET, HEAD");
    expect(options.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    const patch = await browser().send("/items/7", { method: "PATCH", body: "x" });
    expect([patch.status, patch.headers.get("allow")]).toEqual([405, "DELETE, GET, HEAD, OPTIONS"]);
  });

  it("EXP-05: reads a complete chunked body, with its length", async () => {
    const init = { method: "POST", body: new Blob(["x".repeat(300_000)]).stream(), duplex: "half" } as RequestInit;
    expect(await json("/raw", init)).toEqual({ length: 300_000, declared: 300_000 });
    expect(await json("/raw", { method: "POST" })).toMatchObject({ length: 0 });
  });
});

describe("files", () => {
  it("INP-01: streams a multipart body to a file, with and without a length, and sends it back", async () => {
    const content = Buffer.alloc(5_000_000, "every byte of it\r\n\0\xff");
    const body = new FormData();
    body.append("note", "größer");
    body.append("file", blob(content), "a.bin");
    const expected = { note: "größer", "a.bin": sha256(content) };
    expect(await json("/legacy/upload", { method: "POST", body })).toEqual(expected);
    const sent = new Response(body);
    const headers = { "Content-Type": sent.headers.get("content-type") ?? "" };
    expect(await json("/upload", { method: "POST", headers, body: sent.body, duplex: "half" } as RequestInit)).toEqual(
      expected,
    );
    const back = await browser().send("/uploads/a.bin");
    expect(back.headers.get("content-disposition")).toBe('attachment; filename="a.bin"');
    expect(back.headers.get("content-length")).toBe(String(content.length));
    expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(content));
  });

  it("FW-03: sends static files and ranges of them, and nothing outside their folder", async () => {
    const css = await browser().send("/legacy/static/site.css");
    expect(css.headers.get("content-type")).toMatch(/^text\/css/);
    const text = await css.text();
    const at = text.indexOf("color");
    const part = await browser().send("/static/site.css", { headers: { Range: `bytes=${at}-${at + 4}` } });
    expect([part.status, await part.text()]).toEqual([206, "color"]);
    expect(part.headers.get("content-range")).toBe(`bytes ${at}-${at + 4}/${text.length}`);
    expect((await rawGet(site.express.port, "/static/%2e%2e/api.py")).head).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("the facts of a request", () => {
  it("ENV-20: passes Unicode in the path and the query", async () => {
    const target = `/legacy/seen/${encodeURIComponent("жук на")}/%E2%98%83?q=${encodeURIComponent("naïve & co")}&q=+`;
    expect(await json(target)).toMatchObject({ rest: ["жук на", "☃"], words: ["naïve & co", " "], script: "/legacy" });
  });

  it("NODE-07: sets remote_addr, scheme and host according to `trust proxy`", async () => {
    expect(await json("/seen")).toMatchObject({ addr: "127.0.0.1", scheme: "http", url: `${site.express.url}/seen` });
    const headers = { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example" };
    expect(await json("/legacy/seen", { headers })).toMatchObject({
      addr: "192.0.2.7",
      scheme: "https",
      url: "https://api.example/legacy/seen",
      forwarded: "https://api.example/legacy/seen",
    });
  });

  it("FRM-20, ENV-31: takes Authorization from the client and REMOTE_USER from the host", async () => {
    const headers = { Authorization: "Bearer x", "Remote-User": "evil", Remote_User: "evil" };
    expect(await json("/seen", { headers })).toMatchObject({ auth: "Bearer x", user: null });
    expect(await json("/edge/seen", { headers })).toMatchObject({ auth: "Bearer x", user: "zoe" });
  });

  it("HDR-07: sends each cookie in its own field, and receives it unchanged", async () => {
    const { head } = await rawGet(site.express.port, "/legacy/seen", 'Cookie: plain=1; kept="a b"\r\n');
    expect(head.match(/^set-cookie: .*$/gm)?.sort()).toEqual([
      'set-cookie: kept="a b"; Domain=127.0.0.1; HttpOnly; Max-Age=60; Path=/legacy; SameSite=Strict; Secure',
      expect.stringMatching(/^set-cookie: old=""; expires=.*$/),
      "set-cookie: plain=1; HttpOnly",
    ]);
    expect(head).toMatch(/^vary: (Origin, )?Accept, Cookie$/m);
    expect(await json("/seen", { headers: { Cookie: 'plain=1; kept="a b"' } })).toMatchObject({
      cookies: { plain: "1", kept: "a b" },
    });
  });

  it("ENV-06: passes paths without a route to a sink, and adds the mount path to an absolute redirect", async () => {
    const text = await (await browser().send("/legacy/sink/a/b", { method: "PUT", body: "x" })).text();
    expect(text).toBe("PUT of a/b, mounted at /legacy");
    const old = await browser().send("/legacy/old");
    expect([old.status, old.headers.get("location")]).toEqual([301, "/legacy/items/7"]);
    expect((await browser().send("/legacy/items/7/")).status).toBe(200); // strip_url_path_trailing_slash
  });
});

describe("streams", () =>
  itStreams(site, { held: "/stream", release: ["PUT", "/release"], endless: "/endless", closed: ["closed /endless"] }));

describe("middleware and errors", () => {
  it.each([
    ["/items/7", "request,Item,ok"],
    ["/items/8000", "request,Item,failed"],
    ["/no/such", "request,failed"],
  ])("runs middleware for each step of %s", async (target, trail) => {
    expect((await browser().send(target)).headers.get("x-trail")).toBe(trail);
  });

  it("sends the response of the API's own error", async () => {
    const response = await browser().send("/stock");
    expect([response.status, await response.json()]).toEqual([409, { error: "none left" }]);
  });

  it("sends Falcon's 404, in XML on request", async () => {
    expect(await json("/legacy/no/such")).toEqual({ title: "404 Not Found" });
    const xml = await browser().send("/items/8000", { headers: { Accept: "application/xml" } });
    expect([xml.status, await xml.text()]).toEqual([404, expect.stringContaining("<title>404 Not Found</title>")]);
  });

  it.each([
    ["Express", () => site.express],
    ["Koa", () => site.koa],
  ])("EXC-01: in %s, sends Falcon's 500 for an exception; only the log has the traceback", async (_name, server) => {
    const page = await new Browser(server().url).open("/legacy/broken");
    expect([page.status, JSON.parse(page.text)]).toEqual([500, { title: "500 Internal Server Error" }]);
    await site.logger.said("LookupError: hunter2");
    expect(site.logger.text).toMatch(/\[FALCON\] \[ERROR\] GET \/broken/);
    expect(site.heard).toEqual([]);
  });
});
