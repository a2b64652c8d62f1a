/** The types of a conformance case: a request, an app in two languages, the expected response and log. */
import type { HeaderPair, WsgiApp } from "../../src/index.ts";
import type { Host } from "../support/hosts.ts";

/** One case. All text is Latin-1: one character per byte. */
export interface Case {
  /** The rule numbers, then the rule as a sentence. */
  readonly name: string;
  readonly request?: RequestParts;
  readonly app?: WsgiApp;
  readonly twin?: Twin;
  /** The app breaks PEP 3333 or a rule of the validators, so it runs without them. */
  readonly breaks?: true;
  /** gunicorn serves the app all the same, so `pythonApp` refuses it only with `strict: true`. */
  readonly lenient?: true;
  /** The case needs bytes or headers that HTTP/2 does not have. */
  readonly only?: "http1";
  readonly expect: Expectation;
  /** Expectations that differ on a host, in Python or under validators. Later ones win. */
  readonly overrides?: Partial<Record<Host["kind"] | "python" | "validated", Partial<Expectation>>>;
}

/** The Python version of the app: a function of `twins.py` and the arguments with which it returns the app. */
export interface Twin {
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface RequestParts {
  /** @default "GET" */
  readonly method?: string;
  /** @default "/" */
  readonly target?: string;
  /** Headers in addition to Host, Content-Length (for a body that is not chunked) and Connection. */
  readonly headers?: readonly HeaderPair[];
  readonly body?: string;
  /** The body as chunks, without Content-Length. */
  readonly chunks?: readonly string[];
  /** The bytes on the wire, for HTTP/1. Replaces all other fields. */
  readonly raw?: string;
  /** The client disconnects after the last byte of the request. */
  readonly leaves?: true;
  /** How many times the request is sent on one connection. Each response must be as expected. @default 1 */
  readonly times?: number;
}

export interface Expectation {
  /** The status. 0 means no response at all. @default 200 */
  readonly status?: number;
  readonly reason?: string;
  /**
   * All fields in order, without those that Node and the framework add (Date, Connection, Keep-Alive,
   * Transfer-Encoding, X-Powered-By). The order is not checked on Koa. Not checked if absent.
   */
  readonly headers?: readonly HeaderPair[] | undefined;
  /** Fields that the response must have once, whether the app or the server set them. */
  readonly present?: readonly string[];
  /** Fields that the response must not have. */
  readonly absent?: readonly string[];
  /** The Content-Length that the server derives from a single block. Not under a validator, whose result has no length. */
  readonly autoLength?: number;
  /** The body. `{port}` stands for the port of the server. Not checked if absent. */
  readonly body?: string | undefined;
  /** The chunks on the wire (HTTP/1.1). */
  readonly chunks?: readonly string[];
  /** A pattern that must not match anything that the client receives. */
  readonly lacks?: RegExp;
  /**
   * The client can tell that the response is incomplete. The client may have received less than the app sent, or
   * nothing at all; in that case Koa still responds with a 500.
   */
  readonly broken?: boolean;
  /** How many times the result was closed: the number of `closed` lines in `wsgi.errors`. @default 0 */
  readonly closed?: number;
  /** Patterns that must match the log and the errors that the framework received. If absent, both must be empty. */
  readonly log?: readonly RegExp[];
  /** The statuses of the interim responses (1xx) before this one. */
  readonly interim?: readonly number[];
}
