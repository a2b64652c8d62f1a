/** Bottle: a shop with templates, signed cookies, uploads, static files, hooks, error pages and a mounted app. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { NATIVE, useSite } from "./site.ts";
import { itStreams } from "./streams.ts";

const site = useSite("bottle_shop", "shop:app");
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();

describe("a visit", () => {
  it.each(["", "/legacy"])("ENV-06, FRM-09: keeps the cart in a signed cookie, at %j", async (mount) => {
    const visitor = browser();
    const index = await visitor.open(`${mount}/`);
    expect(index.text).toContain("Žehlička");
    const after = await visitor.submit(index, { number: "2" });
    expect([after.url, after.status]).toEqual([`${mount}/`, 200]);
    expect(after.text).toContain("; 1 in the cart");
    await visitor.open(`${mount}/products/1`);
    expect(JSON.parse((await visitor.open(`${mount}/cart`)).text)).toEqual({ cart: [2], seen: "1" });
    await visitor.send(`${mount}/cart/empty`, { method: "POST" });
    expect([...visitor.cookies.keys()].sort()).toEqual(["last_seen", "theme"]);
  });

  it("FRM-09: sends each cookie in its own Set-Cookie field", async () => {
    const { head } = await rawGet(site.express.port, "/products/1");
    expect(head.match(/^Set-Cookie: .*$/gm)).toEqual([
      "Set-Cookie: last_seen=1; HttpOnly; Path=/",
      "Set-Cookie: theme=dark; Max-Age=3600; Path=/; SameSite=lax",
    ]);
  });

  it("ignores a signed cookie that was changed", async () => {
    const headers = { Cookie: 'cart="!AAAAAAAAAAAAAAAAAAAAAA==?gAWVCg=="' };
    expect(await json("/cart", { headers })).toMatchObject({ cart: [] });
  });

  it("FRM-21, ENV-06: adds the mount path to links, redirects and static files", async () => {
    const page = await browser().open("/legacy/");
    expect(page.text).toContain('href="/legacy/static/shop.css"');
    expect(page.text).toContain('href="/legacy/products/1"');
    const css = await browser().send("/legacy/static/shop.css");
    expect(css.headers.get("content-type")).toMatch(/^text\/css/);
    expect(await css.text()).toContain("teal");
    const moved = await browser().send("/legacy/cart", { method: "POST", body: new URLSearchParams({ number: "1" }) });
    expect([moved.status, moved.headers.get("location")]).toEqual([303, `${site.express.url}/legacy/`]);
  });

  it("does not reach Bottle for Express routes", async () => {
    expect(await json(NATIVE)).toEqual({ servedBy: "Express" });
  });
});

describe("files", () => {
  it("INP-01: saves an upload of several MB unchanged, and sends it back", async () => {
    const content = Buffer.alloc(4_000_000, "0123456789abcdefg\r\n--");
    const body = new FormData();
    // First, because Bottle counts fields before a file towards its memory limit.
    body.append("file", blob(content), "größe.bin");
    body.append("note", "für Zoë");
    expect(await json("/legacy/upload", { method: "POST", body })).toMatchObject({ note: "für Zoë" });
    expect(sha256(readFileSync(join(site.folder, "groe.bin")))).toBe(sha256(content));
    const back = await browser().send("/files/groe.bin?download");
    expect(back.headers.get("content-disposition")).toBe('attachment; filename="groe.bin"');
    expect(back.headers.get("content-length")).toBe(String(content.length));
    expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(content));
  });

  it("FW-03: sends a range of a file, and a 304 to a client that has the file", async () => {
    const css = await browser().send("/static/shop.css", { headers: { Range: "bytes=7-11" } });
    expect([css.status, await css.text()]).toEqual([206, "color"]);
    expect(css.headers.get("content-range")).toBe("bytes 7-11/22");
    const since = { "If-Modified-Since": css.headers.get("last-modified") ?? "" };
    const unchanged = await browser().send("/static/shop.css", { headers: since });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
    const beyond = await browser().send("/static/shop.css", { headers: { Range: "bytes=99-" } });
    expect(beyond.status).toBe(416);
  });

  it("SEC-04: serves no file outside the folder for dot segments, encoded or not", async () => {
    for (const target of ["/static/../shop.py", "/static/%2e%2e/shop.py", "/static/..%2Fshop.py"]) {
      expect((await rawGet(site.express.port, target)).head).toMatch(/^HTTP\/1\.1 403 /);
    }
  });
});

describe("hooks, mounts, errors", () => {
  it("runs hooks before and after the request", async () => {
    expect((await browser().send("/cart")).headers.get("x-took")).toMatch(/^\d+\.\d{6}$/);
  });

  it("ENV-06: sets SCRIPT_NAME of an app mounted in Bottle to both mount paths", async () => {
    expect(await json("/legacy/admin/")).toEqual({ script: "/legacy/admin/", path: "/" });
  });

  it("sends the shop's own page for a 404", async () => {
    const page = await browser().open("/products/99");
    expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=UTF-8"]);
    expect(page.text).toContain("<p>There is no product 99.</p>");
  });

  it("SR-10: sends statuses that are not registered, with bytes in their reason", async () => {
    expect((await rawGet(site.express.port, "/teapot")).head).toMatch(/^HTTP\/1\.1 418 .*\r\n[\s\S]*X-Kind: pot/);
    // Bottle 0.13 encodes it as UTF-8, Bottle 0.12 as Latin-1; the package changes neither.
    expect((await rawGet(site.express.port, "/odd-status")).head).toMatch(
      /^HTTP\/1\.1 299 Gr(\xc3\xb6\xc3\x9f|\xf6\xdf)er\r\n/,
    );
  });

  it.each([
    ["/broken", "ZeroDivisionError"],
    ["/legacy/admin/boom", "RuntimeError: hunter3"],
  ])("EXC-01: sends Bottle's 500 for an exception at %s; only the log has the traceback", async (target, said) => {
    const page = await browser().open(target);
    expect(page.status).toBe(500);
    expect(page.text).toContain("<title>Error: 500 Internal Server Error</title>");
    expect(page.text).not.toMatch(/Traceback|hunter|shop\.py/);
    await site.logger.said(said);
    expect(site.logger.text).toMatch(/File ".*shop\.py", line \d+, in/);
  });

  it("FRM-02: sends Bottle's fallback, a second start_response, if the error page fails", async () => {
    const { head, body } = await rawGet(site.express.port, "/critical");
    expect(head).toMatch(/^HTTP\/1\.1 500 INTERNAL SERVER ERROR\r\n/);
    expect(body).toContain("Critical error while processing request: /critical");
    expect(body).not.toContain("hunter2");
    await site.logger.said("Critical error while processing request: /critical");
    expect(site.heard).toEqual([]);
  });
});

describe("streams", () =>
  itStreams(site, {
    held: "/stream",
    release: ["POST", "/release"],
    endless: "/endless",
    closed: ["closed /endless"],
  }));
