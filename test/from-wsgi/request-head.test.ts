import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { type HostView, plainAddress, socketHead } from "../../src/from-wsgi/request-head.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

describe("plainAddress", () => {
  it.each(docTable("src/from-wsgi/request-head.ts", "plainAddress"))("$call → $result", (row) =>
    expectDocRow(plainAddress, row),
  );

  it.each([
    ["", ""],
    ["192.0.2.1", "192.0.2.1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["::ffff:7f00:1", "::ffff:7f00:1"],
  ])("NODE-28: plainAddress(%j) → %j", (address, expected) => {
    expect(plainAddress(address)).toBe(expected);
  });
});

const VIEW: HostView = {
  scriptName: "/m",
  pathInfo: "/a",
  queryString: "",
  target: "/m/a",
  protocol: undefined,
  host: undefined,
  ip: undefined,
};
const TCP = { localAddress: "192.0.2.7", localPort: 8080, remoteAddress: "192.0.2.1", remotePort: 5 };

/** The head of a request with this socket and these headers. */
function headOf(socket: object, headers: Record<string, string> = {}, view: Partial<HostView> = {}): object {
  const req = { method: "GET", httpVersion: "1.1", socket, headers, rawHeaders: [] } as unknown as IncomingMessage;
  return socketHead(req, { ...VIEW, ...view });
}

describe("socketHead", () => {
  it.each([
    ["NODE-30", "no framework, no TLS", TCP, {}, {}, { scheme: "http" }],
    ["NODE-30", "no framework, TLS", { ...TCP, encrypted: true }, {}, {}, { scheme: "https" }],
    ["NODE-30", "a framework that trusts its proxy", TCP, {}, { protocol: "https" }, { scheme: "https" }],
    ["ENV-22", "a framework with an unknown protocol", TCP, {}, { protocol: "gopher" }, { scheme: "http" }],
    ["SEC-08", "X-Forwarded-Proto without a framework", TCP, { "x-forwarded-proto": "https" }, {}, { scheme: "http" }],
    ["ENV-28", "the socket's ends", TCP, {}, {}, { remoteAddr: "192.0.2.1", remotePort: "5" }],
    [
      "SEC-08",
      "the client address of the framework",
      TCP,
      {},
      { ip: "::ffff:192.0.2.9" },
      { remoteAddr: "192.0.2.9", remotePort: "5" },
    ],
    ["ENV-14", "TCP", TCP, { host: "h:1" }, {}, { serverName: "192.0.2.7", serverPort: "8080" }],
    ["URL-02", "TCP over IPv6", { ...TCP, localAddress: "::1" }, {}, {}, { serverName: "[::1]", serverPort: "8080" }],
    [
      "NODE-28",
      "IPv4 on an IPv6 socket",
      { ...TCP, localAddress: "::ffff:127.0.0.1" },
      {},
      {},
      { serverName: "127.0.0.1" },
    ],
    [
      "NODE-27",
      "a unix socket",
      {},
      { host: "h:81" },
      {},
      { remoteAddr: "", remotePort: undefined, serverName: "h", serverPort: "81" },
    ],
    ["NODE-27", "a unix socket without Host", {}, {}, {}, { serverName: "localhost", serverPort: "80" }],
    [
      "ENV-14",
      "a unix socket behind TLS",
      {},
      { host: "h" },
      { protocol: "https" },
      { serverName: "h", serverPort: "443" },
    ],
    ["NODE-28", "a unix socket, an IPv6 Host", {}, { host: "[::1]:81" }, {}, { serverName: "[::1]", serverPort: "81" }],
    ["ENV-14", "a unix socket, an empty Host", {}, { host: "" }, {}, { serverName: "localhost", serverPort: "80" }],
    [
      "ENV-14",
      "a unix socket, an invalid Host",
      {},
      { host: "a:b:c" },
      {},
      { serverName: "localhost", serverPort: "80" },
    ],
    ["NODE-29", "no Host", TCP, {}, {}, { host: undefined }],
    ["NODE-25", "HTTP/2", TCP, { ":authority": "a", host: "h" }, {}, { host: "a" }],
    ["NODE-10", "a target in absolute form", TCP, { host: "h" }, { host: "t:1" }, { host: "t:1" }],
  ])("%s: %s: %j", (_number, _title, socket, headers, view, expected) => {
    expect(headOf(socket, headers as Record<string, string>, view)).toMatchObject(expected);
  });
});
