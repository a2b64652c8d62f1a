/** Listeners and clients for transports other than plain TCP on IPv4. Knows sockets; knows nothing of apps. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect, type ListenOptions, type NetConnectOpts, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Listens until the test ends; rejects with the error of the operating system. */
export function listenOn(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(options, () => {
      onTestFinished(() => void server.close());
      resolve();
    });
  });
}

/** Creates a folder, which is deleted when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "transports-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Makes a self-signed certificate with the `openssl` command. */
export function makeCertificate(name: string): { key: Buffer; cert: Buffer } {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", "-days", "1", "-subj", `/CN=${name}`, ...made], { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Connects to any address, sends bytes and reads until the connection closes. */
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

/** Opens an HTTP/2 session, which is closed when the test ends. */
export function http2Session(url: string): ClientHttp2Session {
  const session = connectHttp2(url);
  session.on("error", () => undefined); // the streams report it
  onTestFinished(() => session.destroy());
  return session;
}

export interface Http2Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** 0 (NO_ERROR) if the stream ended without an error. */
  readonly rstCode: number | undefined;
}

/** Sends one request on a session. Each item of a header value that is an array becomes a field of its own. */
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
    stream.on("error", () => undefined); // `rstCode` reports it
    stream.on("close", () => resolve({ headers: answered, body: text, rstCode: stream.rstCode }));
    if (!stream.writableEnded) stream.end(body, "latin1");
  });
}
