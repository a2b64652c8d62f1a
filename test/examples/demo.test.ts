/** Tests the demo over HTTP, started as a user starts it. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { DemoProcess } from "../support/demo.ts";
import { isAlive } from "../support/processes.ts";

describe("the demo", () => {
  let demo: DemoProcess;
  let url: string;

  beforeAll(async () => {
    demo = new DemoProcess(0);
    url = await demo.url();
  });
  afterAll(async () => {
    demo.signal("SIGTERM");
    await demo.exitCode();
  });

  const text = async (path: string, init?: RequestInit): Promise<string> => (await fetch(url + path, init)).text();

  it("serves Express routes", async () => {
    const response = await fetch(`${url}/health`);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toEqual({ ok: true, servedBy: "Express" });
  });

  it("serves every other path with Bottle, with route parameters", async () => {
    expect(await text("/")).toContain("<h1>The shop (Bottle)</h1>");
    expect(await text("/products/3")).toContain("<h1>Café press</h1>\n<p>Number 3, 30 €</p>");
  });

  it("has no broken links on the index page", async () => {
    const links = [...(await text("/")).matchAll(/href="([^"]+)"/g)].map((match) => match[1] ?? "");
    const expected: Record<string, number> = { "/no/such/page": 404, "/broken": 500 };
    expect(links.length).toBeGreaterThan(9);
    for (const link of new Set(links)) {
      const { status } = await fetch(url + link);
      expect([link, status]).toEqual([link, expected[link] ?? 200]);
    }
  });

  it("shows a form and accepts its POST", async () => {
    expect(await text("/order")).toContain('<form method="post">');
    const body = new URLSearchParams({ name: "Zoë <b>", product: "1", count: "2" });
    const page = await text("/order", { method: "POST", body });
    expect(page).toContain("<h1>Thank you, Zoë &lt;b&gt;</h1>\n<p>2 × Teapot</p>");
  });

  it("accepts JSON and responds with JSON", async () => {
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ product: 2, count: 3 }),
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ name: "Kettle", count: 3, total: 120 });
  });

  it("accepts an uploaded file byte for byte", async () => {
    const content = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    const body = new FormData();
    body.append("file", new Blob([content]), "bytes.bin");
    const answer = JSON.parse(await text("/upload", { method: "POST", body })) as unknown;
    const sha256 = createHash("sha256").update(content).digest("hex");
    expect(answer).toEqual({ filename: "bytes.bin", size: content.length, sha256 });
  });

  it("sets a cookie and reads it", async () => {
    const cookies = (await fetch(`${url}/products/2`)).headers.getSetCookie();
    expect(cookies).toEqual(["last_seen=2; HttpOnly; Path=/"]);
    expect(await text("/")).toContain("You looked last at: nothing yet");
    expect(await text("/", { headers: { Cookie: "last_seen=2" } })).toContain("You looked last at: 2");
  });

  it("redirects to a URL on this server", async () => {
    const response = await fetch(`${url}/old-address`, { redirect: "manual" });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(`${url}/products/1`);
  });

  it("streams each piece as it is made", async () => {
    const { body } = await fetch(`${url}/countdown`);
    const pieces: string[] = [];
    for await (const chunk of body ?? []) pieces.push(Buffer.from(chunk).toString());
    expect(pieces).toEqual(["3\n", "2\n", "1\n", "Lift-off\n"]); // buffered pieces would arrive as one
  });

  it("shows Bottle's page for a 404", async () => {
    const response = await fetch(`${url}/products/99`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("Bottle says: There is no such product.");
  });

  it("responds with a 500 to an exception in Python, and logs the traceback", async () => {
    const response = await fetch(`${url}/broken`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("ZeroDivisionError");
    await demo.said(/^ZeroDivisionError: division by zero$/);
  });

  it("mounts Flask with correct links", async () => {
    const index = await text("/flask/");
    expect(index).toContain("Mounted at: /flask<");
    expect(index).toContain('<a href="/flask/posts/hello">Hello, world</a>: /flask/posts/hello');
    expect(await text("/flask/posts/hello")).toContain(`To link here: ${url}/flask/posts/hello<`);
    expect(await text("/flask")).toContain("Mounted at: /flask<"); // after Flask's redirect to /flask/
    const echo = await text("/flask/echo", { method: "POST", body: new URLSearchParams({ a: "ü" }) });
    expect(JSON.parse(echo)).toEqual({ form: { a: "ü" }, path: "/echo", script_root: "/flask" });
  });

  it("mounts a WSGI app in JavaScript", async () => {
    expect(await text("/js/caf%C3%A9")).toBe(
      'Hello from a WSGI app in JavaScript.\nSCRIPT_NAME is "/js", PATH_INFO is "/café"\n',
    );
  });
});

describe("stopping the demo", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "completes running requests on %s and leaves no Python process; exit code 0",
    async (name) => {
      const demo = new DemoProcess(0);
      const { body } = await fetch(`${await demo.url()}/countdown`); // the head has arrived, the end has not
      const children = demo.children();
      expect(children).toHaveLength(2);
      demo.signal(name);
      expect(await new Response(body).text()).toBe("3\n2\n1\nLift-off\n");
      expect(await demo.exitCode()).toBe(0);
      expect(children.filter(isAlive)).toEqual([]);
    },
  );

  it("stops at once on a second SIGINT, and ends the Python processes", async () => {
    const demo = new DemoProcess(0);
    const { body } = await fetch(`${await demo.url()}/countdown`);
    const children = demo.children();
    demo.signal("SIGINT");
    await demo.said(/^Stopping/);
    // The demo ignores a signal that follows at once, which npm may have sent, so the test sends it repeatedly.
    const repeated = setInterval(() => demo.signal("SIGINT"), 100);
    onTestFinished(() => clearInterval(repeated));
    await expect(new Response(body).text()).rejects.toThrow();
    expect(await demo.exitCode()).toBe(1);
    await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  });

  it("prints one line if the port is taken, and starts nothing; exit code 1", async () => {
    const other = createServer().listen(0);
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const demo = new DemoProcess(port);
    expect(await demo.exitCode()).toBe(1);
    expect(demo.lines).toEqual([`Port ${port} is taken. Choose another one: PORT=8080 npm run demo`]);
    other.close();
  });
});
