import type { RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2Untyped from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { type FromWsgiOptions, fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as fromWsgiOnKoa } from "../../src/koa.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { Recorder } from "../support/raw-requests.ts";
import { listen, rawGet, type TestServer } from "../support/server.ts";

const Koa2 = Koa2Untyped as typeof Koa3;

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A framework that can be told to trust its proxies: all of them, or only the nearest one. */
interface Trusting {
  readonly name: string;
  serve(app: WsgiApp, hops: "all" | "none" | 1, options: FromWsgiOptions): Promise<TestServer>;
}

function onExpress(make: typeof express5 | typeof express4): Trusting["serve"] {
  return (app, hops, options) => {
    const host = (make as typeof express5)().set("env", "test");
    if (hops !== "none") host.set("trust proxy", hops === "all" ? true : hops);
    return listen(host.use(fromWsgi(app, options)) as RequestListener);
  };
}

function onKoa(Koa: typeof Koa3): Trusting["serve"] {
  return (app, hops, { environ: _, ...options }) => {
    const host = new Koa({ proxy: hops !== "none", ...(hops === 1 && { maxIpsCount: 1 }) });
    host.silent = true;
    return listen(host.use(fromWsgiOnKoa(app, options)).callback());
  };
}

const TRUSTING: readonly Trusting[] = [
  { name: "Express 5", serve: onExpress(express5) },
  { name: "Express 4", serve: onExpress(express4) },
  { name: "Koa 3", serve: onKoa(Koa3) },
  { name: "Koa 2", serve: onKoa(Koa2) },
];

const FORWARDED = {
  "X-Forwarded-For": "198.51.100.9, 203.0.113.7",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "shop.example:8443",
  Forwarded: "for=198.51.100.9;proto=https",
  "X-Real-IP": "198.51.100.9",
  "X-Client-IP": "198.51.100.9",
};

describe.each(TRUSTING)("SEC-08: trusted proxies on $name", ({ serve }) => {
  const ask = async (
    hops: "all" | "none" | 1,
    headers: Readonly<Record<string, string>>,
    options: FromWsgiOptions = {},
  ): Promise<{ head: string; environ: Readonly<Record<string, unknown>> | undefined }> => {
    const recorder = new Recorder();
    server = await serve(recorder.app, hops, { logger: new MemoryLogger(), ...options });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const { head } = await rawGet(server.port, "/", lines.join(""));
    return { head, environ: recorder.calls[0]?.environ };
  };

  it("no header is trusted unless the framework trusts its proxies", async () => {
    const { environ } = await ask("none", FORWARDED);
    expect(environ).toMatchObject({ REMOTE_ADDR: "127.0.0.1", "wsgi.url_scheme": "http", HTTP_HOST: "test" });
    expect(environ).not.toHaveProperty("HTTPS");
    expect(environ).toMatchObject({
      HTTP_X_FORWARDED_FOR: FORWARDED["X-Forwarded-For"],
      HTTP_X_REAL_IP: "198.51.100.9",
    });
  });

  it("if the framework trusts all proxies, they set address, scheme and host", async () => {
    const { environ } = await ask("all", FORWARDED);
    expect(environ).toMatchObject({
      REMOTE_ADDR: "198.51.100.9",
      "wsgi.url_scheme": "https",
      HTTPS: "on",
      HTTP_HOST: "shop.example:8443",
      SERVER_NAME: "127.0.0.1",
    });
  });

  it("if the framework trusts the nearest proxy only, values that clients put before it are ignored", async () => {
    expect((await ask(1, FORWARDED)).environ).toMatchObject({ REMOTE_ADDR: "203.0.113.7" });
  });

  it("X-Real-IP, X-Client-IP and Forwarded are never trusted", async () => {
    const { "X-Real-IP": real, "X-Client-IP": client, Forwarded } = FORWARDED;
    const { environ } = await ask("all", { "X-Real-IP": real, "X-Client-IP": client, Forwarded });
    expect(environ).toMatchObject({ REMOTE_ADDR: "127.0.0.1", "wsgi.url_scheme": "http", HTTP_HOST: "test" });
  });

  it("SEC-10: a trusted X-Forwarded-Host must be a valid host, too", async () => {
    const { head, environ } = await ask("all", { "X-Forwarded-Host": "shop.example/evil" });
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(environ).toBeUndefined();
  });

  it("an unknown X-Forwarded-Proto is never https", async () => {
    const { environ } = await ask("all", { "X-Forwarded-Proto": "HTTPS-ish" });
    expect(environ).toMatchObject({ "wsgi.url_scheme": "http" });
    expect(environ).not.toHaveProperty("HTTPS");
  });

  it("stripForwarded removes all these headers, but keeps the values that the framework derived from them", async () => {
    const more = {
      "X-Forwarded-Port": "8443",
      "X-Forwarded-By": "1",
      "X-Forwarded-Prefix": "/x",
      "X-Forwarded-Anything": "1",
      "X-Scheme": "https",
      "X-Script-Name": "/x",
      "X-Cluster-Client-IP": "1.1.1.1",
      "True-Client-IP": "1.1.1.1",
      "Remote-User": "root",
      "X-Remote-User": "root",
      "X-Request-Id": "kept",
    };
    const { environ } = await ask("all", { ...FORWARDED, ...more }, { stripForwarded: true });
    expect(Object.keys(environ ?? {}).filter((key) => key.startsWith("HTTP_"))).toEqual([
      "HTTP_HOST",
      "HTTP_X_REQUEST_ID",
    ]);
    expect(environ).toMatchObject({ REMOTE_ADDR: "198.51.100.9", HTTP_HOST: "shop.example:8443", SCRIPT_NAME: "" });
  });
});

describe.each(HOSTS)("SEC-09: REMOTE_USER on $name", (host) => {
  const HEADERS =
    "Remote-User: root\r\nX-Remote-User: root\r\nREMOTE_USER: root\r\nAuth-Type: Basic\r\nAuthorization: Basic cm9vdDp4\r\n";
  const environOf = async (options: FromWsgiOptions): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const recorder = new Recorder();
    server = await host.serve(recorder.app, { logger: new MemoryLogger(), ...options });
    await rawGet(server.port, "/", HEADERS);
    return recorder.calls[0]?.environ;
  };

  it("cannot be set by a header", async () => {
    const environ = await environOf({});
    expect(environ).not.toHaveProperty("REMOTE_USER");
    expect(environ).not.toHaveProperty("AUTH_TYPE");
  });

  it("is the value of the option, and missing without one", async () => {
    expect(await environOf({ environ: () => ({ REMOTE_USER: "ann", AUTH_TYPE: undefined }) })).toMatchObject({
      REMOTE_USER: "ann",
    });
    await server?.close();
    expect(await environOf({ environ: () => ({ REMOTE_USER: undefined }) })).not.toHaveProperty("REMOTE_USER");
  });
});
