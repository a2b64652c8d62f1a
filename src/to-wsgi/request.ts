/** Makes Node's `IncomingMessage` from an environ. Knows heads and bodies; knows no framework and no response. */
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { ClientDisconnectError } from "../errors.ts";
import type { RequestHead } from "../wsgi/environ.ts";
import { isEmptyInput } from "../wsgi/input.ts";
import type { Environ, InputStream } from "../wsgi/types.ts";
import type { WsgiSocket } from "./socket.ts";

/** The size of one read from `wsgi.input`, in bytes. */
const READ_SIZE = 64 * 1024;

/** Holds an `IncomingMessage` instead of extending it, because Express replaces the prototype of a request. */
export class WsgiRequest {
  readonly message: IncomingMessage;
  readonly #input: InputStream;
  readonly #fail: (error: unknown) => void;
  /** The number of bytes still to read; infinite if the length of the body is unknown. */
  #remaining: number;
  #reading = false;
  #wasPulled = false;

  /** @param fail called with the error if the body cannot be read */
  constructor(
    environ: Environ,
    head: RequestHead,
    { url, socket, fail }: { url: string; socket: WsgiSocket; fail(error: unknown): void },
  ) {
    this.#input = environ["wsgi.input"];
    this.#fail = fail;
    this.#remaining = bodyLength(environ);
    // The cast satisfies Node's types. `WsgiSocket` has all the members that Node and apps use.
    const message = new IncomingMessage(socket as unknown as Socket);
    this.message = message;
    message.method = head.method;
    message.url = url;
    const [major = "1", minor = "0"] = head.protocol.slice(5).split(".");
    message.httpVersionMajor = Number(major);
    message.httpVersionMinor = Number(minor);
    message.httpVersion = `${major}.${minor}`;
    setHeaders(message, [...head.rawHeaders, ...this.#missingHeaders(environ, head)]);
    message._read = (size) => {
      IncomingMessage.prototype._read.call(message, size); // marks the body as read, and resumes the socket
      this.#pull();
    };
  }

  /** If the request has no body, ends it now. Called after the handler has returned; Node's parser ends it then, too. */
  endIfEmpty(): void {
    if (this.#remaining === 0) this.#end();
  }

  /** Called when the response is complete. If nobody has begun to read the body, ends the body unread. */
  responseEnded(): void {
    const { message } = this;
    // A new reader calls `_read()` only in the next tick, and since Node 24 the response may be complete by then.
    const hasReader = this.#wasPulled || message.readableFlowing === true || message.listenerCount("readable") > 0;
    if (hasReader || message.destroyed) return;
    this.#remaining = 0;
    if (!message.complete) this.#end();
    message.read(); // lets the ended stream emit `end` and close
  }

  /** Called when the client has disconnected, or the server has closed the result. */
  abort(): void {
    this.message.destroy(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
  }

  #missingHeaders(environ: Environ, head: RequestHead): string[] {
    const missing: string[] = [];
    if (environ.HTTP_HOST === undefined) missing.push("host", hostOf(head));
    // Parsers assume that there is no body if neither a length nor a transfer coding is declared (RFC 9112 §6.3).
    if (this.#remaining === Number.POSITIVE_INFINITY) missing.push("transfer-encoding", "chunked");
    return missing;
  }

  #pull(): void {
    this.#wasPulled = true;
    if (this.#reading || this.message.complete) return;
    this.#reading = true;
    const size = Math.min(READ_SIZE, this.#remaining);
    const pending = this.#input.read1?.(size) ?? this.#input.read(size);
    pending.then(this.#onRead, this.#onReadError);
  }

  readonly #onRead = (chunk: Uint8Array): void => {
    this.#reading = false;
    if (this.message.complete || this.message.destroyed) return;
    if (chunk.length === 0 && Number.isFinite(this.#remaining)) {
      this.#onReadError(new ClientDisconnectError("wsgi.input ended before CONTENT_LENGTH bytes were read"));
      return;
    }
    this.#remaining = chunk.length === 0 ? 0 : this.#remaining - chunk.length;
    if (chunk.length > 0) this.message.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (this.#remaining === 0) this.#end();
  };

  readonly #onReadError = (error: unknown): void => {
    this.#fail(error);
    this.abort();
  };

  #end(): void {
    this.message.complete = true;
    this.message.push(null);
  }
}

/** The length of the body in bytes; infinite if only `wsgi.input` knows where it ends (`wsgi.input_terminated`). */
function bodyLength(environ: Environ): number {
  const { CONTENT_LENGTH: declared, "wsgi.input": input, "wsgi.input_terminated": terminated } = environ;
  if (declared !== undefined && declared !== "") return Number(declared);
  // The key outlives middleware that wraps the input; other servers do not set it.
  const hasBody = environ["wsgi_bridge.has_body"] ?? !isEmptyInput(input);
  return terminated === true && hasBody !== false ? Number.POSITIVE_INFINITY : 0;
}

/** Builds a Host header as in PEP 3333, "URL Reconstruction". */
function hostOf({ serverName, serverPort, scheme }: RequestHead): string {
  return serverPort === (scheme === "https" ? "443" : "80") ? serverName : `${serverName}:${serverPort}`;
}

/** Sets the headers in Node's three forms. Values need no joining, because an environ contains each name only once. */
function setHeaders(message: IncomingMessage, rawHeaders: string[]): void {
  const headers: NodeJS.Dict<string | string[]> = {};
  const distinct: NodeJS.Dict<string[]> = Object.create(null);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    headers[name] = name === "set-cookie" ? [value] : value;
    distinct[name] = [value];
  }
  message.rawHeaders = rawHeaders;
  message.headers = headers;
  message.headersDistinct = distinct;
}
