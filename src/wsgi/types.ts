/** The contract of PEP 3333 as types. Knows what every key means; knows no server, no framework and no socket. */

import type { FileLike, FileWrapper } from "./file-wrapper.ts";

/**
 * A WSGI application: it is called once a request, with exactly these two arguments.
 *
 * @param environ the request; the application may change it freely (PEP 3333, "environ Variables")
 * @param startResponse declares status and headers; call it before the first non-empty block
 * @returns the body's blocks, or a promise of them
 */
export type WsgiApp = (environ: Environ, startResponse: StartResponse) => WsgiResult | Promise<WsgiResult>;

/**
 * The body: zero or more blocks of bytes, in order.
 * `close()`, if there, is called exactly once, however the response ends.
 */
export type WsgiResult = (Iterable<Uint8Array> | AsyncIterable<Uint8Array>) & {
  close?(): void | Promise<void>;
};

/** One header field: bytes carried as latin-1 (U+0000 to U+00FF), the name in any case. */
export type HeaderPair = [name: string, value: string];

/** Header fields in the order in which they are sent; repeated names stay apart. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * Stores the response's status and headers; nothing is sent before the first non-empty block, `write()` or the end.
 *
 * @param status `"DDD reason"`, such as `"200 OK"`; 200 to 999, the reason may be empty, the blank may not be missing
 * @param headers an array of `[name, value]`; no hop-by-hop field
 * @param excInfo an error (or Python's triple) that allows a second call: while nothing is sent, the new head replaces
 *   all of the old one; afterwards the error is thrown again
 * @returns the old-style `write` function
 * @throws AppProtocolError for anything else; ClientDisconnectError when the client has left meanwhile: let it through
 */
export type StartResponse = (status: string, headers: HeaderPair[], excInfo?: unknown) => Write;

/**
 * Sends a block at once, before the blocks of the result. An empty block sends the head alone.
 * The promise resolves when more may be written; at most 1 MiB may be written without waiting for it.
 */
export type Write = (block: Uint8Array) => Promise<void>;

/**
 * The request as PEP 3333 and CGI (RFC 3875) name its parts.
 * Every string carries bytes as latin-1: U+0000 to U+00FF, one character a byte.
 */
export interface Environ {
  /** The method as received: case is kept. */
  REQUEST_METHOD: string;
  /** Where the application is mounted, percent-decoded: `""`, or begins with `/` and does not end with it. */
  SCRIPT_NAME: string;
  /** The rest of the path, percent-decoded: `""` or begins with `/`. */
  PATH_INFO: string;
  /** What follows the first `?`, undecoded; `""` if nothing does. */
  QUERY_STRING: string;
  /** The Content-Type header; absent if the client sent none. */
  CONTENT_TYPE?: string;
  /** The body's length in ASCII digits; absent if unknown. */
  CONTENT_LENGTH?: string;
  /** The address the client connected to (an IPv6 address in brackets), or the Host's name on a unix socket. */
  SERVER_NAME: string;
  /** The port the client connected to, as decimal text. */
  SERVER_PORT: string;
  /** `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`. */
  SERVER_PROTOCOL: string;
  /** `CGI/1.1`. */
  GATEWAY_INTERFACE: string;
  /** `wsgi-bridge`. */
  SERVER_SOFTWARE: string;
  /** The client's address (as Express's `req.ip` sees it); `""` on a unix socket. */
  REMOTE_ADDR: string;
  /** The client's port, as decimal text; absent if unknown. */
  REMOTE_PORT?: string;
  /** The request target as it was received, before any mount. */
  REQUEST_URI: string;
  /** The same under the name that gunicorn's applications look for. */
  RAW_URI: string;
  /** `on` over TLS; absent otherwise. */
  HTTPS?: string;
  /** A request header: upper case, `-` as `_`; repeated fields are joined with `,` (Cookie with `; `). */
  [header: `HTTP_${string}`]: string | undefined;

  /** PEP 3333's version. */
  "wsgi.version": readonly [1, 0];
  /** The scheme by which the client came. */
  "wsgi.url_scheme": "http" | "https";
  /** The request's body. */
  "wsgi.input": InputStream;
  /** The log. */
  "wsgi.errors": ErrorStream;
  /** True: a second call may begin before the first has ended. */
  "wsgi.multithread": boolean;
  /** True if other processes may serve the same application at the same time. */
  "wsgi.multiprocess": boolean;
  /** False: the application is called many times. */
  "wsgi.run_once": boolean;
  /** True: `wsgi.input` ends by itself, with or without CONTENT_LENGTH. */
  "wsgi.input_terminated": boolean;

  /** Makes a result of a file: `return environ["wsgi.file_wrapper"](file)`. */
  "wsgi.file_wrapper": (file: FileLike, blockSize?: number) => FileWrapper;

  /** Anything that middleware or the deployer adds. */
  [extension: string]: unknown;
}

/**
 * `wsgi.input`: the body as a stream (PEP 3333, "Input and Error Streams").
 * A client that leaves before its body was whole makes every method reject with `ClientDisconnectError`.
 */
export interface InputStream {
  /** At most `size` bytes, all of the rest without `size`; empty only at the end. */
  read(size?: number): Promise<Uint8Array>;
  /**
   * At most `size` bytes, as many as are there, waiting only while there are none (Python's `BufferedIOBase.read1`).
   * No method of PEP 3333's: middleware that puts another input in place may have none.
   */
  read1?(size?: number): Promise<Uint8Array>;
  /** A line with its `\n`, at most `size` bytes of it; empty only at the end. */
  readline(size?: number): Promise<Uint8Array>;
  /** Lines until the end, or until they hold `hint` bytes or more. */
  readlines(hint?: number): Promise<Uint8Array[]>;
  /** The lines, as `readline()` gives them. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
}

/** `wsgi.errors`: text for the log, never for the client. */
export interface ErrorStream {
  write(text: string): void;
  writelines(lines: Iterable<string>): void;
  flush(): void;
}
