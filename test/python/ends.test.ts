/** ISO-12: an error after a complete response does not damage it. A head that is too large for a lane fails only its own request. */
import { describe, expect, it, onTestFinished } from "vitest";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const HELLO = "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";

describe.each(HOSTS)("$name", ({ serve }) => {
  const host = async () => {
    const app = startPython("ends:application", { threads: 1 });
    const logger = new MemoryLogger();
    const server = await serve(app, { logger });
    onTestFinished(() => server.close());
    await app.ready();
    return { ...server, app, logger };
  };

  it.each([
    ["/whole", 200, "hello"],
    ["/chunked", 200, HELLO],
    ["/exits", 200, HELLO],
    ["/redirect", 302, ""],
  ])("%s: an error of close() is logged, and the response is complete", async (path, status, body) => {
    const { port, app, logger } = await host();
    const [process] = app.stats().processes;
    const answer = await rawGet(port, path);
    expect(answer.head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect({ body: answer.body, reset: answer.reset }).toEqual({ body, reset: false });
    await logger.said("in close()");
    expect(logger.text).toContain("close() of the application's result failed");
    expect((await rawGet(port, path)).body).toBe(body);
    expect(app.stats().processes[0]?.pid).toBe(process?.pid);
  });

  it("an error before the end still aborts the response, even if close() then raises as well", async () => {
    const { port, logger } = await host();
    expect((await rawGet(port, "/short")).body).toBe("hello");
    await logger.said("45 bytes shorter than its Content-Length");
    expect(logger.text).toContain("close() of the application's result failed");
  });

  it("a head above 256 KiB is a 500 and an error in the application; no process is lost, and nothing is retried", async () => {
    const { port, app } = await host();
    const [process] = app.stats().processes;
    expect((await rawGet(port, "/head?200000")).body).toBe("hello");
    expect((await rawGet(port, "/head?300000")).head).toMatch(/^HTTP\/1\.1 500 /);
    expect((await rawGet(port, "/head?200000")).body).toBe("hello");
    expect(app.stats().processes).toMatchObject([{ pid: process?.pid, requests: 3 }]);
  });

  it("a head above 256 KiB from a JavaScript app is also a 500", async () => {
    const server = await serve(
      (_environ, startResponse) => {
        startResponse("200 OK", [["X-Long", "x".repeat(300_000)]]);
        return [];
      },
      { logger: new MemoryLogger() },
    );
    onTestFinished(() => server.close());
    expect((await rawGet(server.port, "/")).head).toMatch(/^HTTP\/1\.1 500 /);
  });
});
