/** Heads that an app must not pass to `startResponse`. Other faults of apps are in validator-apps.ts. */
import { type AppCase, CL, headers, row, start, TYPE } from "./validator-apps.ts";

export const BAD_HEADS: readonly AppCase[] = [
  row("VAL-17", "startResponse without headers", start("200 OK")),
  row("VAL-17", "startResponse with four arguments", start("200 OK", [TYPE], null, null)),
  ...["200", "200OK", "20X OK", "2000 OK", "099 No", "100 Continue", "101 Up", " 200 OK", "200\tOK"].map((status) =>
    row("VAL-18", `the status ${JSON.stringify(status)}`, start(status, [TYPE])),
  ),
  row("VAL-18", "a line break in the status", start("200 OK\r\nX: y", [TYPE])),
  row("VAL-18", "a status that is not bytes", start("200 \u0416", [TYPE])),
  row("VAL-18", "a number for a status", start(200, [TYPE])),
  row("VAL-19", "headers as an object", start("200 OK", { "Content-Type": "text/plain" })),
  row("VAL-19", "headers as a Map", start("200 OK", new Map([TYPE]))),
  row("VAL-19", "no headers", start("200 OK", undefined)),
  row("VAL-19", "a header as a string", headers("X: y")),
  row("VAL-19", "a header of three items", headers(["X", "y", "z"])),
  row("VAL-19", "a header with a number", headers(["X", 1])),
  row("VAL-19", "undefined for a header", start("200 OK", [TYPE, undefined])),
  row("VAL-20", "the header Status", headers(["sTatus", "200"])),
  ...["", "X Y", "X:", "X\n", "9X", "X-", "X_", "-X", "X.Y", "\u0416"].map((name) =>
    row("VAL-21", `a header named ${JSON.stringify(name)}`, headers([name, "y"])),
  ),
  ...["a\nb", "a\r\nSet-Cookie: b", "\0", "\x1f", "\x7f", "\u0416"].map((value) =>
    row("VAL-22", `the value ${JSON.stringify(value)}`, headers(["X", value])),
  ),
  row("VAL-23", "no Content-Type", start("200 OK", [])),
  row("VAL-23", "no Content-Type with an error", start("404 Not Found", [CL("0")])),
  row("VAL-23", "a Content-Type with 204", start("204 No Content", [TYPE])),
  row("VAL-23", "a Content-Type with 304", start("304 Not Modified", [["content-type", "text/plain"]])),
  ...["text", true, 1, [new Error("a")], { message: "a" }].map((excInfo) =>
    row("VAL-24", `excInfo ${JSON.stringify(excInfo)}`, start("500 No", [TYPE], excInfo)),
  ),
  ...[
    "Connection",
    "keep-alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Trailers",
    "TRANSFER-ENCODING",
    "Upgrade",
  ].map((name) => row("VAL-32:hop-by-hop", `the hop-by-hop header ${name}`, headers([name, "x"]))),
  row("VAL-32:content-length", "Content-Length twice", headers(CL("0"), ["content-length", "0"])),
  ...["", "+1", " 1", "1_0", "1, 1", "-1", "0x1", "1e1", "9".repeat(20)].map((value) =>
    row("VAL-32:content-length", `the Content-Length ${JSON.stringify(value)}`, headers(CL(value))),
  ),
  row("VAL-32:content-length", "a Content-Length with 204", start("204 No Content", [CL("0")])),
  row("VAL-32:content-length", "a Content-Length with 205", start("205 Reset", [CL("1")])),
];
