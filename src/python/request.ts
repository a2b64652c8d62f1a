/** One request on its way through the pool to a Python thread and back. Knows lanes and retries; knows no process. */
import { StringDecoder } from "node:string_decoder";
import type { BridgeError, PythonError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import type { FastcgiConnection, ResponseEvents } from "../fastcgi/connection.ts";
import { encodeParams } from "../fastcgi/params.ts";
import { type Flow, ResponseStream } from "../node/response-stream.ts";
import { exceeded, type ResponseLimit, ResponseTimer } from "../node/response-timer.ts";
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
  /** When the request was queued, for `queueTimeout`. */
  since = 0;
  readonly #pool: WorkerPool;
  readonly #environ: Environ;
  /** Kept here, because the application's middleware may replace it in the environ. */
  readonly #errors: ErrorStream;
  readonly #method: string;
  readonly #stream: ResponseStream;
  readonly #timer: ResponseTimer;
  #params = "";
  #body: SpooledBody | undefined;
  #lane: FastcgiConnection | undefined;
  #worker: Worker | undefined;
  #startedAt = 0;
  /** The application's status, such as "200 OK". */
  #status: string | undefined;
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
    this.#timer = new ResponseTimer(pool.running, (limit) => this.#timeOut(limit));
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
    this.#pool.telemetry.requestStarted(now - this.since, worker.pid, this.#environ);
    this.#attempts += 1;
    this.#lane = lane;
    this.#worker = worker;
    this.#startedAt = now;
    this.#timer.start();
    lane.send(this.#params, this.#body, this);
  }

  refuse(reason: BridgeError): void {
    this.#closeBody();
    this.#stream.fail(reason);
  }

  /** Called when the request has waited in the queue for too long. */
  expire(): void {
    this.#pool.withdraw(this);
    this.refuse(queueTimedOut(this.#pool.settings));
  }

  pause(): void {
    this.#timer.pause();
    this.#lane?.pause();
  }

  resume(): void {
    this.#timer.resume();
    this.#lane?.resume();
  }

  /** Tells the worker, which ends the response at its next block. The lane is busy until then. */
  cancel(): void {
    this.#pool.withdraw(this);
    this.resume();
    this.#timer.clientLeft();
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
    this.#timer.head(head.headers);
    if (!this.#stream.ended) this.#stream.start(head);
  }

  headAlone(): void {
    this.#stream.flushHead();
  }

  body(slice: Buffer): void {
    this.#timer.refresh();
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
      this.#enqueue();
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
    this.#enqueue();
  }

  #enqueue(): void {
    this.since = performance.now();
    this.#pool.dispatch(this);
  }

  #releaseLane(error: Error | undefined): void {
    this.#lane = undefined;
    this.#timer.stop();
    this.#pool.telemetry.requestEnded({
      pid: this.#worker?.pid,
      environ: this.#environ,
      duration: performance.now() - this.#startedAt,
      status: this.#status,
      error,
    });
  }

  /** Fails the response now, and interrupts the thread. */
  #timeOut(limit: ResponseLimit): void {
    const { settings } = this.#pool;
    const lane = this.#lane as FastcgiConnection; // the timer runs only while the request has one
    const pid = this.#worker?.pid;
    this.#stream.fail(requestTimedOut(settings, limit));
    this.resume();
    lane.abort();
    this.#worker?.interrupts.begin(lane, (stack) => {
      if (stack === "") return; // the request has just ended
      const what = `${this.#requestLine} ${exceeded(limit, settings)}`;
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
