/** A Django site: pages, forms, JSON, gzip, conditional requests, streams, files, remote users, errors. */
import { describe, expect, it } from "vitest";
import { raw, rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { logIn, useDjango } from "./django.ts";
import { itStreams } from "./streams.ts";

const site = useDjango();
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();
/** Django's GZipMiddleware buffers what it compresses, so that files would not use the wrapper. */
const PLAIN = { "Accept-Encoding": "identity" };

describe("pages and forms", () => {
  it("serves a form for users: login, upload, message, page, file", async () => {
    const visitor = browser();
    const form = await logIn(visitor, "/add/");
    expect(form.url).toBe("/add/");
    const content = Buffer.alloc(3_000_000, "every byte of it\r\n\0\xff");
    const picture = new File([blob(content)], "zürich.bin");
    const fields = { title: "Grüße aus Zürich", slug: "grüße", body: "a\r\n\r\nb & c", picture };
    const page = await visitor.submit(form, fields);
    expect(page.url).toBe("/articles/gr%C3%BC%C3%9Fe/");
    expect(page.text).toContain('<p class="success">Saved: Grüße aus Zürich</p>');
    expect(page.text).toMatch(/<p>a<\/p>\s+<p>b &amp; c<\/p>/);
    const file = await visitor.send("/download/z%C3%BCrich.bin", { headers: PLAIN });
    expect(file.headers.get("content-disposition")).toBe("attachment; filename*=utf-8''z%C3%BCrich.bin");
    expect(file.headers.get("content-length")).toBe(String(content.length));
    expect(sha256(Buffer.from(await file.arrayBuffer()))).toBe(sha256(content));
    await site.logger.said("file closed zürich.bin"); // FRM-13: the wrapper calls response.close()
    expect((await visitor.open("/articles/gr%C3%BC%C3%9Fe/")).text).not.toContain("Saved");
  });

  it("shows a form again with its mistake", async () => {
    const visitor = browser();
    const page = await visitor.submit(await logIn(visitor, "/add/"), { title: "", slug: "a b" });
    expect(page.text).toContain("This field is required.");
    expect(page.text).toContain("Enter a valid “slug”");
  });

  it("ENV-06: adds the mount path to links and redirects, including permanent ones", async () => {
    const { status, headers } = await browser().send("/legacy/old/");
    expect([status, headers.get("location")]).toEqual([301, "/legacy/articles/gr%C3%BC%C3%9Fe/"]);
    expect(await json("/legacy/seen/")).toMatchObject({
      url: `${site.express.url}/legacy/seen/`,
      script: "/legacy",
      path: "/seen/",
    });
  });

  it("FRM-21: redirects to the trailing slash (APPEND_SLASH) and keeps the mount path and the query", async () => {
    const { status, headers } = await browser().send("/legacy/seen?a=%20b");
    expect([status, headers.get("location")]).toEqual([301, "/legacy/seen/?a=%20b"]);
  });

  it("serves static files, and nothing outside their folder", async () => {
    expect(await (await browser().send("/static/articles/press.css")).text()).toContain("teal");
    expect((await rawGet(site.express.port, "/static/%2e%2e/%2e%2e/press/settings.py")).head).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });
});

describe("an API", () => {
  it("sends a large JSON response gzipped, with a length and an ETag, then a 304", async () => {
    const response = await browser().send("/api/many/");
    const length = Number(response.headers.get("content-length"));
    expect([response.headers.get("content-encoding"), response.headers.get("vary")]).toEqual([
      "gzip",
      expect.stringContaining("Accept-Encoding"),
    ]);
    const text = await response.text();
    expect(length).toBeLessThan(text.length / 4);
    expect((JSON.parse(text) as { items: { text: string }[] }).items.at(-1)?.text).toBe("é☃");
    const headers = { "If-None-Match": response.headers.get("etag") ?? "" };
    const unchanged = await browser().send("/api/many/", { headers });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  });

  it("CL-10: sends no body for HEAD, and keeps the connection", async () => {
    const head = "HEAD /api/many/ HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const { text } = await raw(site.express.port, `${head}\r\n${head}Connection: close\r\n\r\n`);
    expect(text.match(/^HTTP\/1\.1 200 OK$/gm)).toHaveLength(2);
    expect(text).not.toContain("{");
  });

  it("reads JSON and responds with a 201, or with a 405 to other methods, including OPTIONS", async () => {
    const headers = { "Content-Type": "application/json" };
    const made = await browser().send("/api/echo/", { method: "PUT", headers, body: '{"ü": [1, null]}' });
    expect([made.status, await made.json()]).toEqual([201, { got: { ü: [1, null] } }]);
    for (const method of ["GET", "OPTIONS", "PATCH"]) {
      const refused = await browser().send("/api/echo/", { method });
      expect([method, refused.status, refused.headers.get("allow")]).toEqual([method, 405, "POST, PUT"]);
    }
  });

  it("FRM-04: reads a complete chunked body, with its length", async () => {
    const init = { method: "POST", body: new Blob(["x".repeat(300_000)]).stream(), duplex: "half" } as RequestInit;
    expect(await json("/api/echo/", init)).toEqual({ length: 300_000, declared: "300000" });
  });

  it("responds with Django's 400 to a body over DATA_UPLOAD_MAX_MEMORY_SIZE, and keeps serving", async () => {
    expect((await browser().send("/api/echo/", { method: "POST", body: "x".repeat(2_700_000) })).status).toBe(400);
    expect(await json("/api/echo/", { method: "POST", body: "x" })).toMatchObject({ length: 1 });
  });
});

describe("the facts of a request", () => {
  it("ENV-20, HDR-07: passes Unicode in the path, the query and a header, and each cookie in its own field", async () => {
    const target = `/legacy/words/${encodeURIComponent("жук/на//ёлке")}?q=${encodeURIComponent("naïve & co")}&q=+`;
    const visitor = browser();
    const response = await visitor.send(target);
    expect(await response.json()).toEqual({ words: "жук/на//ёлке", all: ["naïve & co", " "], signed: null });
    expect(response.headers.get("x-words")).toBe(`=?utf-8?b?${Buffer.from("жук/на//ёлке").toString("base64")}?=`);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^words="a b\\073\\351:.*"; expires=.* GMT; HttpOnly; Max-Age=60; Path=\/; SameSite=Lax$/),
      "twice=2; Path=/",
      'old=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/',
    ]);
    expect(await (await visitor.send(target)).json()).toMatchObject({ signed: "a b;é" });
  });

  it("FRM-12: passes a path that is not UTF-8 to Django, which quotes its bytes", async () => {
    expect(await json("/words/%FFa")).toMatchObject({ words: "%FFa" });
  });

  it("FRM-11: lets no header set SCRIPT_URL or REDIRECT_URL, which would change the mount path", async () => {
    const headers = {
      "Script-Url": "/evil/seen/",
      "Redirect-Url": "/evil/seen/",
      Script_Url: "/evil",
      Script_Name: "/evil",
    };
    expect(await json("/legacy/seen/", { headers })).toMatchObject({ script: "/legacy" });
  });

  it("FRM-13, NODE-07: sets is_secure, REMOTE_ADDR and the host according to `trust proxy`; META is the environ", async () => {
    expect(await json("/seen/")).toMatchObject({ secure: false, addr: "127.0.0.1", bag: "dict" });
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "press.example",
    };
    expect(await json("/legacy/seen/", { headers })).toMatchObject({
      secure: true,
      addr: "192.0.2.7",
      url: "https://press.example/legacy/seen/",
    });
  });

  it("FRM-14: takes the remote user from the option `environ`, never from a header", async () => {
    const forged = { "Remote-User": "evil", Remote_User: "evil", "X-Remote-User": "evil" };
    const stranger = await browser().open("/intranet/", { headers: forged });
    expect(stranger.url).toBe("/admin/login/?next=/intranet/");
    expect((await browser().open("/edge/intranet/", { headers: forged })).text).toBe("Hello, zoe");
  });

  it("chooses the language by Accept-Language", async () => {
    expect(await json("/seen/", { headers: { "Accept-Language": "de-CH,de" } })).toMatchObject({ language: "de" });
  });
});

describe("streams", () => {
  itStreams(site, {
    held: "/stream/",
    release: ["POST", "/release/"],
    endless: "/endless/",
    closed: ["closed /endless/"],
    headers: PLAIN,
  });

  it("sends a stream through Django's gzip completely", async () => {
    const response = await browser().send("/export/");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const lines = (await response.text()).split("\n");
    expect([lines.length, lines[0], lines.at(-2)]).toEqual([20_001, "0;é", "19999;é"]);
  });
});

describe("errors", () => {
  it("sends the site's own page for a 404, with the mount path", async () => {
    const page = await browser().open("/legacy/nö/");
    expect([page.status, page.text]).toEqual([404, expect.stringContaining("<h1>Nothing at /legacy/nö/</h1>")]);
  });

  it("EXC-01: sends Django's 500 for an exception; only the log has the traceback", async () => {
    const page = await browser().open("/legacy/broken/");
    expect([page.status, page.text]).toEqual([500, expect.stringContaining("<h1>Server Error (500)</h1>")]);
    expect(page.text).not.toMatch(/hunter2|Traceback/);
    await site.logger.said("LookupError: hunter2");
    expect(site.logger.text).toContain("Internal Server Error: /legacy/broken/");
    expect(site.heard).toEqual([]);
  });
});

it("serves the same site in Koa: login, form, gzip, errors", async () => {
  const visitor = new Browser(site.koa.url);
  const page = await visitor.submit(await logIn(visitor, "/legacy/add/"), { title: "Koa", slug: "koa" });
  expect([page.url, page.text.includes("Saved: Koa")]).toEqual(["/legacy/articles/koa/", true]);
  expect((await visitor.send("/legacy/api/many/")).headers.get("content-encoding")).toBe("gzip");
  expect((await visitor.open("/legacy/nö/")).status).toBe(404);
  expect((await visitor.open("/legacy/broken/")).status).toBe(500);
});
