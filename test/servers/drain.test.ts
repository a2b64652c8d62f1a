/** `Drain` on a real server: what it waits for, and what it closes. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { connect as connectSecure } from "node:tls";
import { expect, it, onTestFinished } from "vitest";
import { Drain } from "../../src/servers/drain.ts";
import { brought, rawConnection } from "../support/server.ts";
import { makeCertificate } from "../support/transports.ts";

/** Longer than any test may take. */
const FOREVER = 600_000;
const GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

async function serve(listener: RequestListener): Promise<{ server: Server; drain: Drain; port: number }> {
  const server = createServer(listener);
  const drain = new Drain(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.closeAllConnections());
  return { server, drain, port: (server.address() as AddressInfo).port };
}

it("sends all of a response that has ended but is not sent yet: more than all buffers hold, to a client that reads late", async () => {
  const size = 64 * 1024 * 1024;
  const { server, drain, port } = await serve((_req, res) =>
    res.setHeader("Content-Length", size).end(Buffer.alloc(size)),
  );
  const requested = once(server, "request");
  const socket = await rawConnection(port, GET);
  await requested;
  const stopped = drain.stop(FOREVER);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(socket, "close");
  await stopped;
  expect(bytes).toBeGreaterThan(size);
});

it("a response that has not begun announces that its connection is closed", async () => {
  const { server, drain, port } = await serve(() => undefined);
  const requested = once(server, "request");
  const socket = await rawConnection(port, GET);
  const [, res] = await requested;
  const stopped = drain.stop(FOREVER);
  const answer = brought(socket, "done");
  res.end("done");
  expect(await answer).toMatch(/^Connection: close\r$/m);
  await stopped;
});

it("a response that has promised keep-alive still closes its connection", async () => {
  const { server, drain, port } = await serve((_req, res) => void res.write("begun"));
  const requested = once(server, "request");
  const socket = await rawConnection(port, GET);
  expect(await brought(socket, "begun")).toMatch(/^Connection: keep-alive\r$/m);
  const stopped = drain.stop(FOREVER);
  const closed = once(socket, "close");
  const [, res] = await requested;
  res.end();
  await closed;
  await stopped;
});

it("closes idle connections, and those with an incomplete request head", async () => {
  const { server, drain, port } = await serve((_req, res) => res.end("done"));
  const connected = once(server, "connection");
  const begun = await rawConnection(port, "GET / HT");
  await connected;
  const idle = await rawConnection(port, GET);
  await brought(idle, "done");
  const closed = [once(begun, "close"), once(idle, "close")];
  await drain.stop(FOREVER);
  await Promise.all(closed);
});

it("destroys connections that take longer than the grace", async () => {
  const { server, drain, port } = await serve((_req, res) => void res.write("begun"));
  const requested = once(server, "request");
  const socket = await rawConnection(port, GET);
  await requested;
  const cut = once(socket.resume(), "close");
  await drain.stop(1);
  await cut;
});

it("over TLS, too, waits for a running response and then closes its connection", async () => {
  const server = createSecureServer(makeCertificate("test"), (_req, res) => void res.write("begun"));
  const drain = new Drain(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const requested = once(server, "request");
  const unfinished = connect((server.address() as AddressInfo).port, "127.0.0.1"); // never starts TLS
  const socket = connectSecure({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false });
  socket.write(GET);
  expect(await brought(socket, "begun")).toContain("begun");
  const stopped = drain.stop(FOREVER);
  const ended = brought(socket, "done");
  const [, res] = await requested;
  res.end("done");
  expect(await ended).toContain("done");
  unfinished.destroy();
  await stopped;
});

it("accepts no connection from the moment it stops", async () => {
  const { server, drain, port } = await serve((_req, res) => void res.write("begun"));
  const requested = once(server, "request");
  const socket = await rawConnection(port, GET);
  const [, res] = await requested;
  const stopped = drain.stop(FOREVER);
  const [refusal] = await once(connect(port, "127.0.0.1"), "error");
  expect(refusal).toMatchObject({ code: "ECONNREFUSED" });
  const closed = once(socket.resume(), "close");
  res.end();
  await closed;
  await stopped;
});
