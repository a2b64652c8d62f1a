/** One request of a web server's, run on a WSGI app. Knows the order of things; knows no record. */
import { STATUS_CODES } from "node:http";
import {
  BadRequestError,
  BodyTooLargeError,
  BridgeError,
  ClientDisconnectError,
  ResponseAbortedError,
} from "../../errors.ts";
import { buildEnviron } from "../../wsgi/environ.ts";
import { Handler, type HandlerHost } from "../../wsgi/handler.ts";
import { BodyInput, EMPTY_INPUT } from "../../wsgi/input.ts";
import { describe, LogErrors, type Logger, printable, tagged } from "../../wsgi/log.ts";
import { requestId } from "../../wsgi/request-id.ts";
import { ResponseWriter } from "../../wsgi/response.ts";
import type { Environ, InputStream, WsgiApp } from "../../wsgi/types.ts";
import { vetHead } from "../../wsgi/vetting.ts";
import { CgiSink, type Stdout } from "./cgi-sink.ts";
import { addExtra, type Params, requestHead } from "./request-head.ts";
import { type PausableSource, Stdin } from "./stdin.ts";

/** What holds for all requests. */
export interface ResponderSettings {
  /** Where the app is mounted, percent-decoded; `""` for the root. */
  readonly scriptName: string;
  /** Bytes. */
  readonly maxBodySize: number;
  /** How many connections are taken; told to a web server that asks. */
  readonly maxConnections: number;
  readonly stripForwarded: boolean;
  readonly multiprocess: boolean;
  readonly logger: Logger;
}

/** What a request has of its connection. */
export interface RequestWire extends Stdout, PausableSource {
  /** False once the request's end was sent, or the connection is gone. */
  isOpen(): boolean;
}

export class ServedRequest implements HandlerHost {
  readonly #wire: RequestWire;
  readonly #settings: ResponderSettings;
  readonly #errors: LogErrors;
  #stdin: Stdin | undefined;
  #handler: Handler | undefined;
  #id = "";
  #name = "a request";
  #aborted = false;

  constructor(wire: RequestWire, settings: ResponderSettings) {
    this.#wire = wire;
    this.#settings = settings;
    this.#errors = new LogErrors(settings.logger);
  }

  /** Since when the application waits for more of the body; Infinity when it does not. */
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

  /** Nobody wants the answer any more: ABORT_REQUEST has come, or the connection has broken. */
  abort(): void {
    this.#aborted = true;
    this.#stdin?.fail(new ClientDisconnectError("the client closed the connection before its body was whole"));
    this.#handler?.disconnect();
  }

  answerError(error: unknown): void {
    if (this.#aborted || error instanceof ResponseAbortedError) {
      this.#wire.destroy(); // to be cut off is the answer that the app wants
      return;
    }
    const status = error instanceof BridgeError ? error.status : 500;
    if (status >= 500) this.log("the application failed", error);
    const reason = STATUS_CODES[status] ?? "Error";
    const more = headersOf(error);
    const body = Buffer.from(`${reason}\n`);
    const sink = new CgiSink(this.#wire);
    const kind: [string, string] = ["Content-Type", "text/plain; charset=utf-8"];
    sink.commit(status, reason, [kind, ["Content-Length", String(body.length)], ...more]);
    sink.end(body); // the web server keeps it back where the method is HEAD
  }

  log(message: string, error: unknown): void {
    const cause = error === undefined ? "" : `: ${describe(error)}`;
    this.#settings.logger.error(tagged(this.#id, printable(`${this.#name}: ${message}${cause}`)));
  }

  /** A web server whose body was too short waits for an answer all the same: it is no client that has left. */
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
    const around = { errors: this.#errors, length: undefined, multiprocess, stripForwarded };
    const environ = buildEnviron(head, { ...around, input: this.#input(length) });
    addExtra(environ, params);
    this.#id = requestId(undefined, environ);
    this.#errors.name(this.#id);
    environ["wsgi_bridge.request_id"] = this.#id;
    return environ;
  }

  #input(length: string | undefined): InputStream {
    const declared = length === undefined ? undefined : Number(length);
    if (declared === 0) return EMPTY_INPUT;
    const most = this.#settings.maxBodySize;
    if (declared !== undefined && declared > most) {
      throw new BodyTooLargeError(`the body is longer than maxBodySize, ${most} bytes`);
    }
    this.#stdin = new Stdin(this.#wire, { declared, most });
    return new BodyInput(this.#stdin);
  }

  /** After ABORT_REQUEST the connection lives: END_REQUEST follows, and nobody takes what came for an answer. */
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

/** Some errors ask the client to come back. */
function headersOf(error: unknown): [string, string][] {
  if (!(error instanceof BridgeError) || !("headers" in error)) return [];
  return Object.entries(error.headers as Readonly<Record<string, string>>);
}
