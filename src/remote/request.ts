/** One request to a remote server, from its body to the end of its response. Handles retries; knows no protocol. */
import type { BridgeError, UnreachableError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import { ProtocolStatus } from "../fastcgi/records.ts";
import type { ResponseEvents } from "../fastcgi/types.ts";
import type { Flow } from "../node/response-stream.ts";
import { ResponseTimer } from "../node/response-timer.ts";
import type { SpooledBody } from "../node/spool.ts";
import { readWholeBody } from "../node/whole-body.ts";
import type { Environ, StartResponse, WsgiResult } from "../wsgi/types.ts";
import { brokenResponse, overloaded, queueTimedOut, requestTimedOut, totalTimedOut } from "./errors.ts";
import type { RemoteJob, RemotePool } from "./pool.ts";
import type { RemoteConnection } from "./protocol.ts";
import { RemoteResponse } from "./response.ts";
import { RetryPolicy } from "./retry-policy.ts";
import { refreshing, Stopwatch } from "./stopwatch.ts";
import type { Upstream } from "./upstream.ts";

/** The protocol statuses of a server that has not started the request (FastCGI 1.0 §5.5). */
const NOT_STARTED: ReadonlySet<number> = new Set([ProtocolStatus.CANT_MPX_CONN, ProtocolStatus.OVERLOADED]);

/** Reads the whole body, waits for a connection, sends the request, and passes the response to a `RemoteResponse`. */
export class RemoteRequest implements RemoteJob, ResponseEvents, Flow {
  readonly retries: RetryPolicy;
  /** When the request was queued, for `queueTimeout`. */
  since = 0;
  readonly #pool: RemotePool;
  readonly #environ: Environ;
  readonly #response: RemoteResponse;
  readonly #timer: ResponseTimer;
  readonly #totalTimer: Stopwatch;
  #abortTimer: Stopwatch | undefined;
  #params = "";
  #body: SpooledBody | undefined;
  #connection: RemoteConnection | undefined;
  /** The upstream that got the request last. */
  #upstream: Upstream | undefined;

  constructor(pool: RemotePool, environ: Environ, startResponse: StartResponse) {
    const { settings } = pool;
    this.#pool = pool;
    this.#environ = environ;
    this.retries = new RetryPolicy(environ.REQUEST_METHOD);
    this.#response = new RemoteResponse(environ, startResponse, { flow: this, backlog: settings.backlog });
    this.#timer = new ResponseTimer(pool.responseDeadlines, (limit) =>
      this.#timeOut(requestTimedOut(this.server, settings, limit)),
    );
    this.#totalTimer = new Stopwatch(pool.totalDeadlines, () => this.#timeOut(totalTimedOut(this.server, settings)));
  }

  begin(): WsgiResult {
    const onError = (reason: unknown): void => this.#response.fail(reason);
    const onBody = (body: SpooledBody | undefined, size: number | undefined): void => this.#dispatch(body, size);
    readWholeBody(this.#environ, this.#pool.settings.spool, { onBody, onError });
    return this.#response.result;
  }

  get wanted(): boolean {
    return this.#response.wanted;
  }

  get server(): string {
    return this.#upstream?.address.name ?? "the server";
  }

  start(connection: RemoteConnection, upstream: Upstream, reused: boolean): void {
    this.#connection = connection;
    this.#upstream = upstream;
    this.retries.sent(reused);
    this.#timer.start();
    connection.send(this.#params, this.#body === undefined ? undefined : refreshing(this.#body, this.#timer), this);
  }

  unreachable(upstream: Upstream, reason: UnreachableError): void {
    if (this.wanted) this.#tryElsewhere(upstream, reason);
  }

  refuse(reason: BridgeError): void {
    this.#release();
    this.#response.fail(reason);
  }

  /** Called when the request has waited in the queue for too long. */
  expire(): void {
    this.#pool.withdraw(this);
    this.refuse(queueTimedOut(this.#pool.settings));
  }

  pause(): void {
    this.#timer.pause();
    this.#connection?.pause();
  }

  resume(): void {
    this.#timer.resume();
    this.#connection?.resume();
  }

  cancel(): void {
    this.#abandon();
  }

  stderr(slice: Buffer): void {
    this.#response.log(slice);
  }

  head(head: CgiHead): void {
    this.#timer.head(head.headers);
    this.#response.head(head);
  }

  headAlone(): void {
    this.#response.flushHead();
  }

  body(slice: Buffer): void {
    this.#timer.refresh();
    this.#response.body(slice);
  }

  /** Only this package's own workers send exceptions. A remote server that sends one violates the protocol. */
  exception(): void {
    this.#connection?.destroy(new RangeError("a remote server does not send exceptions"));
  }

  /** Ignores `appStatus`: its meaning depends on the application (FastCGI 1.0 §5.5), and the response is complete anyway. */
  ended(_appStatus: number, protocolStatus: number): void {
    const upstream = this.#detach();
    if (this.wanted && !this.#response.headReceived && NOT_STARTED.has(protocolStatus)) {
      upstream.countFailure();
      this.#tryElsewhere(upstream, overloaded(this.server));
    } else if (this.#response.headReceived && protocolStatus === ProtocolStatus.REQUEST_COMPLETE) {
      this.#release();
      this.#response.end();
    } else {
      this.#fail(upstream, new Error("it has no head"));
    }
  }

  lost(reason: Error): void {
    const upstream = this.#detach();
    if (this.wanted && !this.#response.headReceived && this.retries.connectionLost(upstream)) this.#retry();
    else this.#fail(upstream, reason);
  }

  #dispatch(body: SpooledBody | undefined, contentLength: number | undefined): void {
    this.#body = body;
    if (!this.wanted) {
      this.#release(); // the client left while the body was arriving
      return;
    }
    try {
      this.#params = this.#pool.protocol.encode(this.#environ, contentLength);
    } catch (error) {
      this.refuse(error as BridgeError);
      return;
    }
    this.since = performance.now();
    this.#totalTimer.start();
    this.#pool.dispatch(this);
  }

  #tryElsewhere(upstream: Upstream, reason: BridgeError): void {
    this.retries.cannotServe(upstream, reason);
    this.#retry();
  }

  #retry(): void {
    this.since = performance.now();
    this.#pool.retry(this);
  }

  #fail(upstream: Upstream, reason: Error): void {
    this.#release();
    if (!this.wanted) return;
    upstream.countFailure();
    this.#response.fail(brokenResponse(this.server, reason));
  }

  #timeOut(reason: BridgeError): void {
    this.#upstream?.countFailure();
    this.#response.fail(reason);
    this.#abandon();
  }

  /** Aborts the request. The server has a moment to end the response; then the connection is destroyed. */
  #abandon(): void {
    const connection = this.#connection;
    if (connection === undefined) {
      this.#pool.withdraw(this);
      this.#release();
      return;
    }
    this.resume();
    this.#timer.stop();
    this.#totalTimer.stop();
    this.#abortTimer = new Stopwatch(this.#pool.abortDeadlines, () =>
      connection.destroy(new Error("the request was aborted")),
    );
    this.#abortTimer.start();
    connection.abort();
  }

  /** Forgets the connection, which is idle or closed now. @returns the upstream */
  #detach(): Upstream {
    this.#connection = undefined;
    this.#timer.stop();
    this.#abortTimer?.stop();
    return this.#upstream as Upstream; // set by start()
  }

  #release(): void {
    this.#totalTimer.stop();
    this.#body?.close();
    this.#body = undefined;
  }
}
