/** Listeners beside plain TCP on IPv4, and clients of them. Knows sockets; knows no app. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect, type ListenOptions, type NetConnectOpts, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Listens for the length of a test; rejects with the system's reason. */
export function listenOn(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(options, () => {
      onTestFinished(() => void server.close());
      resolve();
    });
  });
}

/** A folder for the length of a test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "transports-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A throw-away certificate, signed by itself, made by the `openssl` command. */
export function makeCertificate(name: string): { key: Buffer; cert: Buffer } {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", "-days", "1", "-subj", `/CN=${name}`, ...made], { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Sends bytes wherever a socket leads and reads until the connection ends. */
export function rawTo(options: NetConnectOpts, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(options, () => socket.write(request, "latin1"));
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", reject).on("close", () => resolve(text));
  });
}

/** An HTTP/2 session for the length of a test. */
export function http2Session(url: string): ClientHttp2Session {
  const session = connectHttp2(url);
  session.on("error", () => undefined); // streams tell of it
  onTestFinished(() => session.destroy());
  return session;
}

export interface Http2Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** 0 (NO_ERROR) for a stream that ended well. */
  readonly rstCode: number | undefined;
}

/** One request on a session. Header values may be arrays: each item is a field of its own. */
export function http2Request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body = "",
): Promise<Http2Answer> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === "" && headers[":method"] !== "CONNECT" });
    let answered: Readonly<Record<string, unknown>> = {};
    let text = "";
    stream.on("response", (fields) => {
      answered = fields;
    });
    stream.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    stream.on("error", () => undefined); // its code is in the answer
    stream.on("close", () => resolve({ headers: answered, body: text, rstCode: stream.rstCode }));
    if (!stream.writableEnded) stream.end(body, "latin1");
  });
}
