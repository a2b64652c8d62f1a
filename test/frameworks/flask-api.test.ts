/** Flask: uploads and conditional files, JSON, methods, and the facts of a request. */
import { describe, expect, it } from "vitest";
import { rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { useSite } from "./site.ts";

const site = useSite("flask_blog", "blog:application");
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();
const UTF8 = (text: string): string => Buffer.from(text, "latin1").toString();

describe("files", () => {
  const content = Buffer.alloc(6_000_000, "every byte of it\r\n\0\xff");

  it("INP-01, FRM-05: receives two files of several MB, with and without a length", async () => {
    const body = new FormData();
    body.append("note", "größer");
    body.append("file", blob(content), "a.bin");
    body.append("file", blob(Buffer.from("b")), "b.txt");
    expect(await json("/legacy/files/", { method: "POST", body })).toEqual({
      note: "größer",
      sums: { "a.bin": sha256(content), "b.txt": sha256(Buffer.from("b")) },
    });
    const sent = new Response(body);
    const headers = { "Content-Type": sent.headers.get("content-type") ?? "" };
    const chunked = { method: "POST", headers, body: sent.body, duplex: "half" } as RequestInit;
    expect(await json("/files/", chunked)).toMatchObject({ sums: { "a.bin": sha256(content) } });
    const back = await browser().send("/legacy/files/a.bin");
    expect(back.headers.get("content-disposition")).toBe("attachment; filename=a.bin");
    expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(content));
  });

  it("responds with Flask's 413 to a body over MAX_CONTENT_LENGTH, and keeps serving", async () => {
    const body = new FormData();
    body.append("file", blob(Buffer.alloc(8_100_000)), "c.bin");
    const response = await browser().send("/files/", { method: "POST", body });
    expect([response.status, await response.json()]).toEqual([413, { error: "Request Entity Too Large" }]);
  });

  it.each([
    ["bytes=2-4", 206, "1 2", "bytes 2-4/290"],
    ["bytes=-3", 206, "99\n", "bytes 287-289/290"],
    ["bytes=999-", 416, undefined, "bytes */290"],
  ])("FW-03: responds to Range %s with %i", async (range, status, text, contentRange) => {
    const part = await browser().send("/files/numbers", { headers: { Range: range } });
    expect([part.status, part.headers.get("content-range")]).toEqual([status, contentRange]);
    const came = await part.text();
    if (text !== undefined) expect(came).toBe(text);
  });

  it("CL-09: sends a 304 with the ETag and without a body to a client that has the file", async () => {
    const first = await browser().send("/files/numbers");
    const modified = first.headers.get("last-modified") ?? "";
    await first.arrayBuffer();
    for (const headers of [{ "If-None-Match": '"n1"' }, { "If-Modified-Since": modified }] as Record<
      string,
      string
    >[]) {
      const unchanged = await browser().send("/files/numbers", { headers });
      expect([unchanged.status, unchanged.headers.get("etag"), await unchanged.text()]).toEqual([304, '"n1"', ""]);
    }
    const changed = await browser().send("/files/numbers", { headers: { "If-None-Match": '"n0"' } });
    expect([changed.status, (await changed.text()).length]).toEqual([200, 290]);
  });
});

describe("an API", () => {
  it("sends a large JSON response completely, then a 304", async () => {
    const response = await browser().send("/api/items");
    const { items } = (await response.json()) as { items: { text: string }[] };
    expect([items.length, items.at(-1)?.text]).toEqual([10_000, "é☃"]);
    const etag = { "If-None-Match": response.headers.get("etag") ?? "" };
    expect((await browser().send("/api/items", { headers: etag })).status).toBe(304);
  });

  it("reads JSON and responds with a 201 and a Location, or with Flask's 400 if it is not JSON", async () => {
    const headers = { "Content-Type": "application/json" };
    const made = await browser().send("/api/items", { method: "POST", headers, body: '{"ü": [1, null]}' });
    expect([made.status, made.headers.get("location"), await made.json()]).toEqual([
      201,
      "/api/items/7",
      { got: { ü: [1, null] } },
    ]);
    expect((await browser().send("/api/items", { method: "POST", headers, body: "{" })).status).toBe(400);
  });

  it("names the methods for OPTIONS and in a 405, and responds to DELETE with a 204", async () => {
    const options = await browser().send("/api/items", { method: "OPTIONS" });
    expect(options.headers.get("allow")?.split(", ").sort()).toEqual(["DELETE", "GET", "HEAD", "OPTIONS", "POST"]);
    const patch = await browser().send("/api/items", { method: "PATCH", body: "x" });
    expect([patch.status, patch.headers.has("allow")]).toEqual([405, true]);
    expect((await browser().send("/api/items", { method: "DELETE" })).status).toBe(204);
  });

  it("FRM-20, CL-10: sends the length of GET and no body for HEAD", async () => {
    const [head, get] = [await browser().send("/api/items", { method: "HEAD" }), await browser().send("/api/items")];
    const whole = await get.arrayBuffer();
    expect([head.headers.get("content-length"), await head.text()]).toEqual([String(whole.byteLength), ""]);
  });

  it("FRM-05: reads a complete chunked body, with its length", async () => {
    const init = { method: "POST", body: new Blob(["x".repeat(300_000)]).stream(), duplex: "half" } as RequestInit;
    expect(await json("/api/raw", init)).toEqual({ length: 300_000, declared: 300_000 });
  });
});

describe("the facts of a request", () => {
  it("ENV-20: passes Unicode in the path and the query", async () => {
    const target = `/api/seen/${encodeURIComponent("жук на")}/%E2%98%83?q=${encodeURIComponent("naïve & co")}&q=+`;
    const { body } = await rawGet(site.express.port, `/legacy${target}`);
    expect(JSON.parse(UTF8(body))).toMatchObject({ rest: "жук на/☃", words: ["naïve & co", " "], root: "/legacy" });
  });

  it("FRM-10, NODE-07: sets remote_addr, is_secure and host according to `trust proxy`", async () => {
    expect(await json("/api/seen")).toMatchObject({ addr: "127.0.0.1", secure: false });
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "blog.example",
    };
    expect(await json("/legacy/api/seen", { headers })).toMatchObject({
      addr: "192.0.2.7",
      secure: true,
      url: "https://blog.example/legacy/api/seen",
    });
  });

  it("passes the X-Forwarded-* headers that ProxyFix needs: two hops and the prefix", async () => {
    const headers = {
      "X-Forwarded-For": "198.51.100.1, 192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "blog.example",
      "X-Forwarded-Prefix": "/outer",
    };
    expect(await json("/proxied/api/seen", { headers })).toMatchObject({
      addr: "198.51.100.1",
      secure: true,
      url: "https://blog.example/outer/api/seen",
      root: "/outer",
    });
  });

  it("FRM-20, ENV-31: takes Authorization from the client and REMOTE_USER from the host", async () => {
    const headers = { Authorization: `Basic ${btoa("ann:x")}`, "Remote-User": "evil", Remote_User: "evil" };
    expect(await json("/api/seen", { headers })).toMatchObject({ login: "ann", user: null });
    expect(await json("/edge/api/seen", { headers })).toMatchObject({ login: "ann", user: "zoe" });
  });

  it("FRM-16, FRM-17: sets no keys of other servers, and runs no reloader", async () => {
    expect(await json("/api/seen")).toMatchObject({ foreign: [], reloader: false });
  });
});
