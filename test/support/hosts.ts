/** Every host that `fromWsgi` supports, so that one table of cases runs on all of them. */
import type { RequestListener } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2 from "koa2";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { listen, type TestServer } from "./server.ts";

export interface Host {
  readonly name: string;
  readonly kind: "express" | "koa" | "node" | "http2";
  /** Whether the framework responds to errors before the head. */
  readonly framework: boolean;
  /** @param heard receives the errors that the framework's error handling gets; on `node:http`, the logger gets them */
  serve(app: WsgiApp, options?: FromWsgiOptions, heard?: (error: unknown) => void): Promise<TestServer>;
}

/** The hosts for HTTP/1. */
export const HOSTS: readonly Host[] = [
  express("Express 5", express5),
  express("Express 4", express4 as unknown as typeof express5), // has the same types, as far as used here
  koa("Koa 3", Koa3),
  koa("Koa 2", Koa2),
  { name: "node:http", kind: "node", framework: false, serve: (app, options) => listen(fromWsgi(app, options)) },
];

export const HTTP2_HOST: Host = {
  name: "HTTP/2",
  kind: "http2",
  framework: false,
  serve: (app, options) => listenHttp2(fromWsgi(app, options)),
};

export const ALL_HOSTS: readonly Host[] = [...HOSTS, HTTP2_HOST];

function express(name: string, create: typeof express5): Host {
  return {
    name,
    kind: "express",
    framework: true,
    serve: (app, options, heard) => {
      const site = create();
      site.set("env", "test"); // in "development" Express writes errors to the console of the test run
      site.use(fromWsgi(app, options));
      site.use(((error, _req, _res, next) => {
        heard?.(error);
        next(error);
      }) satisfies express5.ErrorRequestHandler);
      return listen(site as unknown as RequestListener);
    },
  };
}

function koa(name: string, Koa: typeof Koa3): Host {
  return {
    name,
    kind: "koa",
    framework: true,
    serve: (app, options, heard = () => undefined) => {
      const site = new Koa();
      site.on("error", heard); // without a listener Koa writes errors to the console of the test run
      site.use(koaFromWsgi(app, options as never)); // the types differ: Koa passes its context to the `environ` callback
      return listen(site.callback());
    },
  };
}

/** Starts an HTTP/2 server without TLS. */
async function listenHttp2(handler: RequestListener): Promise<TestServer> {
  // Node's HTTP/2 requests have the API of HTTP/1; its types do not say so.
  const listener = handler as unknown as (req: Http2ServerRequest, res: Http2ServerResponse) => void;
  const server = createHttp2Server(listener);
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}
