import { afterEach, describe, expect, it } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { bytes, signal } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython } from "../support/python.ts";
import { brought, rawConnection, rawGet, type TestServer } from "../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** The same app as `test/apps/hostile.py`: its response is aborted when another request comes. */
function breaksOff(): WsgiApp {
  const gate = signal();
  const truncated = async function* (environ, startResponse) {
    startResponse("200 OK", environ.QUERY_STRING === "" ? [] : [["Content-Length", environ.QUERY_STRING]]);
    yield bytes("begun");
    await gate.promise;
    throw new Error("too late");
  } as WsgiApp;
  return (environ, startResponse) => {
    if (environ.PATH_INFO === "/truncated") return truncated(environ, startResponse);
    startResponse("200 OK", []);
    gate.fire();
    return [];
  };
}

const APPS = [
  ...HOSTS.map((host) => ({
    name: `a JavaScript app on ${host.name}`,
    serve: () => host.serve(breaksOff(), { logger: new MemoryLogger() }),
  })),
  { name: "a Python app", serve: (): Promise<TestServer> => hostPython("hostile:application", { threads: 4 }) },
];

/** HTTP/2 is tested in `http2.test.ts`. */
describe.each(APPS)("SEC-21: an aborted body of $name", ({ serve }) => {
  /** Everything received on the connection, and the error with which it ended, if any. */
  const received = async (request: string): Promise<{ text: string; error: Error | undefined }> => {
    server = await serve();
    const socket = await rawConnection(server.port, request);
    let text = "";
    let error: Error | undefined;
    socket.on("data", (part: Buffer | string) => {
      text += part.toString("latin1");
    });
    socket.on("error", (reset) => {
      error = reset;
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    await brought(socket, "begun");
    await rawGet(server.port, "/break");
    await closed;
    return { text, error };
  };

  it("has no last chunk", async () => {
    const { text } = await received("GET /truncated HTTP/1.1\r\nHost: test\r\n\r\n");
    expect(text).toMatch(/\r\nTransfer-Encoding: chunked\r\n/i);
    expect(text).toMatch(/\r\n\r\n5\r\nbegun\r\n$/);
  });

  it("is shorter than its declared length", async () => {
    const { text } = await received("GET /truncated?100 HTTP/1.1\r\nHost: test\r\n\r\n");
    expect(text).toMatch(/\r\nContent-Length: 100\r\n/i);
    expect(text).toMatch(/\r\n\r\nbegun$/);
  });

  it("ends with a reset on HTTP/1.0, where a normal close would look like the end of the body", async () => {
    const { text, error } = await received("GET /truncated HTTP/1.0\r\n\r\n");
    expect(text).toMatch(/\r\n\r\nbegun$/);
    expect(error).toMatchObject({ code: "ECONNRESET" });
  });

  it.each(["/truncated", "/truncated?100"])("is an error for a client that knows HTTP: %s", async (target) => {
    const { url, port } = await serve().then((started) => {
      server = started;
      return started;
    });
    const answer = await fetch(url + target);
    const body = answer.text();
    body.catch(() => undefined); // checked below
    await rawGet(port, "/break");
    await expect(body).rejects.toThrow();
  });

  it("is never followed by another response on its connection", async () => {
    const request = "GET /truncated HTTP/1.1\r\nHost: test\r\n\r\n";
    const { text } = await received(request + request);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
