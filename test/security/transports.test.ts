import { createServer } from "node:http";
import { createServer as createHttpsServer, request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { fromWsgi } from "../../src/index.ts";
import { faultsOf, Recorder } from "../support/raw-requests.ts";
import { listenOn, makeCertificate, rawTo, temporaryFolder } from "../support/transports.ts";

const GET = "GET /a?b HTTP/1.1\r\nHost: shop.example:8080\r\nConnection: close\r\n\r\n";

describe("a unix socket", () => {
  it.each([
    ["shop.example:8080", { SERVER_NAME: "shop.example", SERVER_PORT: "8080", HTTP_HOST: "shop.example:8080" }],
    ["shop.example", { SERVER_NAME: "shop.example", SERVER_PORT: "80", HTTP_HOST: "shop.example" }],
    ["[::1]:81", { SERVER_NAME: "[::1]", SERVER_PORT: "81", HTTP_HOST: "[::1]:81" }],
    ["", { SERVER_NAME: "localhost", SERVER_PORT: "80", HTTP_HOST: "" }],
  ])("NODE-27, ENV-14: with Host %j, sets the keys that otherwise come from the address", async (host, expected) => {
    const recorder = new Recorder();
    const path = join(temporaryFolder(), "wsgi.sock");
    await listenOn(createServer(fromWsgi(recorder.app)), { path });
    expect(await rawTo({ path }, GET.replace("shop.example:8080", host))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const environ = recorder.calls[0]?.environ ?? {};
    expect(environ).toMatchObject({ ...expected, REMOTE_ADDR: "" });
    expect(environ).not.toHaveProperty("REMOTE_PORT");
    expect(faultsOf(environ)).toEqual([]);
  });
});

describe("TLS", () => {
  const environOver = async (withClientCertificate: boolean): Promise<Readonly<Record<string, unknown>>> => {
    const recorder = new Recorder();
    const pair = makeCertificate("localhost");
    const client = withClientCertificate ? makeCertificate("Ann Client") : {};
    const options = { ...pair, requestCert: true, rejectUnauthorized: false };
    const server = createHttpsServer(options, fromWsgi(recorder.app));
    await listenOn(server, { port: 0, host: "127.0.0.1" });
    const { port } = server.address() as AddressInfo;
    const spoofed = { "Ssl-Client-Cert": "spoofed", Ssl_Client_Cert: "spoofed", "Ssl-Protocol": "spoofed" };
    const tls = { ca: pair.cert, servername: "localhost", agent: false, ...client };
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const req = requestHttps({ host: "127.0.0.1", port, path: "/a", headers: spoofed, ...tls }, (answer) => {
        answer.resume().on("end", () => resolve(answer.socket as TLSSocket));
      });
      req.on("error", reject).end();
    });
    expect(socket.authorized).toBe(true);
    return recorder.calls[0]?.environ ?? {};
  };

  it("ENV-27, NODE-30: HTTPS and SSL_* come from the connection, never from headers", async () => {
    const environ = await environOver(false);
    expect(environ).toMatchObject({ "wsgi.url_scheme": "https", HTTPS: "on", SSL_PROTOCOL: "TLSv1.3" });
    expect(environ.SSL_CIPHER).toMatch(/^TLS_AES_|^TLS_CHACHA20_/);
    expect(environ).not.toHaveProperty("SSL_CLIENT_CERT");
    expect(faultsOf(environ)).toEqual([]);
  });

  it("ENV-27: the client's certificate is passed as PEM", async () => {
    const { SSL_CLIENT_CERT } = await environOver(true);
    expect(SSL_CLIENT_CERT).toMatch(/^-----BEGIN CERTIFICATE-----\n([\w+/=]{1,64}\n)+-----END CERTIFICATE-----\n$/);
  });
});

describe("IPv6", () => {
  it("ENV-14, NODE-28, URL-02: SERVER_NAME is bracketed, REMOTE_ADDR is not", async () => {
    const recorder = new Recorder();
    const server = createServer(fromWsgi(recorder.app));
    await listenOn(server, { port: 0, host: "::1" }).catch((error: Error) => {
      throw new Error(`this test needs a machine that has the address ::1 (${error.message})`);
    });
    const { port } = server.address() as AddressInfo;
    await rawTo({ port, host: "::1" }, GET);
    expect(recorder.calls[0]?.environ).toMatchObject({
      SERVER_NAME: "[::1]",
      SERVER_PORT: String(port),
      REMOTE_ADDR: "::1",
    });
  });

  it("NODE-28: an IPv4 address on an IPv6 socket is an IPv4 address", async () => {
    const recorder = new Recorder();
    const server = createServer(fromWsgi(recorder.app));
    await listenOn(server, { port: 0, host: "::" }).catch((error: Error) => {
      throw new Error(`this test needs a machine that has IPv6 (${error.message})`);
    });
    await rawTo({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }, GET);
    expect(recorder.calls[0]?.environ).toMatchObject({ SERVER_NAME: "127.0.0.1", REMOTE_ADDR: "127.0.0.1" });
  });
});
