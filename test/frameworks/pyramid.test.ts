/** Pyramid, with WebOb: a wiki with a security policy, sessions, CSRF tokens, uploads, tweens, JSON views and streams. */
import { describe, expect, it } from "vitest";
import { raw, rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { useSite } from "./site.ts";
import { itStreams } from "./streams.ts";

const site = useSite("pyramid_wiki", "wiki:application");
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();

describe("a visit", () => {
  it.each([
    ["Express", "", () => site.express],
    ["Express", "/legacy", () => site.express],
    ["Koa", "/legacy", () => site.koa],
  ])(
    "ENV-06, HDR-07: in %s at %j, supports login, ticket cookie, upload, flashed message and logout",
    async (_name, mount, server) => {
      const visitor = new Browser(server().url);
      expect((await visitor.open(`${mount}/edit`)).url).toBe(
        `${mount}/login?next=${encodeURIComponent(`${mount}/edit`)}`,
      );
      const index = await visitor.submit(await visitor.open(`${mount}/login`), { name: "zoe" });
      expect(index.url).toBe(`${mount}/`);
      expect(index.text).toContain(`href="${server().url}${mount}/static/site.css"`);
      expect(index.text).toContain("<p>Welcome, zoe</p><h1>Hello, zoe</h1>");
      expect(index.text).toContain(`<a href="${mount}/pages/Start">`);
      const content = Buffer.alloc(3_000_000, "every byte of it\r\n\0\xff");
      const file = new File([blob(content)], "größe.zip");
      const page = await visitor.submit(await visitor.open(`${mount}/edit`), {
        name: "Über uns",
        text: "<b> & ü",
        file,
      });
      expect(page.url).toBe(`${mount}/pages/%C3%9Cber%20uns`);
      expect(page.text).toContain("<p>Saved, with größe.zip</p><h1>Über uns</h1>&lt;b&gt; &amp; ü");
      const back = await visitor.send(`${mount}/attachment`);
      expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(content));
      const out = await visitor.submit(await visitor.open(`${mount}/`), {});
      expect(out.text).toContain("<p>Good bye</p><h1>Hello, stranger</h1>");
    },
  );

  it("responds with Pyramid's 400 to a form without its token", async () => {
    const forged = await browser().send("/login", { method: "POST", body: new URLSearchParams({ name: "evil" }) });
    expect([forged.status, await forged.text()]).toEqual([400, expect.stringContaining("CSRF")]);
  });

  it("HDR-07: sends each cookie in its own field, and receives it unchanged", async () => {
    const { head } = await rawGet(site.express.port, "/legacy/api/seen");
    expect(head.match(/^Set-Cookie: .*$/gm)).toEqual([
      "Set-Cookie: plain=1; Path=/legacy",
      expect.stringMatching(
        /^Set-Cookie: kept="a b"; Max-Age=60; Path=\/; expires=.* GMT; secure; HttpOnly; SameSite=strict$/,
      ),
      expect.stringMatching(/^Set-Cookie: old=; Max-Age=0; Path=\/; expires=.*$/),
    ]);
    const headers = { Cookie: 'plain=1; kept="a b"' };
    expect(await json("/api/seen", { headers })).toMatchObject({ cookies: { plain: "1", kept: "a b" } });
  });
});

describe("files", () => {
  it("FW-03: sends static files and 304s, and nothing outside their folder", async () => {
    const css = await browser().send("/legacy/static/site.css");
    expect([css.headers.get("content-type"), css.headers.get("cache-control")]).toEqual([
      expect.stringMatching(/^text\/css/),
      "max-age=60",
    ]);
    expect(await css.text()).toContain("teal");
    const headers = { "If-Modified-Since": css.headers.get("last-modified") ?? "" };
    const unchanged = await browser().send("/legacy/static/site.css", { headers });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
    expect((await rawGet(site.express.port, "/static/%2e%2e/views.py")).head).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("FW-01, FW-03: lets FileResponse use the file wrapper, and WebOb send ranges of it", async () => {
    const visitor = browser();
    await visitor.submit(await visitor.open("/login"), { name: "zoe" });
    const file = new File([blob(Buffer.from("0123456789"))], "ten");
    await visitor.submit(await visitor.open("/edit"), { name: "ten", text: "", file });
    const whole = await visitor.send("/attachment");
    expect([whole.headers.get("content-length"), await whole.text()]).toEqual(["10", "0123456789"]);
    const part = await visitor.send("/attachment", { headers: { Range: "bytes=2-4" } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
    const head = await visitor.send("/attachment", { method: "HEAD" });
    expect([head.headers.get("content-length"), await head.text()]).toEqual(["10", ""]);
  });
});

describe("an API", () => {
  it("sends a large JSON response completely, then a 304", async () => {
    const { items } = (await json("/api/many")) as { items: { text: string }[] };
    expect([items.length, items.at(-1)?.text]).toEqual([10_000, "é☃"]);
    const unchanged = await browser().send("/api/many", { headers: { "If-None-Match": '"many"' } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  });

  it("reads JSON and responds with a 201, or with Pyramid's 404 to a method without a view", async () => {
    const headers = { "Content-Type": "application/json" };
    const made = await browser().send("/api/echo", { method: "PUT", headers, body: '{"ü": [1, null]}' });
    expect([made.status, await made.json()]).toEqual([201, { got: { ü: [1, null] } }]);
    expect((await browser().send("/api/echo", { method: "DELETE" })).status).toBe(404);
  });

  it("FRM-06: lets WebOb read a chunked body and one with a length", async () => {
    const init = { method: "POST", body: new Blob(["x".repeat(300_000)]).stream(), duplex: "half" } as RequestInit;
    expect(await json("/api/raw", init)).toEqual({ length: 300_000, declared: 300_000, readable: true });
    const sized = { method: "POST", body: "x".repeat(200_000) };
    expect(await json("/api/raw", sized)).toEqual({ length: 200_000, declared: 200_000, readable: true });
    expect(await json("/api/raw")).toMatchObject({ length: 0, readable: false });
  });

  it("FRM-20, CL-10: sends the length of GET and no body for HEAD, and keeps the connection", async () => {
    const head = "HEAD /api/many HTTP/1.1\r\nHost: test\r\n";
    const { text } = await raw(site.express.port, `${head}\r\n${head}Connection: close\r\n\r\n`);
    const { body } = await rawGet(site.express.port, "/api/many");
    expect(text.match(/^Content-Length: \d+$/gm)).toEqual(Array(2).fill(`Content-Length: ${body.length}`));
    expect(text).not.toContain("{");
  });
});

describe("the facts of a request", () => {
  it("FRM-06: passes a plain dict as the environ, as WebOb requires", async () => {
    expect(await json("/api/seen")).toMatchObject({ bag: "dict" });
  });

  it("ENV-20: passes Unicode in the path and the query", async () => {
    const target = `/legacy/api/seen/${encodeURIComponent("жук на")}/%E2%98%83?q=${encodeURIComponent("naïve & co")}&q=+`;
    expect(await json(target)).toMatchObject({ rest: "жук на/☃", words: ["naïve & co", " "], script: "/legacy" });
  });

  it("ENV-20: passes a path that is not UTF-8 to Pyramid, which has a view for it", async () => {
    const { head, body } = await rawGet(site.express.port, "/pages/%FF");
    expect([head.slice(0, 13), body]).toEqual(["HTTP/1.1 400 ", expect.stringContaining("This is no UTF-8.")]);
  });

  it("NODE-07: sets client_addr, scheme and host according to `trust proxy`", async () => {
    expect(await json("/api/seen")).toMatchObject({ addr: "127.0.0.1", scheme: "http" });
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "wiki.example",
    };
    expect(await json("/legacy/api/seen", { headers })).toMatchObject({
      addr: "192.0.2.7",
      scheme: "https",
      url: "https://wiki.example/legacy/api/seen",
    });
  });

  it("FRM-20, ENV-31: takes Authorization from the client and REMOTE_USER from the host", async () => {
    const headers = { Authorization: "Bearer x", "Remote-User": "evil", Remote_User: "evil" };
    expect(await json("/api/seen", { headers })).toMatchObject({ login: "Bearer", user: null });
    expect(await json("/edge/api/seen", { headers })).toMatchObject({ login: "Bearer", user: "zoe" });
  });

  it.each([
    ["/pages/Start", "/pages/Start"],
    ["//evil.example/x", undefined],
    ["https://other.example/y", "https://other.example/y"],
  ])("FRM-21: lets WebOb complete the Location %s", async (to, expected) => {
    const { headers } = await browser().send(`/legacy/api/moved?to=${encodeURIComponent(to)}`);
    const location = headers.get("location") ?? "";
    if (expected === undefined) expect(new URL(location, site.express.url).host).not.toBe("evil.example");
    else expect(location.replace(site.express.url, "")).toBe(expected);
  });

  it("ENV-06: sets SCRIPT_NAME of a WSGI app under a Pyramid route to both mount paths", async () => {
    expect(await (await browser().send("/legacy/plain/a/b")).text()).toBe("/legacy/plain then /a/b");
  });
});

describe("streams", () =>
  itStreams(site, {
    held: "/api/stream",
    release: ["POST", "/api/release"],
    endless: "/api/endless",
    closed: ["closed endless"],
  }));

describe("tweens and errors", () => {
  it("runs a tween for each response, also for error pages", async () => {
    expect((await browser().send("/pages/Start")).headers.get("x-tween")).toBe("page");
    expect((await browser().send("/no/such")).headers.get("x-tween")).toBe("none");
  });

  it("sends the wiki's own page for a 404", async () => {
    const page = await browser().open("/legacy/pages/N%C3%B6");
    expect([page.status, page.text]).toEqual([
      404,
      expect.stringContaining("<h1>Nothing here</h1>There is no page Nö."),
    ]);
  });

  it.each([
    ["Express", () => site.express],
    ["Koa", () => site.koa],
  ])(
    "EXC-02: sends the 500 of %s for an exception that nothing catches; only the log has the traceback",
    async (_name, server) => {
      const before = site.heard.length;
      const page = await new Browser(server().url).open("/legacy/api/broken?é=1");
      expect(page.status).toBe(500);
      expect(page.text).not.toMatch(/hunter2|Traceback|wiki/);
      await site.logger.said("LookupError: hunter2 1");
      expect(site.heard.slice(before)).toEqual([expect.objectContaining({ name: "PythonError", type: "LookupError" })]);
    },
  );
});
