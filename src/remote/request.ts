/** One request's way through the pool to a remote server and back. Knows connections and second tries; knows no protocol. */
import type { BridgeError, UnreachableError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import { ProtocolStatus } from "../fastcgi/records.ts";
import type { ResponseEvents } from "../fastcgi/types.ts";
import type { Flow } from "../node/response-stream.ts";
import type { SpooledBody } from "../node/spool.ts";
import { readWholeBody } from "../node/whole-body.ts";
import type { Environ, StartResponse, WsgiResult } from "../wsgi/types.ts";
import { broken, overloaded, queueTimedOut, requestTimedOut } from "./errors.ts";
import type { RemoteJob, RemotePool } from "./pool.ts";
import type { RemoteConnection } from "./protocol.ts";
import { RemoteResponse } from "./response.ts";
import { RetryPolicy } from "./retry-policy.ts";
import { renewing, Stopwatch } from "./stopwatch.ts";
import type { Upstream } from "./upstream.ts";

/** What says that the server has not begun (FastCGI 1.0 §5.5). */
const NOT_BEGUN: ReadonlySet<number> = new Set([ProtocolStatus.CANT_MPX_CONN, ProtocolStatus.OVERLOADED]);

/** Begins at once: spools the body, waits for a connection, sends. The response arrives in the result. */
export class RemoteRequest implements RemoteJob, ResponseEvents, Flow {
  readonly tries: RetryPolicy;
  /** When it began to wait. */
  since = 0;
  readonly #pool: RemotePool;
  readonly #environ: Environ;
  readonly #response: RemoteResponse;
  /** From one piece of the response to the next. */
  readonly #running: Stopwatch;
  readonly #whole: Stopwatch;
  #aborted: Stopwatch | undefined;
  #params = "";
  #body: SpooledBody | undefined;
  #connection: RemoteConnection | undefined;
  /** The last that it was given to. */
  #upstream: Upstream | undefined;

  constructor(pool: RemotePool, environ: Environ, startResponse: StartResponse) {
    const { requestTimeout, totalTimeout } = pool.settings;
    this.#pool = pool;
    this.#environ = environ;
    this.tries = new RetryPolicy(environ.REQUEST_METHOD);
    this.#response = new RemoteResponse(environ, startResponse, { flow: this, backlog: pool.settings.backlog });
    this.#running = new Stopwatch(pool.running, () => this.#giveUp("requestTimeout", requestTimeout));
    this.#whole = new Stopwatch(pool.whole, () => this.#giveUp("totalTimeout", totalTimeout));
  }

  begin(): WsgiResult {
    const whole = (body: SpooledBody | undefined, contentLength: number | undefined): void => {
      this.#body = body;
      this.#dispatch(contentLength);
    };
    readWholeBody(this.#environ, this.#pool.settings.spool, { whole, failed: (reason) => this.#response.fail(reason) });
    return this.#response.result;
  }

  get wanted(): boolean {
    return this.#response.wanted;
  }

  get server(): string {
    return this.#upstream?.address.name ?? "the server";
  }

  start(connection: RemoteConnection, upstream: Upstream, kept: boolean): void {
    this.#connection = connection;
    this.#upstream = upstream;
    this.tries.sent(kept);
    this.#running.start();
    connection.send(this.#params, this.#body === undefined ? undefined : renewing(this.#body, this.#running), this);
  }

  unreachable(upstream: Upstream, reason: UnreachableError): void {
    if (this.wanted) this.#tryElsewhere(upstream, reason);
  }

  refuse(reason: BridgeError): void {
    this.#over();
    this.#response.fail(reason);
  }

  /** It has waited too long. */
  expire(): void {
    this.#pool.withdraw(this);
    this.refuse(queueTimedOut(this.#pool.settings));
  }

  pause(): void {
    this.#running.hold();
    this.#connection?.pause();
  }

  resume(): void {
    this.#running.release();
    this.#connection?.resume();
  }

  cancel(): void {
    this.#abandon();
  }

  stderr(slice: Buffer): void {
    this.#response.log(slice);
  }

  head(head: CgiHead): void {
    this.#running.renew();
    this.#response.head(head);
  }

  headAlone(): void {
    this.#response.flushHead();
  }

  body(slice: Buffer): void {
    this.#running.renew();
    this.#response.body(slice);
  }

  /** Workers of this package send it, and no remote server: whoever does speaks another protocol. */
  exception(): void {
    this.#connection?.destroy(new RangeError("a remote server does not send exceptions"));
  }

  /** What appStatus means, each application says for itself (FastCGI 1.0 §5.5): the response is whole all the same. */
  ended(_appStatus: number, protocolStatus: number): void {
    const upstream = this.#leave();
    if (this.wanted && !this.#response.answered && NOT_BEGUN.has(protocolStatus)) {
      upstream.noteFailure();
      this.#tryElsewhere(upstream, overloaded(this.server));
    } else if (this.#response.answered && protocolStatus === ProtocolStatus.REQUEST_COMPLETE) {
      this.#over();
      this.#response.end();
    } else {
      this.#fail(upstream, new Error("it sent no head"));
    }
  }

  lost(reason: Error): void {
    const upstream = this.#leave();
    if (this.wanted && !this.#response.answered && this.tries.broke(upstream)) this.#again();
    else this.#fail(upstream, reason);
  }

  #dispatch(contentLength: number | undefined): void {
    if (!this.wanted) {
      this.#over(); // closed while its body was still arriving
      return;
    }
    try {
      this.#params = this.#pool.protocol.encode(this.#environ, contentLength);
    } catch (error) {
      this.refuse(error as BridgeError);
      return;
    }
    this.since = performance.now();
    this.#whole.start();
    this.#pool.dispatch(this);
  }

  #tryElsewhere(upstream: Upstream, reason: BridgeError): void {
    this.tries.notBegun(upstream, reason);
    this.#again();
  }

  #again(): void {
    this.since = performance.now();
    this.#pool.again(this);
  }

  #fail(upstream: Upstream, reason: Error): void {
    this.#over();
    if (!this.wanted) return;
    upstream.noteFailure();
    this.#response.fail(broken(this.server, reason));
  }

  #giveUp(option: string, milliseconds: number): void {
    this.#upstream?.noteFailure();
    this.#response.fail(requestTimedOut(this.server, option, milliseconds));
    this.#abandon();
  }

  /** The server is told, where it can be, and has a moment to end the response; then the connection is broken. */
  #abandon(): void {
    const connection = this.#connection;
    if (connection === undefined) {
      this.#pool.withdraw(this);
      this.#over();
      return;
    }
    this.resume();
    this.#running.stop();
    this.#whole.stop();
    this.#aborted = new Stopwatch(this.#pool.aborted, () =>
      connection.destroy(new Error("nobody waits for the response")),
    );
    this.#aborted.start();
    connection.abort();
  }

  /** The connection is another request's from now on, or is gone. */
  #leave(): Upstream {
    this.#connection = undefined;
    this.#running.stop();
    this.#aborted?.stop();
    return this.#upstream as Upstream; // it was started
  }

  #over(): void {
    this.#whole.stop();
    this.#body?.close();
    this.#body = undefined;
  }
}
