/** The shape of the conformance table: a request, an app in two languages, and what a client, and the log, must see. */
import type { HeaderPair, WsgiApp } from "../../src/index.ts";
import type { Host } from "../support/hosts.ts";

/** All text is latin-1: one character a byte. */
export interface Case {
  /** A sentence of the specification, after the catalogue's numbers. */
  readonly name: string;
  readonly request?: RequestParts;
  readonly app?: WsgiApp;
  readonly twin?: Twin;
  /** The app breaks PEP 3333, or a rule that only validators have: it runs without them. */
  readonly breaks?: true;
  /** Bytes, or a header, that HTTP/2 has not. */
  readonly only?: "http1";
  readonly expect: Expectation;
  /** What a host, or an app in Python, has otherwise, each with its reason beside it. Later ones win. */
  readonly but?: Partial<Record<Host["kind"] | "python" | "validated", Partial<Expectation>>>;
}

/** A function of `twins.py`, and what it is called with before it is an app. */
export interface Twin {
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface RequestParts {
  /** @default "GET" */
  readonly method?: string;
  /** @default "/" */
  readonly target?: string;
  /** Beside Host, Content-Length (for a body that is not chunked) and Connection. */
  readonly headers?: readonly HeaderPair[];
  readonly body?: string;
  /** The body in these chunks, without Content-Length. */
  readonly chunks?: readonly string[];
  /** In place of all others, for HTTP/1: what goes over the wire. */
  readonly raw?: string;
  /** The client leaves after the request's last byte. */
  readonly leaves?: true;
  /** So many times, on one connection; each answer must be as expected. @default 1 */
  readonly times?: number;
}

export interface Expectation {
  /** @default 200. 0: no answer at all */
  readonly status?: number;
  readonly reason?: string;
  /**
   * All fields, in their order, without those that are Node's and the framework's own (Date, Connection, Keep-Alive,
   * Transfer-Encoding, X-Powered-By). Koa's order is its own. Not checked if absent.
   */
  readonly headers?: readonly HeaderPair[] | undefined;
  /** Such a name is among the fields, whoever has set it. */
  readonly present?: readonly string[];
  /** No such name is among the fields, whoever would have set it. */
  readonly absent?: readonly string[];
  /** The Content-Length that the server makes of an only block; a validator's result has no length, so its is chunked. */
  readonly autoLength?: number;
  /** `{port}` is the server's. Not checked if absent. */
  readonly body?: string | undefined;
  /** Chunk by chunk what is on the wire (HTTP/1.1). */
  readonly chunks?: readonly string[];
  /** Text that is nowhere in what the client gets. */
  readonly lacks?: RegExp;
  /**
   * The client can tell that the response is not whole. It may have less of it than the app gave, even nothing; where
   * that is nothing, Koa still answers with a 500.
   */
  readonly broken?: boolean;
  /** How often the result was closed: lines that say `closed` in `wsgi.errors`. @default 0 */
  readonly closed?: number;
  /** Each is a line of the log, or in what the framework's error handling was told; there is nothing else. */
  readonly log?: readonly RegExp[];
  /** Interim responses before this one. */
  readonly interim?: readonly number[];
}
