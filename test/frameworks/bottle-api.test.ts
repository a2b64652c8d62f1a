/** Bottle: JSON, raw bodies, methods, and the facts of a request. */
import { describe, expect, it } from "vitest";
import { raw, rawGet } from "../support/server.ts";
import { Browser } from "./browser.ts";
import { useSite } from "./site.ts";

const site = useSite("bottle_shop", "shop:app");
const browser = (): Browser => new Browser(site.express.url);
const json = async (target: string, init?: RequestInit): Promise<unknown> =>
  (await browser().send(target, init)).json();

describe("an API", () => {
  it("sends a large JSON response completely", async () => {
    const { orders } = (await json("/api/orders")) as { orders: { text: string }[] };
    expect([orders.length, orders.at(-1)?.text]).toEqual([5000, "é".repeat(10)]);
  });

  it.each(["POST", "PUT"])("reads JSON from a %s and responds with a 201", async (method) => {
    const body = JSON.stringify({ name: "Zoë", numbers: Array.from({ length: 9000 }, (_, i) => i) }); // under MEMFILE_MAX
    const response = await browser().send("/api/orders", {
      method,
      body,
      headers: { "Content-Type": "application/json" },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ method, got: JSON.parse(body) });
  });

  it("responds with a 405 to a method without a route, and names the allowed methods", async () => {
    const response = await browser().send("/api/orders", { method: "DELETE" });
    expect([response.status, response.headers.get("allow")?.split(",").sort()]).toEqual([405, ["GET", "POST", "PUT"]]);
  });

  it("FRM-01, FRM-20: sends the head of GET for HEAD, and keeps the connection", async () => {
    const head = "HEAD /cart HTTP/1.1\r\nHost: test\r\n";
    const { text } = await raw(site.express.port, `${head}\r\n${head}Connection: close\r\n\r\n`);
    const { body } = await rawGet(site.express.port, "/cart");
    expect(text.match(/^HTTP\/1\.1 200 OK$/gm)).toHaveLength(2);
    expect(text.match(/^Content-Length: \d+$/gm)).toEqual(Array(2).fill(`Content-Length: ${body.length}`));
    expect(text).not.toContain("{");
  });

  it("FRM-09: sends a 204 without a body and without fields that describe a body", async () => {
    const response = await browser().send("/gone", { method: "DELETE" });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([204, null, ""]);
  });

  it("FRM-03, FRM-04: reads a chunked upload once, with its length", async () => {
    const body = new Blob(["x".repeat(200_000)]).stream();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    expect(await json("/raw", init)).toEqual({ length: 200_000, declared: 200_000, chunked: false });
  });

  it("FRM-20: passes Authorization to Bottle and WWW-Authenticate to the client", async () => {
    const denied = await browser().send("/private");
    expect([denied.status, denied.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="private"']);
    await denied.arrayBuffer();
    const Authorization = `Basic ${Buffer.from("zoë:p:w").toString("base64")}`;
    expect(await (await browser().send("/private", { headers: { Authorization } })).text()).toBe("welcome zoë");
  });
});

describe("the facts of a request", () => {
  it("ENV-20, FRM-08: passes Unicode in the path, the query and header values", async () => {
    const target = `/legacy/search/${encodeURIComponent("жук на/ёлке")}?q=${encodeURIComponent("naïve ☃")}&q=2`;
    const { head, body } = await rawGet(site.express.port, target);
    expect(Buffer.from(/^X-Words: (.*)$/m.exec(head)?.[1] ?? "", "latin1").toString()).toBe("жук на/ёлке");
    const seen = JSON.parse(Buffer.from(body, "latin1").toString()) as object;
    expect(seen).toEqual({
      words: "жук на/ёлке",
      query: "2",
      all: ["naïve ☃", "2"],
      path: "/search/жук на/ёлке",
    });
  });

  it("FRM-19: keeps double slashes in a path", async () => {
    expect(await json("/legacy/search/a//b/")).toMatchObject({ words: "a//b/" });
  });

  it("FRM-07: applies X-Forwarded-* according to `trust proxy`, and passes them to Bottle", async () => {
    const forwarded = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
    };
    expect(await json("/legacy/seen", { headers: { ...forwarded, "X-Requested-With": "XMLHttpRequest" } })).toEqual({
      addr: "192.0.2.7",
      route: ["192.0.2.7"],
      url: "https://shop.example/legacy/seen",
      scheme: "https",
      script: "/legacy/",
      ajax: true,
    });
  });

  it("FRM-07: does not pass them to Bottle with `stripForwarded`", async () => {
    expect(await json("/edge/seen", { headers: { Forwarded: "for=evil", "X-Forwarded-Host": "evil" } })).toMatchObject({
      addr: "127.0.0.1",
      script: "/edge/",
    });
    const page = JSON.stringify(await json("/edge/seen", { headers: { "X-Forwarded-For": "evil, 192.0.2.7" } }));
    expect(page).not.toContain("evil");
  });

  it("FRM-16: imports the module without running it, so that its reloader does not start", async () => {
    expect(await json("/run")).toEqual({ module: "shop", child: null });
  });
});
