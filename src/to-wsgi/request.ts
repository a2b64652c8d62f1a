/** A request out of an environ, as Node's own `IncomingMessage`. Knows heads and bodies; knows no framework and no response. */
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { ClientDisconnectError } from "../errors.ts";
import type { RequestHead } from "../wsgi/environ.ts";
import { isEmptyInput } from "../wsgi/input.ts";
import type { Environ, InputStream } from "../wsgi/types.ts";
import type { WsgiSocket } from "./socket.ts";

/** How much of a body is asked for at once. */
const PIECE = 64 * 1024;

/** Express changes a request's prototype, so that a subclass would be lost: what is ours is the request's own. */
export class WsgiRequest {
  readonly message: IncomingMessage;
  readonly #input: InputStream;
  readonly #fail: (error: unknown) => void;
  /** Bytes that may still be read; infinite where only the input's end tells. */
  #left: number;
  #reading = false;
  #touched = false;

  /** @param fail hears that the body cannot be read: the response is to fail with it */
  constructor(
    environ: Environ,
    head: RequestHead,
    { url, socket, fail }: { url: string; socket: WsgiSocket; fail(error: unknown): void },
  ) {
    this.#input = environ["wsgi.input"];
    this.#fail = fail;
    this.#left = bodyLength(environ);
    // Node's types want a Socket; what it and apps use of one is there.
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
      IncomingMessage.prototype._read.call(message, size); // notes that the body is being read, and wakes the socket
      this.#pull();
    };
  }

  /** The handler has the request: a body that is not there ends now, as Node's parser ends one then. */
  begun(): void {
    if (this.#left === 0) this.#end();
  }

  /** The response is whole. Whoever has not begun to read the body will not: it ends here, unread. */
  responded(): void {
    const { message } = this;
    // Who has just asked for it is not heard before the next tick, and since Node 24 the response may be whole by then.
    const asked = this.#touched || message.readableFlowing === true || message.listenerCount("readable") > 0;
    if (asked || message.destroyed) return;
    this.#left = 0;
    if (!message.complete) this.#end();
    message.read(); // of what has ended: lets the stream say so, and close
  }

  /** The client, or who speaks for it, is gone. */
  abort(): void {
    this.message.destroy(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
  }

  #missingHeaders(environ: Environ, head: RequestHead): string[] {
    const missing: string[] = [];
    if (environ.HTTP_HOST === undefined) missing.push("host", hostOf(head));
    // A body that is announced by neither length nor coding is no body to those who parse it (RFC 9112 §6.3).
    if (this.#left === Number.POSITIVE_INFINITY) missing.push("transfer-encoding", "chunked");
    return missing;
  }

  #pull(): void {
    this.#touched = true;
    if (this.#reading || this.message.complete) return;
    this.#reading = true;
    const size = Math.min(PIECE, this.#left);
    const piece = this.#input.read1?.(size) ?? this.#input.read(size);
    piece.then(this.#push, this.#broken);
  }

  readonly #push = (piece: Uint8Array): void => {
    this.#reading = false;
    if (this.message.complete || this.message.destroyed) return;
    if (piece.length === 0 && Number.isFinite(this.#left)) {
      this.#broken(new ClientDisconnectError("wsgi.input ended before CONTENT_LENGTH bytes had come"));
      return;
    }
    this.#left = piece.length === 0 ? 0 : this.#left - piece.length;
    if (piece.length > 0) this.message.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    if (this.#left === 0) this.#end();
  };

  readonly #broken = (error: unknown): void => {
    this.#fail(error);
    this.abort();
  };

  #end(): void {
    this.message.complete = true;
    this.message.push(null);
  }
}

/** Bytes; infinite for a body whose end only the input knows (`wsgi.input_terminated`). */
function bodyLength(environ: Environ): number {
  const { CONTENT_LENGTH: declared, "wsgi.input": input, "wsgi.input_terminated": terminated } = environ;
  if (declared !== undefined && declared !== "") return Number(declared);
  return terminated === true && !isEmptyInput(input) ? Number.POSITIVE_INFINITY : 0;
}

/** PEP 3333, "URL Reconstruction". */
function hostOf({ serverName, serverPort, scheme }: RequestHead): string {
  return serverPort === (scheme === "https" ? "443" : "80") ? serverName : `${serverName}:${serverPort}`;
}

/** In all three of Node's forms. An environ has each name once, so that nothing is to be joined. */
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
