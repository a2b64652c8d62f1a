/** One request on its way through the pool to a Python thread and back. Knows lanes and retries; knows no process. */
import { StringDecoder } from "node:string_decoder";
import type { BridgeError, PythonError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import type { FastcgiConnection, ResponseEvents } from "../fastcgi/connection.ts";
import { encodeParams } from "../fastcgi/params.ts";
import { type Flow, ResponseStream } from "../node/response-stream.ts";
import type { SpooledBody } from "../node/spool.ts";
import { readWholeBody } from "../node/whole-body.ts";
import { printable, relay, report } from "../wsgi/log.ts";
import type { Environ, ErrorStream, StartResponse, WsgiResult } from "../wsgi/types.ts";
import { pythonError, queueTimedOut, requestTimedOut, workerExited } from "./failures.ts";
import type { WorkerPool } from "./pool.ts";
import { QUARANTINE_MS } from "./quarantine.ts";
import type { LaneJob } from "./queue.ts";
import type { Worker } from "./worker.ts";

/** Reads the whole body, waits for a lane, sends the request, and passes the response to a `ResponseStream`. */
export class PythonRequest implements LaneJob, ResponseEvents, Flow {
  suspect = false;
  readonly #pool: WorkerPool;
  readonly #environ: Environ;
  /** Kept here, because the application's middleware may replace it in the environ. */
  readonly #errors: ErrorStream;
  readonly #method: string;
  readonly #stream: ResponseStream;
  #params = "";
  #body: SpooledBody | undefined;
  #lane: FastcgiConnection | undefined;
  #worker: Worker | undefined;
  /** When the request was queued or started, or when it last made progress. */
  #since = 0;
  #startedAt = 0;
  /** The application's status, such as "200 OK". */
  #status: string | undefined;
  #paused = false;
  #attempts = 0;
  #headReceived = false;
  #exception: PythonError | undefined;
  #stderr: StringDecoder | undefined;

  constructor(pool: WorkerPool, environ: Environ, startResponse: StartResponse) {
    this.#pool = pool;
    this.#environ = environ;
    this.#errors = environ["wsgi.errors"];
    this.#method = environ.REQUEST_METHOD;
    this.#stream = new ResponseStream(startResponse, this, pool.settings.backlog);
  }

  /** Starts the request and returns the result at once, so that its `close()` can cancel a request that has no response yet. */
  begin(): WsgiResult {
    readWholeBody(this.#environ, this.#pool.settings.spool, {
      onBody: (body, contentLength) => {
        this.#body = body;
        this.#dispatch(contentLength);
      },
      onError: (reason) => this.#stream.fail(reason),
    });
    return this.#stream;
  }

  start(lane: FastcgiConnection, worker: Worker): void {
    const now = performance.now();
    this.#pool.telemetry.requestStarted(now - this.#since, worker.pid, this.#environ);
    this.#attempts += 1;
    this.#lane = lane;
    this.#worker = worker;
    this.#since = now;
    this.#startedAt = now;
    this.#pool.running.add(this);
    lane.send(this.#params, this.#body, this);
  }

  refuse(reason: BridgeError): void {
    this.#closeBody();
    this.#stream.fail(reason);
  }

  /** When the current timeout began. It is always now while the client does not read: that is not the application's fault. */
  get since(): number {
    return this.#paused ? performance.now() : this.#since;
  }

  expire(): void {
    if (this.#lane !== undefined) {
      this.#timeOut(this.#lane);
    } else {
      this.#pool.withdraw(this);
      this.refuse(queueTimedOut(this.#pool.settings));
    }
  }

  pause(): void {
    this.#paused = true;
    this.#lane?.pause();
  }

  resume(): void {
    if (this.#paused) this.#since = performance.now();
    this.#paused = false;
    this.#lane?.resume();
  }

  /** Tells the worker, which ends the response at its next block. The lane is busy until then. */
  cancel(): void {
    this.#pool.withdraw(this);
    this.resume();
    if (this.#lane === undefined) this.#closeBody();
    else this.#lane.abort();
  }

  stderr(slice: Buffer): void {
    this.#stderr ??= new StringDecoder("utf8");
    relay(this.#errors, this.#stderr.write(slice));
  }

  head(head: CgiHead): void {
    this.#headReceived = true;
    this.#status = head.status;
    if (!this.#stream.ended) this.#stream.start(head);
  }

  headAlone(): void {
    this.#stream.flushHead();
  }

  body(slice: Buffer): void {
    this.#since = performance.now();
    this.#stream.push(slice);
  }

  exception(pairs: ReadonlyMap<string, string>): void {
    this.#exception = pythonError(pairs);
    report(this.#errors, `${this.#exception.traceback.trimEnd()}\n`);
  }

  ended(appStatus: number, protocolStatus: number): void {
    const succeeded = appStatus === 0 && protocolStatus === 0 && this.#headReceived;
    const failure = this.#exception ?? (succeeded ? undefined : workerExited());
    this.#releaseLane(failure);
    this.#closeBody();
    if (failure === undefined) this.#stream.end();
    else this.#stream.fail(failure);
  }

  lost(reason: Error): void {
    this.suspect = performance.now() - this.#startedAt < QUARANTINE_MS;
    const alone = this.#worker?.quarantine.active === true;
    const unanswered = !this.#headReceived && !this.#stream.ended;
    const retry = unanswered && this.#pool.retries.allows(this.#environ, this.#attempts, { alone });
    const failure = workerExited(reason);
    if (!this.#stream.ended) {
      const next = retry ? "; it is retried on another process" : "";
      report(this.#errors, `${this.#requestLine} was lost with Python process ${this.#worker?.pid}${next}\n`);
    }
    this.#releaseLane(failure);
    if (retry) {
      this.#pool.dispatch(this);
    } else {
      this.#closeBody();
      this.#stream.fail(failure);
    }
  }

  #dispatch(contentLength: number | undefined): void {
    if (this.#stream.ended) {
      this.#closeBody(); // the result was closed while the body was still arriving
      return;
    }
    try {
      this.#params = encodeParams(this.#environ, contentLength);
    } catch (error) {
      this.refuse(error as BridgeError);
      return;
    }
    this.#since = performance.now();
    this.#pool.dispatch(this);
  }

  #releaseLane(error: Error | undefined): void {
    const now = performance.now();
    this.#lane = undefined;
    this.#since = now;
    this.#pool.running.delete(this);
    this.#pool.telemetry.requestEnded({
      pid: this.#worker?.pid,
      environ: this.#environ,
      duration: now - this.#startedAt,
      status: this.#status,
      error,
    });
  }

  /** Fails the response now, and interrupts the thread. */
  #timeOut(lane: FastcgiConnection): void {
    const { requestTimeout } = this.#pool.settings;
    const pid = this.#worker?.pid;
    this.#stream.fail(requestTimedOut(this.#pool.settings));
    this.resume();
    lane.abort();
    this.#worker?.interrupt(lane, (stack) => {
      if (stack === "") return; // the request has just ended
      const what = `${this.#requestLine} took longer than ${requestTimeout} ms`;
      report(this.#errors, `${what}; its thread in Python process ${pid} was at:\n${stack.trimEnd()}\n`);
    });
  }

  /** The method and URI, for the log. */
  get #requestLine(): string {
    return printable(`${this.#method} ${this.#environ.REQUEST_URI}`);
  }

  #closeBody(): void {
    this.#body?.close();
    this.#body = undefined;
  }
}
