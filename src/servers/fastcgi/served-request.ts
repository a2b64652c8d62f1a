/** One request from a web server, run on a WSGI app. Knows the order of the steps; knows no record. */
import { STATUS_CODES } from "node:http";
import { BadRequestError, BridgeError, ClientDisconnectError, ResponseAbortedError } from "../../errors.ts";
import { bodyTooLarge } from "../../node/body-too-large.ts";
import { buildEnviron } from "../../wsgi/environ.ts";
import { Handler, type HandlerHost } from "../../wsgi/handler.ts";
import { BodyInput, EMPTY_INPUT } from "../../wsgi/input.ts";
import { describe, type Logger, printable } from "../../wsgi/log.ts";
import { LogErrors } from "../../wsgi/log-errors.ts";
import { requestId } from "../../wsgi/request-id.ts";
import { ResponseWriter } from "../../wsgi/response.ts";
import type { Environ, InputStream, WsgiApp } from "../../wsgi/types.ts";
import { vetHead } from "../../wsgi/vetting.ts";
import { CgiSink, type Stdout } from "./cgi-sink.ts";
import { addExtra, type Params, requestHead } from "./request-head.ts";
import { type PausableSource, Stdin } from "./stdin.ts";

/** The settings for all requests. */
export interface ResponderSettings {
  /** The mount path, percent-decoded; `""` for the root. */
  readonly scriptName: string;
  /** In bytes. */
  readonly maxBodySize: number;
  /** The most connections. A web server that sends GET_VALUES gets this number. */
  readonly maxConnections: number;
  readonly stripForwarded: boolean;
  readonly multiprocess: boolean;
  readonly logger: Logger;
}

/** The part of the connection that a request uses. */
export interface RequestWire extends Stdout, PausableSource {
  /** False once END_REQUEST was sent or the connection is gone. */
  isOpen(): boolean;
}

export class ServedRequest implements HandlerHost {
  readonly #wire: RequestWire;
  readonly #settings: ResponderSettings;
  readonly #errors: LogErrors;
  #stdin: Stdin | undefined;
  #handler: Handler | undefined;
  #name = "a request";
  #aborted = false;

  constructor(wire: RequestWire, settings: ResponderSettings) {
    this.#wire = wire;
    this.#settings = settings;
    this.#errors = new LogErrors(settings.logger);
  }

  /** When the application began to wait for more of the body; Infinity if it does not wait. */
  get waitingSince(): number {
    return this.#stdin?.waitingSince ?? Number.POSITIVE_INFINITY;
  }

  /** Never throws. */
  run(app: WsgiApp, params: Params): void {
    try {
      const environ = this.#environ(params);
      this.#handler = new Handler(new ResponseWriter(this.#sink(), environ.REQUEST_METHOD), this);
      this.#handler.run(app, environ);
    } catch (error) {
      this.answerError(error);
    }
  }

  stdin(slice: Buffer): void {
    this.#stdin?.push(slice);
  }

  /** Aborts the request, because ABORT_REQUEST has arrived or the connection has broken. */
  abort(): void {
    this.#aborted = true;
    this.#stdin?.fail(new ClientDisconnectError("the client closed the connection before its body was complete"));
    this.#handler?.disconnect();
  }

  answerError(error: unknown): void {
    if (this.#aborted || error instanceof ResponseAbortedError) {
      this.#wire.destroy(); // the app wants the response to break off
      return;
    }
    const status = error instanceof BridgeError ? error.status : 500;
    if (status >= 500) this.log("the application failed", error);
    const reason = STATUS_CODES[status] ?? "Error";
    const extraHeaders = headersOf(error);
    const body = Buffer.from(`${reason}\n`);
    const sink = new CgiSink(this.#wire);
    const contentType: [string, string] = ["Content-Type", "text/plain; charset=utf-8"];
    sink.commit(status, reason, [contentType, ["Content-Length", String(body.length)], ...extraHeaders]);
    sink.end(body); // for HEAD, the web server drops the body
  }

  log(message: string, error: unknown): void {
    const cause = error === undefined ? "" : `: ${describe(error)}`;
    this.#errors.note("error", printable(`${this.#name}: ${message}${cause}`));
  }

  /** Called when the request is over. If the body was too short, the client may still be connected and gets a 400. */
  done(): void {
    this.#stdin?.release();
    if (this.#wire.isOpen() && !this.#aborted) {
      this.answerError(new BadRequestError("the request's body ended before its Content-Length"));
    }
    this.#errors.flush();
  }

  #environ(params: Params): Environ {
    const { scriptName, multiprocess, stripForwarded } = this.#settings;
    const head = requestHead(params, scriptName);
    this.#name = `${head.method} ${head.target}`;
    vetHead(head);
    const length = params.get("CONTENT_LENGTH") || undefined;
    const context = { errors: this.#errors, length: undefined, multiprocess, stripForwarded };
    const environ = buildEnviron(head, { ...context, input: this.#input(length) });
    addExtra(environ, params);
    const id = requestId(undefined, environ);
    this.#errors.name(id);
    environ["wsgi_bridge.request_id"] = id;
    return environ;
  }

  #input(length: string | undefined): InputStream {
    const declared = length === undefined ? undefined : Number(length);
    if (declared === 0) return EMPTY_INPUT;
    const maxSize = this.#settings.maxBodySize;
    if (declared !== undefined && declared > maxSize) throw bodyTooLarge(maxSize);
    this.#stdin = new Stdin(this.#wire, { declared, maxSize });
    return new BodyInput(this.#stdin);
  }

  /** Never destroys the connection after ABORT_REQUEST: END_REQUEST follows, and the web server drops the response anyway. */
  #sink(): CgiSink {
    const wire = this.#wire;
    return new CgiSink({
      stdout: (block) => wire.stdout(block),
      end: (appStatus) => wire.end(appStatus),
      destroy: () => {
        if (!this.#aborted) wire.destroy();
      },
    });
  }
}

/** Returns the headers of the error, such as Retry-After. */
function headersOf(error: unknown): [string, string][] {
  if (!(error instanceof BridgeError) || !("headers" in error)) return [];
  return Object.entries(error.headers as Readonly<Record<string, string>>);
}
