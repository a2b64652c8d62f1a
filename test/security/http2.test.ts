import { type ClientHttp2Session, createServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import Koa from "koa";
import { describe, expect, it, onTestFinished } from "vitest";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { bytes } from "../support/bytes.ts";
import { MemoryLogger } from "../support/logger.ts";
import { hostPython } from "../support/python.ts";
import { faultsOf, Recorder } from "../support/raw-requests.ts";
import { http2Request, http2Session, listenOn } from "../support/transports.ts";

type Listener = (req: Http2ServerRequest, res: Http2ServerResponse) => void;

describe("HTTP/2 without TLS", () => {
  const listenFor = async (listener: Listener, events: readonly string[] = []): Promise<ClientHttp2Session> => {
    const server = createServer(listener);
    for (const event of events) server.on(event, listener);
    await listenOn(server, { port: 0, host: "127.0.0.1" });
    return http2Session(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  };
  // Node's HTTP/2 compatibility API looks like HTTP/1, but its types do not say so.
  const serve = (app: WsgiApp, events?: readonly string[]): Promise<ClientHttp2Session> =>
    listenFor(fromWsgi(app, { logger: new MemoryLogger(), maxBodySize: 1000 }) as unknown as Listener, events);

  it("NODE-25: :authority becomes Host, cookie crumbs become one cookie, and pseudo-header fields are dropped", async () => {
    const recorder = new Recorder();
    const session = await serve(recorder.app);
    const headers = {
      ":authority": "shop.example",
      ":path": "/a%20b?c",
      cookie: ["a=1", "b=2"],
      "x-repeat": ["1", "2"],
      te: "trailers",
    };
    const answer = await http2Request(session, headers);
    expect(answer.headers).toMatchObject({ ":status": 200, "content-type": "text/plain" });
    const environ = recorder.calls[0]?.environ ?? {};
    expect(environ).toMatchObject({
      REQUEST_METHOD: "GET",
      SERVER_PROTOCOL: "HTTP/2.0",
      HTTP_HOST: "shop.example",
      PATH_INFO: "/a b",
      QUERY_STRING: "c",
      REQUEST_URI: "/a%20b?c",
      "wsgi.url_scheme": "http",
    });
    expect(String(environ.HTTP_COOKIE)).toBe("a=1; b=2");
    expect(String(environ.HTTP_X_REPEAT).replaceAll(" ", "")).toBe("1,2");
    expect(Object.keys(environ).filter((key) => key.includes(":") || key === "HTTP_TE")).toEqual([]);
    expect(faultsOf(environ)).toEqual([]);
  });

  it("NODE-25, SEC-10: a Host that differs from :authority is ignored", async () => {
    const recorder = new Recorder();
    const session = await serve(recorder.app);
    const { headers } = await http2Request(session, {
      ":authority": "shop.example",
      ":path": "/",
      host: "evil.example",
    });
    if (headers[":status"] === 400) expect(recorder.calls).toEqual([]);
    else expect(recorder.calls[0]?.environ).toMatchObject({ HTTP_HOST: "shop.example" });
  });

  it.each(["user@host", "h:x"])(
    "SEC-10: an :authority that is not a valid host gets a 400, or Node resets the stream: %s",
    async (authority) => {
      const recorder = new Recorder();
      const asked = { ":authority": authority, ":path": "/" };
      const { headers, rstCode } = await http2Request(await serve(recorder.app), asked);
      if (rstCode === 0) expect(headers[":status"]).toBe(400);
      else expect(headers).toEqual({}); // Node 22 and later
      expect(recorder.calls).toEqual([]);
    },
  );

  it("NODE-11: Node refuses CONNECT, or the bridge does if it is the listener for it: the app never gets it", async () => {
    const recorder = new Recorder();
    const connect = { ":method": "CONNECT", ":authority": "other.example:443" };
    const [plain, listening] = await Promise.all([serve(recorder.app), serve(recorder.app, ["connect"])]);
    expect((await http2Request(plain, connect)).headers[":status"]).toBe(405);
    expect((await http2Request(listening, connect)).headers[":status"]).toBe(501);
    expect(recorder.calls).toEqual([]);
  });

  it.each(["hello", ""])("INP-03: the body %j ends without a declared length", async (body) => {
    const recorder = new Recorder();
    await http2Request(await serve(recorder.app), { ":method": "POST", ":path": "/" }, body);
    expect(await recorder.calls[0]?.body).toBe(body);
  });

  it("SEC-15: a body larger than maxBodySize gets a 413", async () => {
    const recorder = new Recorder();
    const { headers } = await http2Request(
      await serve(recorder.app),
      { ":method": "POST", ":path": "/" },
      "x".repeat(1001),
    );
    expect(headers[":status"]).toBe(413);
  });

  it("SEC-21: an aborted response resets its stream, and no other stream", async () => {
    const session = await serve(async function* (environ, startResponse) {
      startResponse("200 OK", [["X-Reason", "kept"]]);
      yield bytes("begun");
      if (environ.PATH_INFO === "/fails") throw new Error("too late");
    } as WsgiApp);
    const [broken, whole] = await Promise.all([
      http2Request(session, { ":path": "/fails" }),
      http2Request(session, { ":path": "/works" }),
    ]);
    expect(broken.rstCode).toBe(2); // INTERNAL_ERROR
    expect(whole).toMatchObject({ body: "begun", rstCode: 0, headers: { ":status": 200, "x-reason": "kept" } });
  });

  it("NODE-25: no connection field of HTTP/1 is sent, and two cookies are sent as two fields", async () => {
    const session = await serve((_environ, startResponse) => {
      startResponse("404 Not Here", [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ]);
      return [bytes("gone")];
    });
    const { headers, body } = await http2Request(session, { ":path": "/", ":method": "POST" }, "unread".repeat(20_000));
    expect(headers).toMatchObject({ ":status": 404, "set-cookie": ["a=1", "b=2"] });
    expect(
      Object.keys(headers).filter((name) => /^(connection|keep-alive|transfer-encoding|upgrade)$/.test(name)),
    ).toEqual([]);
    expect(body).toBe("gone");
  });

  it("SEC-12: a refused request ends its stream, not the session", async () => {
    const recorder = new Recorder();
    const session = await serve(recorder.app);
    expect((await http2Request(session, { ":path": "/%00" })).headers[":status"]).toBe(400);
    expect((await http2Request(session, { ":path": "/fine" })).headers[":status"]).toBe(200);
    expect(recorder.paths).toEqual(["/fine"]);
  });

  it("serves Python apps", async () => {
    const { app } = await hostPython("probe:application");
    const { headers, body } = await http2Request(await serve(app), { ":path": "/echo", ":method": "POST" }, "hello");
    expect(headers).toMatchObject({ ":status": 200, "x-length": "5" });
    expect(body).toBe("hello");
  });

  it("NODE-18: serves Koa without a warning; a refused request ends only its stream, too", async () => {
    const warnings: Error[] = [];
    const remember = (warning: Error): void => void warnings.push(warning);
    process.on("warning", remember);
    onTestFinished(() => void process.off("warning", remember));
    const recorder = new Recorder();
    const koa = new Koa();
    koa.silent = true;
    koa.use(koaFromWsgi(recorder.app));
    const session = await listenFor(koa.callback() as unknown as Listener);
    expect((await http2Request(session, { ":path": "/%00" })).headers[":status"]).toBe(400);
    const { headers, body } = await http2Request(session, { ":path": "/", ":method": "POST" }, "hello");
    expect(headers).toMatchObject({ ":status": 200, "content-type": "text/plain" });
    expect(body).toBe("5");
    expect(recorder.calls[0]?.environ).toMatchObject({ SERVER_PROTOCOL: "HTTP/2.0" });
    expect(warnings).toEqual([]); // Node warns about reason phrases, which HTTP/2 does not have
  });
});
