/** One request's journey through a WSGI app, the same on every host. Knows the order of things; each step is elsewhere. */
import type { IncomingMessage } from "node:http";
import { BadRequestError, BodyTooLargeError, OptionError, ResponseAbortedError } from "../errors.ts";
import { closeAfter, comesTooLate } from "../node/response.ts";
import { buildEnviron } from "../wsgi/environ.ts";
import { Handler, type HandlerHost } from "../wsgi/handler.ts";
import { BodyInput, bytesInput, EMPTY_INPUT } from "../wsgi/input.ts";
import { describe, LogErrors, printable, tagged } from "../wsgi/log.ts";
import { requestId } from "../wsgi/request-id.ts";
import { type ResponseSink, ResponseWriter } from "../wsgi/response.ts";
import type { Environ, HeaderList, InputStream, WsgiApp } from "../wsgi/types.ts";
import { vetHead } from "../wsgi/vetting.ts";
import { hasBody, leavesMuchUnread, RequestBody, wasRead } from "./body.ts";
import type { HostExchange } from "./host.ts";
import type { FromWsgiSettings } from "./options.ts";
import { rewriteBody } from "./parsed-body.ts";
import { awaitTurn, hasTurn } from "./pipeline.ts";
import type { SlowClientListener } from "./send-timeout.ts";
import { tlsVariables } from "./tls.ts";

/** What stops a response that is to be passed on: thrown where the head would be committed. */
const PASSED_ON = Symbol("passed on");

/** Runs `app` for a request that a host presents. `extra` are the deployer's own keys. Never throws. */
export function exchange(app: WsgiApp, host: HostExchange, settings: FromWsgiSettings<never>, extra: Extra): void {
  new Exchange(host, settings).run(app, extra);
}

/** Middleware that names requests (pino-http, express-request-id) leaves the name here. */
type Named = IncomingMessage & { readonly id?: unknown };

/** Called once the request has been found fit for an application. */
export type Extra = () => Readonly<Record<string, unknown>> | undefined;

class Exchange implements HandlerHost, SlowClientListener {
  readonly #host: HostExchange;
  readonly #settings: FromWsgiSettings<never>;
  readonly #errors: LogErrors;
  #body: RequestBody | undefined;
  #id = "";
  /** As the client sent it: `req.url` is what a mount leaves of it. */
  #target: string | undefined;

  constructor(host: HostExchange, settings: FromWsgiSettings<never>) {
    this.#host = host;
    this.#settings = settings;
    this.#errors = new LogErrors(settings.logger);
  }

  run(app: WsgiApp, extra: Extra): void {
    const { req, res } = this.#host;
    if (res.destroyed || comesTooLate(req)) {
      this.#host.clientLeft?.(); // it left while other middleware was at work, or is to go
      return;
    }
    this.#host.sink.slowClient = this;
    const handler = new Handler(new ResponseWriter(this.#sink(), req.method ?? "GET"), this);
    let environ: Environ;
    try {
      environ = this.#environ(extra); // at once: routers put paths back when they are left
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
      if (!res.writableEnded) this.#lose(handler); // not `writableFinished`: HTTP/2's is true of a stream that was reset
    });
  }

  #awaitTurn(app: WsgiApp, environ: Environ, handler: Handler): void {
    awaitTurn(this.#host.res, {
      start: () => this.#start(app, environ, handler),
      withdraw: () => this.#lose(handler),
      tooMany: (count) => this.#note(`${count} pipelined requests wait on its connection, which is ended`),
    });
  }

  cutOff(timeout: number): void {
    this.#note(`the client took nothing for sendTimeout, ${timeout} ms; it was cut off`);
  }

  /** The client has left. */
  #lose(handler: Handler): void {
    handler.disconnect();
    this.#host.clientLeft?.();
  }

  /** An answer that fails itself is given up: the connection ends, and the process lives. */
  answerError(error: unknown): void {
    try {
      if (error === PASSED_ON) this.#host.passOn?.();
      else this.#answer(error);
    } catch (failure) {
      this.log("its error could not be answered", failure);
      this.#host.res.destroy();
    }
  }

  #answer(error: unknown): void {
    const { req, res } = this.#host;
    // What follows a request that could not be understood, or its unread body, is not to be trusted.
    if (isClientsFault(error) || leavesMuchUnread(req)) closeAfter(res);
    if (this.#host.passOn === undefined && !isClientsFault(error)) {
      this.log("the application failed", error); // a framework logs what it answers; here nobody else does
    }
    if (error instanceof ResponseAbortedError)
      this.#host.sink.abort(error); // that is the answer the app wants
    else this.#host.answerError(error);
  }

  log(message: string, error: unknown): void {
    const cause = error === undefined ? "" : `: ${describe(error)}`;
    this.#settings.logger.error(this.#line(message + cause));
  }

  /** What a client did, which is nobody's fault here. */
  #note(message: string): void {
    this.#settings.logger.info(this.#line(message));
  }

  #line(message: string): string {
    const { method, url } = this.#host.req;
    return tagged(this.#id, printable(`${method} ${this.#target ?? url}: ${message}`));
  }

  done(): void {
    this.#body?.release(this.#host.res);
    this.#errors.flush();
  }

  #environ(extra: Extra): Environ {
    const head = this.#host.head();
    this.#target = head.target;
    vetHead(head);
    const { input, length } = this.#input();
    const { multiprocess, stripForwarded } = this.#settings;
    const environ = buildEnviron(head, { input, length, errors: this.#errors, multiprocess, stripForwarded });
    this.#id = requestId((this.#host.req as Named).id, environ);
    this.#errors.name(this.#id);
    environ["wsgi_bridge.request_id"] = this.#id;
    if (head.scheme === "https") Object.assign(environ, tlsVariables(this.#host.req.socket));
    const own = extra();
    if (own !== undefined) addExtra(environ, own);
    return environ;
  }

  /** The body as it comes, or what a middleware that has read it left behind. */
  #input(): { input: InputStream; length: number | undefined } {
    const { req } = this.#host;
    if (!hasBody(req)) return { input: EMPTY_INPUT, length: undefined };
    if (wasRead(req)) {
      const bytes = rewriteBody(req, this.#host.parsedBody());
      return { input: bytesInput(bytes), length: bytes.length };
    }
    this.#body = new RequestBody(req, this.#settings.maxBodySize, this.#settings.passOnMemory);
    return { input: new BodyInput(this.#body), length: undefined };
  }

  #sink(): ResponseSink {
    const { sink, passOn } = this.#host;
    if (passOn === undefined || this.#settings.passOn.size === 0) return sink;
    const commit = (code: number, reason: string, headers: HeaderList, length: number | undefined): void => {
      if (this.#settings.passOn.has(code) && this.#body?.restore() !== false) throw PASSED_ON;
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

function isClientsFault(error: unknown): boolean {
  return error instanceof BadRequestError || error instanceof BodyTooLargeError;
}

const NO_BYTE = /[^\x00-\xff]/;

/** @throws OptionError for what no environ may hold */
function addExtra(environ: Environ, extra: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(extra)) {
    if (value === undefined || value === null) continue;
    if (!key.includes(".") && (typeof value !== "string" || NO_BYTE.test(value))) {
      throw new OptionError(`environ(request) gave ${key} a value that is no text of bytes as latin-1`);
    }
    environ[key] = value;
  }
}
