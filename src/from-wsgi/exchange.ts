/** Handles one request with a WSGI app, the same way for all frameworks. Knows the order of the steps; other files do the work. */
import type { IncomingMessage } from "node:http";
import { BadRequestError, BodyTooLargeError, ResponseAbortedError } from "../errors.ts";
import { arrivedAfterClose, closeConnectionAfter } from "../node/response.ts";
import { buildEnviron } from "../wsgi/environ.ts";
import { Handler, type HandlerHost } from "../wsgi/handler.ts";
import { BodyInput, bytesInput, EMPTY_INPUT } from "../wsgi/input.ts";
import { describe, printable } from "../wsgi/log.ts";
import { LogErrors } from "../wsgi/log-errors.ts";
import { requestId } from "../wsgi/request-id.ts";
import { type ResponseSink, ResponseWriter } from "../wsgi/response.ts";
import type { Environ, HeaderList, InputStream, WsgiApp } from "../wsgi/types.ts";
import { vetHead } from "../wsgi/vetting.ts";
import { RequestBody, wasRead } from "./body.ts";
import { hasBody, hasLargeUnreadBody } from "./declared-body.ts";
import { addExtra } from "./extra-keys.ts";
import type { HostExchange } from "./host.ts";
import type { FromWsgiSettings } from "./options.ts";
import { rewriteBody } from "./parsed-body.ts";
import { awaitTurn, hasTurn } from "./pipeline.ts";
import type { SendTimeoutListener } from "./send-timeout.ts";
import { tlsVariables } from "./tls.ts";

/** Thrown instead of committing the head, to stop the app when the request is passed on to the next handler. */
const PASSED_ON = Symbol("passed on");

/** Runs `app` for one request. `extra` returns the keys of the option `environ`. Never throws. */
export function exchange(app: WsgiApp, host: HostExchange, settings: FromWsgiSettings<never>, extra: ExtraKeys): void {
  new Exchange(host, settings).run(app, extra);
}

/** Middleware such as pino-http and express-request-id stores the id of the request here. */
type IdentifiedRequest = IncomingMessage & { readonly id?: unknown };

/** Returns additional environ keys. Called after the request has been validated. */
export type ExtraKeys = () => Readonly<Record<string, unknown>> | undefined;

class Exchange implements HandlerHost, SendTimeoutListener {
  readonly #host: HostExchange;
  readonly #settings: FromWsgiSettings<never>;
  readonly #errors: LogErrors;
  #body: RequestBody | undefined;
  /** The request target as the client sent it. Below a mount, `req.url` is only a part of it. */
  #target: string | undefined;

  constructor(host: HostExchange, settings: FromWsgiSettings<never>) {
    this.#host = host;
    this.#settings = settings;
    this.#errors = new LogErrors(settings.logger);
  }

  run(app: WsgiApp, extra: ExtraKeys): void {
    const { req, res } = this.#host;
    if (res.destroyed || arrivedAfterClose(req)) {
      this.#host.onDisconnect?.(); // the client disconnected during earlier middleware, or the connection is about to close
      return;
    }
    this.#host.sink.sendTimeoutListener = this;
    const handler = new Handler(new ResponseWriter(this.#sink(), req.method ?? "GET"), this);
    let environ: Environ;
    try {
      environ = this.#environ(extra); // synchronously: routers restore `req.url` as soon as their handler returns
    } catch (error) {
      this.answerError(error);
      return;
    }
    if (hasTurn(res)) this.#start(app, environ, handler);
    else this.#awaitTurn(app, environ, handler);
  }

  #start(app: WsgiApp, environ: Environ, handler: Handler): void {
    const { res } = this.#host;
    handler.run(app, environ);
    if (handler.over) return;
    res.on("close", () => {
      if (!res.writableEnded) this.#disconnect(handler); // not `writableFinished`: true for an HTTP/2 stream that was reset
    });
  }

  #awaitTurn(app: WsgiApp, environ: Environ, handler: Handler): void {
    awaitTurn(this.#host.res, {
      start: () => this.#start(app, environ, handler),
      cancel: () => this.#disconnect(handler),
      overflow: (count) =>
        this.#note("info", `the client pipelined too many requests (${count} are waiting); the connection was closed`),
    });
  }

  onSendTimeout(timeout: number): void {
    this.#note("info", `the client accepted no data for sendTimeout (${timeout} ms); the response was aborted`);
  }

  #disconnect(handler: Handler): void {
    handler.disconnect();
    this.#host.onDisconnect?.();
  }

  /** Sends the error response, or passes the request on, and leaves the body to whoever handles it now. Never throws. */
  answerError(error: unknown): void {
    this.#errors.flush(); // what the app wrote precedes what the framework logs
    const answer = (): void => this.#answerError(error);
    if (this.#body === undefined) answer();
    else this.#body.handOver(answer);
  }

  #answerError(error: unknown): void {
    try {
      if (error === PASSED_ON) this.#host.passOn?.();
      else this.#answer(error);
    } catch (failure) {
      this.log("the error response could not be sent", failure);
      this.#host.res.destroy();
    }
  }

  #answer(error: unknown): void {
    const { req, res } = this.#host;
    // After an invalid request, or one whose body is unread, the next bytes on the connection may not be a request.
    if (isClientFault(error) || hasLargeUnreadBody(req)) closeConnectionAfter(res);
    if (this.#host.passOn === undefined && !isClientFault(error)) {
      this.log("the application failed", error); // without a framework, nobody else logs it
    }
    if (error instanceof ResponseAbortedError)
      this.#host.sink.abort(error); // the app aborted its response on purpose
    else this.#host.answerError(error);
  }

  log(message: string, error: unknown): void {
    this.#note("error", error === undefined ? message : `${message}: ${describe(error)}`);
  }

  /** Logs a message about the request. What a client did is an info: it is no fault of the server. */
  #note(level: "info" | "warn" | "error", message: string): void {
    const { method, url } = this.#host.req;
    this.#errors.note(level, printable(`${method} ${this.#target ?? url}: ${message}`));
  }

  done(): void {
    this.#body?.release(this.#host.res);
    this.#errors.flush();
  }

  #environ(extra: ExtraKeys): Environ {
    const head = this.#host.head();
    this.#target = head.target;
    vetHead(head);
    const { input, length, type } = this.#input();
    const { multiprocess, stripForwarded } = this.#settings;
    const environ = buildEnviron(head, { input, length, errors: this.#errors, multiprocess, stripForwarded });
    if (type !== undefined) environ.CONTENT_TYPE = type;
    const id = requestId((this.#host.req as IdentifiedRequest).id, environ);
    this.#errors.name(id);
    environ["wsgi_bridge.request_id"] = id;
    if (head.scheme === "https") Object.assign(environ, tlsVariables(this.#host.req.socket));
    const extraKeys = extra();
    if (extraKeys !== undefined) addExtra(environ, extraKeys);
    return environ;
  }

  /** Returns the body from the socket or, if middleware has read it, the body that the middleware left behind. */
  #input(): { input: InputStream; length?: number; type?: string | undefined } {
    const { req } = this.#host;
    if (!hasBody(req)) return { input: EMPTY_INPUT };
    if (wasRead(req)) {
      const { bytes, type } = rewriteBody(req, this.#host.parsedBody());
      const warning = this.#settings.rewritten.warning(req, this.#target ?? "", bytes.length);
      if (warning !== undefined) this.#note("warn", warning);
      return { input: bytesInput(bytes), length: bytes.length, type };
    }
    this.#body = new RequestBody(req, this.#settings.maxBodySize, this.#settings.passOnMemory);
    return { input: new BodyInput(this.#body) };
  }

  #sink(): ResponseSink {
    const { sink, passOn } = this.#host;
    if (passOn === undefined || this.#settings.passOn.size === 0) return sink;
    const commit = (code: number, reason: string, headers: HeaderList, length: number | undefined): void => {
      if (this.#settings.passOn.has(code) && this.#body?.canRestore !== false) throw PASSED_ON;
      sink.commit(code, reason, headers, length);
    };
    return {
      commit,
      write: (block) => sink.write(block),
      end: (block) => sink.end(block),
      abort: (reason) => sink.abort(reason),
    };
  }
}

function isClientFault(error: unknown): boolean {
  return error instanceof BadRequestError || error instanceof BodyTooLargeError;
}
