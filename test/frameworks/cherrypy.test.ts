/** CherryPy as a WSGI app: handlers by name, tools, sessions, uploads, REST by methods, basic authentication and streams. */
import { describe, expect, it } from "vitest";
import { raw, rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { useSite } from "./site.ts";
import { itStreams } from "./streams.ts";

const site = useSite("cherrypy_site", "pages:application");
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();

describe("a visit", () => {
  it.each([
    ["Express", "", () => site.express],
    ["Express", "/legacy", () => site.express],
    ["Koa", "/legacy", () => site.koa],
  ])("ENV-06, HDR-07: in %s at %j: login, session, message, logout", async (_name, mount, server) => {
    const visitor = new Browser(server().url);
    const index = await visitor.open(`${mount}/`);
    expect(index.text).toContain(`<a href="${mount}/pages/gr%C3%BC%C3%9Fe">Grüße</a>`);
    const before = visitor.cookies.get("session_id");
    const after = await visitor.submit(index, { name: "zoë" });
    expect([after.url, after.text]).toEqual([
      `${mount}/`,
      expect.stringContaining("<p>Welcome</p><h1>Hello, zoë</h1>"),
    ]);
    expect(visitor.cookies.get("session_id")).not.toBe(before);
    expect((await visitor.open(`${mount}/`)).text).toContain("<p></p><h1>Hello, zoë</h1>");
    expect((await visitor.open(`${mount}/logout`)).text).toContain("<h1>Hello, stranger</h1>");
  });

  it("HDR-07: sends each cookie in its own Set-Cookie field, and receives it unchanged", async () => {
    const visitor = browser();
    const cookies = (await visitor.send("/pages/a")).headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split("=", 1)[0]).sort()).toEqual(["seen", "session_id", "theme"]);
    expect(cookies).toContain("theme=dark; Max-Age=60");
    const seen = JSON.parse((await visitor.open("/api/seen")).text) as object;
    expect(seen).toMatchObject({ cookies: { seen: "1", theme: "dark" } });
  });

  it.each([
    ["ENV-06: a bare mount", "/legacy", "/legacy/"],
    ["an index without its trailing slash", "/legacy/private?a=b", "/legacy/private/?a=b"],
  ])("FRM-21: lets CherryPy redirect %s", async (_name, from, to) => {
    const Authorization = `Basic ${btoa("zoe:p:w")}`;
    const { status, headers } = await browser().send(from, { headers: { Authorization } });
    expect([status, headers.get("location")]).toEqual([301, `${site.express.url}${to}`]);
  });
});

describe("files", () => {
  it("INP-01: saves an upload of several MB unchanged, and sends ranges of it", async () => {
    const content = Buffer.alloc(5_000_000, "every byte of it\r\n\0\xff");
    const body = new FormData();
    body.append("note", "für Zoë");
    body.append("upload", blob(content), "a.bin");
    expect(await json("/legacy/upload", { method: "POST", body })).toEqual({
      note: "für Zoë",
      name: "a.bin",
      type: "application/octet-stream",
    });
    const back = await browser().send("/download");
    expect(back.headers.get("content-length")).toBe(String(content.length));
    expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(content));
    const part = await browser().send("/download", { headers: { Range: "bytes=0-4" } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      `bytes 0-4/${content.length}`,
      "every",
    ]);
  });

  it("FW-03: sends static files and 304s, and nothing outside their folder", async () => {
    const css = await browser().send("/legacy/static/site.css");
    expect([css.headers.get("content-type"), await css.text()]).toEqual([
      expect.stringMatching(/^text\/css/),
      expect.stringContaining("teal"),
    ]);
    const headers = { "If-Modified-Since": css.headers.get("last-modified") ?? "" };
    const unchanged = await browser().send("/static/site.css", { headers });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
    expect((await rawGet(site.express.port, "/static/%2e%2e/pages.py")).head).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe("an API", () => {
  it("sends a large JSON response gzipped by a tool, then a 304", async () => {
    const response = await browser().send("/api/many");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const { items } = (await response.json()) as { items: { text: string }[] };
    expect([items.length, items.at(-1)?.text]).toEqual([10_000, "é☃"]);
    const plain = { "Accept-Encoding": "identity" };
    const first = await browser().send("/api/many", { headers: plain });
    await first.arrayBuffer();
    const headers = { ...plain, "If-None-Match": first.headers.get("etag") ?? "" };
    const unchanged = await browser().send("/api/many", { headers });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  });

  it("reads JSON and responds with a 201, or with CherryPy's 400 if it is not JSON", async () => {
    const headers = { "Content-Type": "application/json" };
    const made = await browser().send("/api/echo", { method: "POST", headers, body: '{"ü": [1, null]}' });
    expect([made.status, await made.json()]).toEqual([201, { got: { ü: [1, null] } }]);
    expect((await browser().send("/api/echo", { method: "POST", headers, body: "{" })).status).toBe(400);
  });

  it("serves PUT and DELETE through MethodDispatcher, and a 405 that names them", async () => {
    const made = await browser().send("/legacy/items/7", { method: "PUT", body: "" });
    expect([made.status, made.headers.get("location"), await made.text()]).toEqual([
      201,
      `${site.express.url}/legacy/items/7`,
      "put 7",
    ]);
    expect((await browser().send("/items/7", { method: "DELETE" })).status).toBe(204);
    const patch = await browser().send("/items", { method: "PATCH", body: "x" });
    expect([patch.status, patch.headers.get("allow")]).toEqual([405, "DELETE, GET, HEAD, PUT"]);
  });

  it("EXP-05: reads a complete chunked body, with its length", async () => {
    const headers = { "Content-Type": "application/octet-stream" };
    const body = new Blob(["x".repeat(300_000)]).stream();
    const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
    expect(await json("/api/raw", init)).toEqual({ length: 300_000, declared: "300000" });
  });

  it("FRM-20, CL-10: sends the length of GET and no body for HEAD, and keeps the connection", async () => {
    const head = "HEAD /items HTTP/1.1\r\nHost: test\r\n";
    const { text } = await raw(site.express.port, `${head}\r\n${head}Connection: close\r\n\r\n`);
    expect(text.match(/^Content-Length: 3$/gm)).toHaveLength(2);
    expect(text).not.toContain("all");
  });
});

describe("the facts of a request", () => {
  it("ENV-20: passes Unicode in the path and the query", async () => {
    const target = `/legacy/api/seen/${encodeURIComponent("жук на")}/%E2%98%83?q=${encodeURIComponent("naïve & co")}&q=+`;
    expect(await json(target)).toMatchObject({ rest: "жук на/☃", words: ["naïve & co", " "], script: "/legacy" });
  });

  it("NODE-07: sets remote.ip, scheme and base according to `trust proxy`", async () => {
    expect(await json("/api/seen")).toMatchObject({ addr: "127.0.0.1", scheme: "http", base: site.express.url });
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "site.example",
    };
    expect(await json("/legacy/api/seen", { headers })).toMatchObject({
      addr: "192.0.2.7",
      scheme: "https",
      url: "https://site.example/legacy/api/seen",
    });
  });

  it("FRM-18, ENV-31: takes the user from the host, not from the socket's peer or a header", async () => {
    const headers = { "Remote-User": "evil", Remote_User: "evil" };
    expect(await json("/api/seen", { headers })).toMatchObject({ peer: [], login: null });
    expect(await json("/edge/api/seen", { headers })).toMatchObject({ peer: ["REMOTE_USER"], login: "zoe" });
  });

  it("FRM-20: supports basic authentication", async () => {
    const denied = await browser().send("/private/");
    expect([denied.status, denied.headers.get("www-authenticate")]).toEqual([
      401,
      expect.stringContaining('Basic realm="private"'),
    ]);
    await denied.arrayBuffer();
    const Authorization = `Basic ${btoa("zoe:p:w")}`;
    expect(await (await browser().send("/private/", { headers: { Authorization } })).text()).toBe("welcome zoe");
  });
});

describe("streams", () =>
  itStreams(site, {
    held: "/streams/held",
    release: ["POST", "/streams/release"],
    endless: "/streams/endless",
    closed: ["closed endless"],
  }));

describe("tools and errors", () => {
  it("runs the site's own tool for each page", async () => {
    expect((await browser().send("/legacy/pages/a/b")).headers.get("x-tool")).toBe("/pages/a/b");
  });

  it("sends the site's own page for a 404, and its own status with its reason", async () => {
    const page = await browser().open("/legacy/no/such");
    expect([page.status, page.text]).toEqual([404, expect.stringContaining("<h1>404 Not Found</h1>")]);
    expect((await rawGet(site.express.port, "/teapot")).head).toMatch(/^HTTP\/1\.1 418 I'm a teapot\r\n/);
  });

  it.each([
    ["Express", () => site.express],
    ["Koa", () => site.koa],
  ])("EXC-01: in %s, sends CherryPy's 500 for an exception; only the log has the traceback", async (_name, server) => {
    const page = await new Browser(server().url).open("/legacy/broken");
    expect([page.status, page.text.includes("500 Internal Server Error")]).toEqual([500, true]);
    expect(page.text).not.toMatch(/hunter2|Traceback/);
    await site.logger.said("LookupError: hunter2"); // CherryPy writes it to wsgi.errors
    expect(site.heard).toEqual([]);
  });
});
