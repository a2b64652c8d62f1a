/** On each host, the head goes out with the first `write()`, and what an app wrote before it failed reaches the client. */
import { afterEach, describe, expect, it } from "vitest";
import type { WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { brought, raw, rawConnection, type TestServer } from "../support/server.ts";

let server: TestServer;
afterEach(() => server.close());

const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

describe.each(HOSTS)("on $name", (host) => {
  const serve = async (app: WsgiApp): Promise<void> => {
    server = await host.serve(app, { logger: new MemoryLogger() });
  };

  it("an empty write() sends the head, before there is a block", async () => {
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    await serve(async function* (_environ, startResponse) {
      await startResponse("200 OK", [["Content-Type", "text/event-stream"]])(bytes(""));
      await gone;
      yield bytes("data: 1\n\n");
    } as WsgiApp);
    const socket = await rawConnection(server.port, REQUEST);
    expect(await brought(socket, "\r\n\r\n")).toContain("text/event-stream");
    go();
    await brought(socket, "data: 1");
    socket.destroy();
  });

  it.each<[string, WsgiApp]>([
    [
      "an awaited write()",
      async (_environ, startResponse) => {
        await startResponse("200 OK", [["Content-Length", "9"]])(bytes("begun"));
        throw new Error("the app failed");
      },
    ],
    [
      "a write() that is not awaited",
      (_environ, startResponse) => {
        void startResponse("200 OK", [["Content-Length", "9"]])(bytes("begun"));
        throw new Error("the app failed");
      },
    ],
    [
      "a block",
      function* (_environ, startResponse) {
        startResponse("200 OK", [["Content-Length", "9"]]);
        yield bytes("begun");
        throw new Error("the app failed");
      } as WsgiApp,
    ],
    [
      "a block that is too short, at the end",
      (_environ, startResponse) => {
        startResponse("200 OK", [["Content-Length", "9"]]);
        return [bytes("be"), bytes("gun")];
      },
    ],
    [
      "two blocks, a turn apart",
      async function* (_environ, startResponse) {
        startResponse("200 OK", [["Content-Length", "9"]]);
        yield bytes("be");
        await new Promise(setImmediate);
        yield bytes("gun");
        throw new Error("the app failed");
      } as WsgiApp,
    ],
  ])("the client gets %s of an app that fails immediately after it", async (_what, app) => {
    await serve(app);
    const answer = await raw(server.port, REQUEST);
    expect(answer.body).toBe("begun");
  });

  it("the client gets the head of an app that fails immediately after an empty write()", async () => {
    await serve(async (_environ, startResponse) => {
      await startResponse("200 OK", [["Content-Length", "9"]])(bytes(""));
      throw new Error("the app failed");
    });
    expect((await raw(server.port, REQUEST)).head).toMatch(/^HTTP\/1.1 200 OK/);
  });
});
