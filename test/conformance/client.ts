/** HTTP/1 and HTTP/2 clients that report every detail of a response. Knows bytes and streams; knows nothing of apps. */
import { type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import type { HeaderPair } from "../../src/index.ts";
import { type Answer, parseAnswers } from "./parser.ts";
import type { RequestParts } from "./types.ts";

/** The Host header of requests that do not set their own. */
const HOST = "example.test:8123";

/** Sends the request and parses everything that arrives until the connection closes. */
export function askHttp1(port: number, request: RequestParts): Promise<Answer[]> {
  const { method = "GET", times = 1, leaves } = request;
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    let reset = false;
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", () => {
      reset = true;
    });
    socket.on("close", () => resolve(parseAnswers(text, { method, reset })));
    for (let i = 1; i <= times; i += 1) socket.write(wire(request, i === times), "latin1");
    if (leaves) socket.end();
  });
}

function wire({ method = "GET", target = "/", headers = [], body, chunks, raw }: RequestParts, last: boolean): string {
  if (raw !== undefined) return raw;
  const fields: HeaderPair[] = [...headers];
  const has = (name: string): boolean => headers.some(([key]) => key.toLowerCase() === name);
  if (!has("host")) fields.unshift(["Host", HOST]);
  if (body !== undefined && !has("content-length")) fields.push(["Content-Length", String(body.length)]);
  if (chunks !== undefined) fields.push(["Transfer-Encoding", "chunked"]);
  if (last && !has("connection")) fields.push(["Connection", "close"]);
  const content = chunks?.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).concat("0\r\n\r\n");
  const head = [`${method} ${target} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return `${head.join("\r\n")}\r\n\r\n${content?.join("") ?? body ?? ""}`;
}

/** Sends the request over HTTP/2. */
export async function askHttp2(port: number, request: RequestParts): Promise<Answer[]> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined); // the streams report it
  const answers: Answer[] = [];
  for (let i = 0; i < (request.times ?? 1); i += 1) {
    const { method = "GET", target = "/", headers = [], body, chunks, leaves } = request;
    const fields: Record<string, string | string[]> = { ":method": method, ":path": target, ":authority": HOST };
    for (const [name, value] of headers) add(fields, name.toLowerCase(), value);
    if (body !== undefined) fields["content-length"] ??= String(body.length);
    const stream = session.request(fields, { endStream: body === undefined && chunks === undefined });
    const answer = receive(stream);
    for (const chunk of chunks ?? []) stream.write(chunk, "latin1");
    if (body !== undefined && leaves) stream.write(body, "latin1");
    // A stream that is cancelled at once never reaches the app. After the reply to a ping it has.
    if (leaves) stream.once("ready", () => session.ping(() => stream.close(constants.NGHTTP2_CANCEL)));
    else if (!stream.writableEnded) stream.end(body ?? "", "latin1");
    answers.push(await answer);
  }
  session.close();
  return answers;
}

function add(fields: Record<string, string | string[]>, name: string, value: string): void {
  const before = fields[name === "host" ? ":authority" : name];
  if (name === "host") fields[":authority"] = value;
  else if (before === undefined) fields[name] = value;
  else fields[name] = [before, value].flat();
}

function receive(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    const interim: number[] = [];
    let status = 0;
    let headers: HeaderPair[] = [];
    let body = "";
    stream.on("headers", (fields) => interim.push(Number(fields[":status"])));
    // The third argument, the raw headers, is documented but missing from the types.
    stream.on("response", (fields, ...[, rawHeaders]: [number, string[]?]) => {
      status = Number(fields[":status"]);
      headers = pairs(rawHeaders ?? []).filter(([name]) => !name.startsWith(":"));
    });
    stream.setEncoding("latin1").on("data", (part: string) => {
      body += part;
    });
    stream.on("error", () => undefined); // `broken` reports it
    stream.on("close", () => {
      const broken = stream.rstCode !== 0;
      resolve({ status, reason: undefined, headers, body, chunks: undefined, broken, interim });
    });
  });
}

function pairs(flat: readonly string[]): HeaderPair[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, flat[2 * i + 1] as string]);
}
