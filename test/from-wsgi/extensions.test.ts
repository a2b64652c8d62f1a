/** Environ extensions do not bypass middleware, and `excInfo` is not kept longer than PEP 3333 allows. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FileLike, type FileWrapper, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import { hostPython } from "../support/python.ts";
import { listen, type RawAnswer, rawGet } from "../support/server.ts";
import { type State, writerIn } from "../support/sink.ts";

describe("ENV-33: no environ extension replaces a part of WSGI", () => {
  const ask = async (app: WsgiApp): Promise<RawAnswer> => {
    const server = await listen(fromWsgi(app));
    onTestFinished(() => server.close());
    return rawGet(server.port, "/");
  };
  const expectLoud = ({ head, body }: RawAnswer): void => {
    expect(head).toMatch(/^HTTP\/1\.1 201 Changed\r\n/);
    expect(head).toContain("\r\nX-Loud: 1");
    expect(body).toContain("OF A FILE");
  };
  /** An app whose result is a file. */
  const file: WsgiApp = (environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "text/plain"]]);
    const blocks = [bytes("of a file")];
    const source: FileLike = { read: () => blocks.shift() ?? bytes("") };
    return (environ["wsgi.file_wrapper"] as (file: FileLike) => FileWrapper)(source);
  };
  /** Middleware that replaces startResponse and each block. */
  const loud = (app: WsgiApp): WsgiApp =>
    async function* (environ, startResponse) {
      const blocks = await app(environ, (_status, headers) =>
        startResponse("201 Changed", [...headers, ["X-Loud", "1"]]),
      );
      for await (const block of blocks) yield bytes(Buffer.from(block).toString("latin1").toUpperCase());
    } as WsgiApp;

  it("JavaScript: the only extension is wsgi.file_wrapper", async () => {
    const { body } = await ask((environ, startResponse) => {
      startResponse("200 OK", []);
      return [
        bytes(
          Object.keys(environ)
            .filter((key) => typeof environ[key] === "function")
            .join(),
        ),
      ];
    });
    expect(body).toBe("wsgi.file_wrapper");
  });

  it("Python: the only extensions are wsgi.file_wrapper and wsgi_bridge.client_disconnected", async () => {
    const { port } = await hostPython("extensions:application");
    expect(JSON.parse((await rawGet(port, "/callables")).body).toSorted()).toEqual([
      "wsgi.file_wrapper",
      "wsgi_bridge.client_disconnected",
    ]);
  });

  it("JavaScript: a wrapped file passes through the middleware around its app", async () => {
    expectLoud(await ask(loud(file)));
  });

  it("Python: a wrapped file passes through the middleware around its app", async () => {
    const { port } = await hostPython("extensions:loud");
    expectLoud(await rawGet(port, "/file"));
  });
});

describe("SR-07: no reference to excInfo is kept after startResponse has returned", () => {
  /** Creates the error in a function of its own, so that only the writer could keep a reference to it. */
  const lend = (writer: ReturnType<typeof writerIn>["writer"]): WeakRef<Error> => {
    const error = new Error("lent");
    writer.startResponse("500 Sorry", [], error);
    return new WeakRef(error);
  };

  it.each(["idle", "held"] satisfies State[])("JavaScript: %s", async (state) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { writer, sink } = writerIn(state);
    const reference = lend(writer);
    await new Promise(setImmediate); // a WeakRef keeps its target alive until the end of the turn in which it was created
    collect();
    expect(reference.deref()).toBeUndefined();
    writer.end(); // keeps the writer alive until here
    expect(sink.calls).toEqual(["commit 500 Sorry", "end"]);
  });

  it("Python: if nothing was sent", async () => {
    const { port } = await hostPython("extensions:application");
    const { head, body } = await rawGet(port, "/held");
    expect(head).toMatch(/^HTTP\/1\.1 500 Sorry\r\n/);
    expect(body).toBe("gone");
  });

  it("Python: if it was raised again because the head was sent", async () => {
    const { port, logger } = await hostPython("extensions:application");
    await rawGet(port, "/sent");
    expect(await Promise.race([logger.said("gone"), logger.said("kept")])).toBe("gone");
  });
});
