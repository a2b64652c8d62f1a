/** One request's way through the pool to a Python thread and back. Knows lanes and second tries; knows no process. */
import { StringDecoder } from "node:string_decoder";
import type { BridgeError, PythonError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import type { FastcgiConnection, ResponseEvents } from "../fastcgi/connection.ts";
import { encodeParams } from "../fastcgi/params.ts";
import { type Flow, ResponseStream } from "../node/response-stream.ts";
import type { SpooledBody } from "../node/spool.ts";
import { readWholeBody } from "../node/whole-body.ts";
import { printable, report } from "../wsgi/log.ts";
import type { Environ, ErrorStream, StartResponse, WsgiResult } from "../wsgi/types.ts";
import { broken, pythonError, queueTimedOut, requestTimedOut } from "./failures.ts";
import type { WorkerPool } from "./pool.ts";
import { ALONE_MS } from "./quarantine.ts";
import type { LaneJob } from "./queue.ts";
import type { Worker } from "./worker.ts";

/** Begins at once: spools the body, waits for a lane, sends. The response arrives in `result`. */
export class PythonRequest implements LaneJob, ResponseEvents, Flow {
  suspect = false;
  readonly #pool: WorkerPool;
  readonly #environ: Environ;
  /** Kept: the application's own middleware may put another into the environ. */
  readonly #errors: ErrorStream;
  readonly #method: string;
  readonly #stream: ResponseStream;
  #params = "";
  #body: SpooledBody | undefined;
  #lane: FastcgiConnection | undefined;
  #worker: Worker | undefined;
  #since = 0;
  #startedAt = 0;
  /** As the application gave it. */
  #status: string | undefined;
  #paused = false;
  #tries = 0;
  #answered = false;
  #exception: PythonError | undefined;
  #stderr: StringDecoder | undefined;

  constructor(pool: WorkerPool, environ: Environ, startResponse: StartResponse) {
    this.#pool = pool;
    this.#environ = environ;
    this.#errors = environ["wsgi.errors"];
    this.#method = environ.REQUEST_METHOD;
    this.#stream = new ResponseStream(startResponse, this, pool.settings.backlog);
  }

  /** The result is there at once, so that its `close()` reaches a request that is not answered yet. */
  begin(): WsgiResult {
    readWholeBody(this.#environ, this.#pool.settings.spool, {
      whole: (body, contentLength) => {
        this.#body = body;
        this.#dispatch(contentLength);
      },
      failed: (reason) => this.#stream.fail(reason),
    });
    return this.#stream;
  }

  start(lane: FastcgiConnection, worker: Worker): void {
    const now = performance.now();
    this.#pool.telemetry.requestStarted(now - this.#since, worker.pid, this.#environ);
    this.#tries += 1;
    this.#lane = lane;
    this.#worker = worker;
    this.#since = now;
    this.#startedAt = now;
    this.#pool.running.add(this);
    lane.send(this.#params, this.#body, this);
  }

  refuse(reason: BridgeError): void {
    this.#release();
    this.#stream.fail(reason);
  }

  /** While the client does not take what is there, the application's time stands still. */
  get since(): number {
    return this.#paused ? performance.now() : this.#since;
  }

  expire(): void {
    if (this.#lane !== undefined) {
      this.#callBack(this.#lane);
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

  /** The worker is told, and ends the response at its next block; until then the lane is taken. */
  cancel(): void {
    this.#pool.withdraw(this);
    this.resume();
    if (this.#lane === undefined) this.#release();
    else this.#lane.abort();
  }

  stderr(slice: Buffer): void {
    this.#stderr ??= new StringDecoder("utf8");
    report(this.#errors, this.#stderr.write(slice));
  }

  head(head: CgiHead): void {
    this.#answered = true;
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
    const well = appStatus === 0 && protocolStatus === 0 && this.#answered;
    const failure = this.#exception ?? (well ? undefined : broken());
    this.#leaveLane(failure);
    this.#release();
    if (failure === undefined) this.#stream.end();
    else this.#stream.fail(failure);
  }

  lost(reason: Error): void {
    this.suspect = performance.now() - this.#startedAt < ALONE_MS;
    const alone = this.#worker?.quarantine.active === true;
    const open = !this.#answered && !this.#stream.ended;
    const again = open && this.#pool.retries.allows(this.#environ, this.#tries, { alone });
    const failure = broken(reason);
    if (!this.#stream.ended) {
      const next = again ? "; it is given to another process" : "";
      report(this.#errors, `${this.#line} was lost with Python process ${this.#worker?.pid}${next}\n`);
    }
    this.#leaveLane(failure);
    if (again) {
      this.#pool.dispatch(this);
    } else {
      this.#release();
      this.#stream.fail(failure);
    }
  }

  #dispatch(contentLength: number | undefined): void {
    if (this.#stream.ended) {
      this.#release(); // closed while its body was still arriving
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

  #leaveLane(error: Error | undefined): void {
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

  /** The client hears of it now, and the thread is called back. */
  #callBack(lane: FastcgiConnection): void {
    const { requestTimeout } = this.#pool.settings;
    const pid = this.#worker?.pid;
    this.#stream.fail(requestTimedOut(this.#pool.settings));
    this.resume();
    lane.abort();
    this.#worker?.interrupt(lane, (stack) => {
      if (stack === "") return; // it ended just then
      const what = `${this.#line} took longer than ${requestTimeout} ms`;
      report(this.#errors, `${what}; its thread in Python process ${pid} was at:\n${stack.trimEnd()}\n`);
    });
  }

  /** The request's first line, for the log. */
  get #line(): string {
    return printable(`${this.#method} ${this.#environ.REQUEST_URI}`);
  }

  #release(): void {
    this.#body?.close();
    this.#body = undefined;
  }
}
