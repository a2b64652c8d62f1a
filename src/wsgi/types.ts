/** The contract of PEP 3333 as types. */

import type { FileLike, FileWrapper } from "./file-wrapper.ts";

/**
 * A WSGI application. It is called once for each request, with exactly these two arguments.
 *
 * @param environ the request; the application may change it (PEP 3333, "environ Variables")
 * @param startResponse sets the status and the headers; call it before the first non-empty block
 * @returns the blocks of the body, or a promise of them
 */
export type WsgiApp = (environ: Environ, startResponse: StartResponse) => WsgiResult | Promise<WsgiResult>;

/**
 * The body: zero or more blocks of bytes, in order.
 * `close()`, if present, is called exactly once, however the response ends.
 */
export type WsgiResult = (Iterable<Uint8Array> | AsyncIterable<Uint8Array>) & {
  close?(): void | Promise<void>;
};

/** A header field. Both strings carry bytes as latin-1 (U+0000 to U+00FF); the name may be in any case. */
export type HeaderPair = [name: string, value: string];

/** Header fields in the order in which they are sent. Repeated names are not joined. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * Sets the status and the headers. Nothing is sent before the first non-empty block, `write()`, or the end of the result.
 *
 * @param status `"DDD reason"`, such as `"200 OK"`; 200 to 999; the reason may be empty, the space is required
 * @param headers an array of `[name, value]`, without hop-by-hop fields
 * @param excInfo an error (or Python's triple) that allows a second call: while nothing is sent, the new head replaces
 *   all of the old one; afterwards the error is thrown again
 * @returns the legacy `write` function
 * @throws AppProtocolError for any other arguments; ClientDisconnectError if the client has disconnected (do not catch it)
 */
export type StartResponse = (status: string, headers: HeaderPair[], excInfo?: unknown) => Write;

/**
 * Sends a block at once, before the blocks of the result. An empty block sends only the head.
 * The promise resolves when the transport can take more. At most 1 MiB may be written before awaiting it.
 */
export type Write = (block: Uint8Array) => Promise<void>;

/**
 * The request, with the names of PEP 3333 and CGI (RFC 3875).
 * Every string carries bytes as latin-1: one character (U+0000 to U+00FF) for each byte.
 */
export interface Environ {
  /** The method as received. Its case is kept. */
  REQUEST_METHOD: string;
  /** The mount path, percent-decoded: `""`, or a path that begins with `/` and does not end with it. */
  SCRIPT_NAME: string;
  /** The rest of the path, percent-decoded: `""`, or a path that begins with `/`. */
  PATH_INFO: string;
  /** The part after the first `?`, undecoded; `""` without one. */
  QUERY_STRING: string;
  /** The Content-Type header; absent if the client did not send it. */
  CONTENT_TYPE?: string;
  /** The length of the body in bytes, in decimal digits; absent if unknown. */
  CONTENT_LENGTH?: string;
  /** The address that the client connected to, IPv6 in brackets. On a unix socket, the name in the Host header. */
  SERVER_NAME: string;
  /** The port that the client connected to, in decimal digits. */
  SERVER_PORT: string;
  /** `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`. */
  SERVER_PROTOCOL: string;
  /** `CGI/1.1`. */
  GATEWAY_INTERFACE: string;
  /** `wsgi-bridge`. */
  SERVER_SOFTWARE: string;
  /** The client's address, as in Express's `req.ip`; `""` on a unix socket. */
  REMOTE_ADDR: string;
  /** The client's port, in decimal digits; absent if unknown. */
  REMOTE_PORT?: string;
  /** The request target as received, with the mount path. */
  REQUEST_URI: string;
  /** The same as REQUEST_URI, under gunicorn's name. */
  RAW_URI: string;
  /** `on` over TLS; absent otherwise. */
  HTTPS?: string;
  /** A request header. The name is in upper case, with `_` for `-`. Repeated fields are joined with `,` (Cookie with `; `). */
  [header: `HTTP_${string}`]: string | undefined;

  /** The version of WSGI: `[1, 0]`. */
  "wsgi.version": readonly [1, 0];
  /** The scheme of the request URL. */
  "wsgi.url_scheme": "http" | "https";
  /** The request's body. */
  "wsgi.input": InputStream;
  /** The error log. */
  "wsgi.errors": ErrorStream;
  /** True, because a call may start before another has ended. */
  "wsgi.multithread": boolean;
  /** True if other processes may serve the same application at the same time. */
  "wsgi.multiprocess": boolean;
  /** False, because the application is called many times. */
  "wsgi.run_once": boolean;
  /** True, because `wsgi.input` ends with the body, with or without CONTENT_LENGTH. */
  "wsgi.input_terminated": boolean;

  /** Turns a file into a result: `return environ["wsgi.file_wrapper"](file)`. */
  "wsgi.file_wrapper": (file: FileLike, blockSize?: number) => FileWrapper;

  /** Keys that middleware or the deployer adds. */
  [extension: string]: unknown;
}

/**
 * `wsgi.input`: the body as a stream (PEP 3333, "Input and Error Streams").
 * Every method rejects with `ClientDisconnectError` if the client disconnects before it has sent the whole body.
 */
export interface InputStream {
  /** Returns `size` bytes, or fewer at the end; without `size`, the whole rest. The result is empty only at the end. */
  read(size?: number): Promise<Uint8Array>;
  /**
   * Returns at most `size` bytes that have arrived; waits only if there are none (Python's `BufferedIOBase.read1`).
   * Not part of PEP 3333, so inputs that other middleware provides may not have it.
   */
  read1?(size?: number): Promise<Uint8Array>;
  /** Returns the next line with its `\n`, but at most `size` bytes. The result is empty only at the end. */
  readline(size?: number): Promise<Uint8Array>;
  /** Returns all lines; with `hint`, stops when the lines have `hint` bytes or more in total. */
  readlines(hint?: number): Promise<Uint8Array[]>;
  /** Iterates over the lines. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
}

/** `wsgi.errors`: text for the log. Clients never see it. */
export interface ErrorStream {
  write(text: string): void;
  writelines(lines: Iterable<string>): void;
  flush(): void;
}
