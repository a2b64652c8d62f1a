/** Flask: a blog with blueprints, sessions, CSRF tokens, flashed messages, uploads, conditional files and streams. */
import { describe, expect, it } from "vitest";
import { raw, rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { firstChunk, restOf } from "./client.ts";
import { useSite } from "./site.ts";
import { itStreams } from "./streams.ts";

const site = useSite("flask_blog", "blog:application");
const browser = (): Browser => new Browser(site.express.url);

/** Returns the URL of a page and the messages that it shows. */
async function logIn(visitor: Browser, mount: string): Promise<[url: string, text: string]> {
  const form = await visitor.open(`${mount}/login`);
  const { url, text } = await visitor.submit(form, { name: "zoë", password: "pässword" });
  return [url, text];
}

describe("a visit", () => {
  it.each(["", "/legacy"])(
    "HDR-07: supports login, session cookie, flashed message and logout at %j",
    async (mount) => {
      const visitor = browser();
      const [url, text] = await logIn(visitor, mount);
      expect(url).toBe(`${mount}/`);
      expect(text).toContain('<p class="message">Welcome, zoë</p>');
      expect(text).toContain("<h1>Hello, zoë</h1>");
      const again = await visitor.open(`${mount}/`);
      expect(again.text).not.toContain("Welcome");
      const out = await visitor.submit(again, {});
      expect(out.text).toContain("Good bye");
      expect(out.text).toContain("<h1>Hello, stranger</h1>");
    },
  );

  it("refuses a wrong password, and a form without its token", async () => {
    const visitor = browser();
    const form = await visitor.open("/login");
    const wrong = await visitor.submit(form, { name: "zoë", password: "x" });
    expect([wrong.url, wrong.text.includes("Wrong name or password")]).toEqual(["/login", true]);
    const forged = await browser().send("/login", { method: "POST", body: new URLSearchParams({ csrf_token: "x" }) });
    expect([forged.status, await forged.text()]).toEqual([400, expect.stringContaining("The CSRF token is wrong.")]);
  });

  it("ignores a session cookie that was changed", async () => {
    const visitor = browser();
    await logIn(visitor, "");
    visitor.cookies.set("session", `${visitor.cookies.get("session")}x`);
    expect((await visitor.open("/")).text).toContain("<h1>Hello, stranger</h1>");
  });

  it("HDR-07: sends each cookie in its own field, and receives it unchanged", async () => {
    const { head } = await rawGet(site.express.port, "/cookies");
    expect(head.match(/^Set-Cookie: .*$/gm)).toEqual([
      "Set-Cookie: plain=1; Path=/",
      expect.stringMatching(
        /^Set-Cookie: kept="a b\\073c"; Expires=.* GMT; Max-Age=60; Secure; HttpOnly; Path=\/; SameSite=Strict$/,
      ),
      expect.stringMatching(/^Set-Cookie: scoped=.*; Domain=127\.0\.0\.1; Path=\/$/),
      expect.stringMatching(/^Set-Cookie: old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=\/$/),
    ]);
    const visitor = browser();
    await visitor.open("/cookies");
    expect(JSON.parse((await visitor.open("/cookies")).text)).toEqual({ plain: "1", kept: "a b;c", scoped: "ü" });
  });
});

describe("links", () => {
  it("ENV-06: adds the mount path to url_for, static files and redirects", async () => {
    const page = await browser().open("/legacy/");
    expect(page.text).toContain('href="/legacy/static/numbers.txt"');
    expect(page.text).toContain('href="/legacy/posts/gr%C3%BC%C3%9Fe/"');
    const post = await browser().open("/legacy/posts/gr%C3%BC%C3%9Fe/");
    expect(post.text).toContain("Grüße aus Zürich");
    expect(post.text).toContain(`To link here: ${site.express.url}/legacy/posts/gr%C3%BC%C3%9Fe/<`);
    expect((await browser().open("/legacy/static/numbers.txt")).text).toMatch(/^0 1 2 /);
  });

  it.each([
    ["ENV-06: a bare mount", "/legacy", "/legacy/"],
    ["a path without its trailing slash", "/legacy/posts/hello?a=b", "/legacy/posts/hello/?a=b"],
    [
      "FRM-19: a path with double slashes, which Werkzeug receives and merges",
      "/legacy/posts//hello/",
      "/legacy/posts/hello/",
    ],
  ])("FRM-21: lets Flask redirect %s", async (_name, from, to) => {
    const { status, headers } = await browser().send(from);
    expect([status, headers.get("location")]).toEqual([308, `${site.express.url}${to}`]);
  });

  it("FRM-21: keeps a relative Location, whatever Host says", async () => {
    const head = `POST /api/items HTTP/1.1\r\nHost: evil\r\nContent-Type: application/json\r\nContent-Length: 2\r\n`;
    const made = await raw(site.express.port, `${head}Connection: close\r\n\r\n{}`);
    expect(made.head).toContain("\r\nLocation: /api/items/7\r\n");
  });

  it("ENV-06: lets DispatcherMiddleware add its own mount path", async () => {
    expect(await (await browser().send("/legacy/admin/x")).text()).toBe("admin at /legacy/admin, /x");
  });
});

describe("hooks and errors", () => {
  it("runs hooks before and after the request, also for error pages", async () => {
    for (const target of ["/", "/no/such/page", "/broken?é=1"]) {
      expect((await browser().send(target)).headers.get("x-trail")).toBe("before,after");
    }
  });

  it("sends the blog's own page for a 404", async () => {
    const page = await browser().open("/legacy/nö");
    expect([page.status, page.text]).toEqual([404, expect.stringContaining("<h1>No page at /nö</h1>")]);
  });

  it("EXC-01: sends Flask's 500 for an exception; only the log has the traceback", async () => {
    const page = await browser().open("/legacy/broken?é=1");
    expect([page.status, page.text]).toEqual([500, expect.stringContaining("<h1>Internal Server Error</h1>")]);
    expect(page.text).not.toMatch(/hunter2|Traceback/);
    await site.logger.said("LookupError: hunter2 1");
    expect(site.logger.text).toMatch(/Exception on \/broken \[GET\]/);
    expect(site.heard).toEqual([]);
  });

  it("EXC-03: aborts a stream that fails, and logs the reason", async () => {
    const reader = await firstChunk(await browser().send("/late"), "begun\n");
    await browser().send("/release", { method: "PUT" });
    await expect(restOf(reader)).rejects.toThrow();
    await site.logger.said("LookupError: hunter4");
  });
});

describe("streams", () =>
  itStreams(site, {
    held: "/stream?name=zoe",
    first: "held for zoe\n",
    release: ["PUT", "/release"],
    endless: "/endless",
    closed: ["closed /endless", "torn down /endless"],
  }));

it("serves the same blog in Koa: login, mount, files, errors", async () => {
  const visitor = new Browser(site.koa.url);
  expect(await logIn(visitor, "/legacy")).toEqual(["/legacy/", expect.stringContaining("Welcome, zoë")]);
  const part = await visitor.send("/legacy/files/numbers", { headers: { Range: "bytes=2-4" } });
  expect([part.status, await part.text()]).toEqual([206, "1 2"]);
  expect((await visitor.open("/legacy/broken?é=1")).status).toBe(500);
});
