/** One request's way through the pool to a Python thread and back. Knows lanes and second tries; knows no process. */
import { StringDecoder } from "node:string_decoder";
import { type BridgeError, PythonError, WorkerExitError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import type { FastcgiConnection, ResponseEvents } from "../fastcgi/connection.ts";
import { encodeParams } from "../fastcgi/params.ts";
import { type Flow, ResponseStream } from "../fastcgi/response-stream.ts";
import { type SpooledBody, spool } from "../node/spool.ts";
import { isEmptyInput } from "../wsgi/input.ts";
import type { Environ, ErrorStream, StartResponse, WsgiResult } from "../wsgi/types.ts";
import type { LaneJob, WorkerPool } from "./pool.ts";

/** Methods that may be tried again on another process (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const MAX_TRIES = 2;

/** Begins at once: spools the body, waits for a lane, sends. The response arrives in `result`. */
export class PythonRequest implements LaneJob, ResponseEvents, Flow {
  readonly #pool: WorkerPool;
  readonly #environ: Environ;
  /** Kept: the application's own middleware may put another into the environ. */
  readonly #errors: ErrorStream;
  readonly #method: string;
  readonly #stream: ResponseStream;
  #params = "";
  #body: SpooledBody | undefined;
  #lane: FastcgiConnection | undefined;
  #tries = 0;
  #answered = false;
  #exception: PythonError | undefined;
  #stderr: StringDecoder | undefined;

  constructor(pool: WorkerPool, environ: Environ, startResponse: StartResponse) {
    this.#pool = pool;
    this.#environ = environ;
    this.#errors = environ["wsgi.errors"];
    this.#method = environ.REQUEST_METHOD;
    this.#stream = new ResponseStream(startResponse, this);
  }

  /** The result is there at once, so that its `close()` reaches a request that is not answered yet. */
  begin(): WsgiResult {
    const input = this.#environ["wsgi.input"];
    const declared = this.#environ.CONTENT_LENGTH === undefined ? undefined : 0;
    if (isEmptyInput(input)) {
      this.#dispatch(declared);
    } else {
      spool(input).then(
        (body) => {
          this.#body = body;
          this.#dispatch(body.size === 0 ? declared : body.size);
        },
        (error) => this.#stream.fail(error),
      );
    }
    return this.#stream;
  }

  start(lane: FastcgiConnection): void {
    this.#tries += 1;
    this.#lane = lane;
    lane.send(this.#params, this.#body, this);
  }

  refuse(reason: BridgeError): void {
    this.#release();
    this.#stream.fail(reason);
  }

  pause(): void {
    this.#lane?.pause();
  }

  resume(): void {
    this.#lane?.resume();
  }

  /** The worker is told, and ends the response at its next block; until then the lane is taken. */
  cancel(): void {
    this.#pool.withdraw(this);
    this.#lane?.resume();
    this.#lane?.abort();
  }

  stderr(slice: Buffer): void {
    this.#stderr ??= new StringDecoder("utf8");
    this.#errors.write(this.#stderr.write(slice));
  }

  head(head: CgiHead): void {
    this.#answered = true;
    if (!this.#stream.ended) this.#stream.start(head);
  }

  headAlone(): void {
    this.#stream.flushHead();
  }

  body(slice: Buffer): void {
    this.#stream.push(slice);
  }

  exception(pairs: ReadonlyMap<string, string>): void {
    const utf8 = (key: string): string => Buffer.from(pairs.get(key) ?? "", "latin1").toString();
    this.#exception = new PythonError(utf8("type"), utf8("traceback"));
    this.#errors.write(`${this.#exception.traceback.trimEnd()}\n`);
  }

  ended(appStatus: number, protocolStatus: number): void {
    this.#lane = undefined;
    this.#release();
    if (this.#exception !== undefined) this.#stream.fail(this.#exception);
    else if (appStatus !== 0 || protocolStatus !== 0 || !this.#answered) this.#stream.fail(broken());
    else this.#stream.end();
  }

  lost(reason: Error): void {
    this.#lane = undefined;
    const again = !this.#answered && !this.#stream.ended && this.#tries < MAX_TRIES && SAFE.has(this.#method);
    if (again) {
      this.#pool.dispatch(this);
    } else {
      this.#release();
      this.#stream.fail(broken(reason));
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
    this.#pool.dispatch(this);
  }

  #release(): void {
    this.#body?.close();
    this.#body = undefined;
  }
}

function broken(cause?: Error): WorkerExitError {
  return new WorkerExitError("the Python process ended before its response was complete", { sent: true, cause });
}
