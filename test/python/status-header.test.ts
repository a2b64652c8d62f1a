/** A header named Status, which gunicorn sends like any other: it reaches the client, and never changes the status. */
import { type AddressInfo, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { uwsgiApp } from "../../src/uwsgi.ts";
import { ValidationError, validator } from "../../src/validator.ts";
import { askHttp1, askHttp2 } from "../conformance/client.ts";
import { play } from "../support/calls.ts";
import { ALL_HOSTS, HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { startPython } from "../support/python.ts";
import { request, serve } from "../support/web-server.ts";

const logger = new MemoryLogger();

it.each(ALL_HOSTS)("from a Python app on $name", async (host) => {
  const server = await host.serve(startPython("lenient:application"), { logger });
  onTestFinished(() => server.close());
  const ask = host.kind === "http2" ? askHttp2 : askHttp1;
  const [answer] = await ask(server.port, { target: "/status_header" });
  expect(answer).toMatchObject({ status: 404, body: "body", broken: false });
  const named = answer?.headers.filter(([name]) => name.toLowerCase() === "status");
  expect(named?.map(([, value]) => value)).toEqual(["200 OK"]);
});

it("middleware in between may add to the list", async () => {
  const python = startPython("lenient:application");
  const wrapped: WsgiApp = (environ, startResponse) =>
    python(environ, (status, headers, excInfo) => startResponse(status, [...headers, ["X-B", "2"]], excInfo));
  const server = await HOSTS[0]?.serve(wrapped, { logger });
  onTestFinished(() => server?.close());
  const { status, headers } = await fetch(`${server?.url}/status_header`);
  expect([status, headers.get("status"), headers.get("x-b")]).toEqual([404, "200 OK", "2"]);
});

it("a web server in front of serveFastcgi gets one status, the app's", async () => {
  const { open } = await serve(startPython("lenient:application"));
  const out = await (await open()).answer(
    request({ SCRIPT_NAME: "", PATH_INFO: "/status_header", REQUEST_URI: "/status_header" }),
  );
  expect(out).toMatch(/^Status: 404 Not Found\r\n/);
  expect(out.match(/status:/gi)).toHaveLength(1);
});

it("a validator around the app refuses it", async () => {
  const app = validator(startPython("lenient:application"), { warn: () => undefined });
  await expect(play(app, { pathInfo: "/status_header" })).rejects.toThrow(ValidationError);
});

it("from an app on a uwsgi server", async () => {
  const upstream = createServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 404 Not Found\r\nStatus: 200 OK\r\nContent-Length: 1\r\n\r\nx"));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void upstream.close());
  const { port } = upstream.address() as AddressInfo;
  const app = uwsgiApp({ host: "127.0.0.1", port }, { logger });
  onTestFinished(() => app.close());
  const server = await HOSTS[0]?.serve(app, { logger });
  onTestFinished(() => server?.close());
  const { status, headers } = await fetch(`${server?.url}/`);
  expect([status, headers.get("status")]).toEqual([404, "200 OK"]);
});
