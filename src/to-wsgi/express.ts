/** From an Express app, or any `(req, res)` handler, to a WSGI app. Knows the order of things; the parts are beside it. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { OptionError } from "../errors.ts";
import { describe, report } from "../wsgi/log.ts";
import { readEnviron } from "../wsgi/read-environ.ts";
import { type RequestUrl, requestUrl } from "../wsgi/request-url.ts";
import type { Environ, StartResponse, WsgiApp, WsgiResult } from "../wsgi/types.ts";
import { vetEnviron } from "../wsgi/vet-environ.ts";
import { Capture, type Producer } from "./capture.ts";
import { WsgiRequest } from "./request.ts";
import { TlsWsgiSocket, WsgiSocket } from "./socket.ts";

/** What `http.createServer` takes: an Express app is one, Koa's `callback()` is, and any function of this form. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => unknown;

/**
 * Turns an Express app, or any `(req, res)` handler, into a WSGI app.
 *
 *     const shop = toWsgi(expressApp);
 *     app.use("/shop", fromWsgi(session(shop)));  // with WSGI middleware around it
 *
 * The handler gets Node's own request and response. `startResponse` is called when it has committed its head: within the
 * iteration of the result, or at once where the handler returns with its response whole and its length known. What it writes
 * comes block by block, only as fast as it is asked for. `close()` on the result is for the handler what a client's leaving is. An error that the handler throws, or rejects with, before its head is
 * thrown in the iteration (PEP 3333, "Error Handling"), so that the server, or the framework around it, answers.
 *
 * What WSGI has no place for is dropped: interim responses, trailers, upgrades (a 101 becomes a 501), hop-by-hop fields.
 *
 * @throws OptionError when `handler` is no function
 * The WSGI app throws EnvironError for an environ that is none, before the handler is called.
 */
export function toWsgi(handler: NodeHandler): WsgiApp {
  if (typeof handler !== "function") {
    throw new OptionError(`toWsgi(handler): handler must be a function, got ${typeof handler}`);
  }
  return (environ, startResponse) =>
    serve(environ, startResponse, (req, res, url) => {
      if (url.base !== "") mountExpress(req, url);
      return handler(req, res);
    });
}

/** Express keeps what it is given: its routers speak of the mount as they would within another Express app. */
function mountExpress(req: IncomingMessage, { base, target }: RequestUrl): void {
  Object.assign(req, { baseUrl: base, originalUrl: target });
}

/** Called with the request as it is below its mount. */
export type Serve = (req: IncomingMessage, res: ServerResponse, url: RequestUrl) => unknown;

/**
 * One request's journey: environ to request, response to result.
 *
 * @throws EnvironError
 */
export function serve(environ: Environ, startResponse: StartResponse, handler: Serve): WsgiResult {
  vetEnviron(environ);
  return new Inner(environ, startResponse).run(handler);
}

class Inner implements Producer {
  readonly #environ: Environ;
  readonly #url: RequestUrl;
  readonly #capture: Capture;
  readonly #socket: WsgiSocket;
  readonly #request: WsgiRequest;
  readonly #res: ServerResponse;
  #drains = false;

  constructor(environ: Environ, startResponse: StartResponse) {
    const head = readEnviron(environ);
    this.#environ = environ;
    this.#url = requestUrl(head);
    this.#capture = new Capture(startResponse, this);
    const tls = head.scheme === "https";
    this.#socket = tls ? new TlsWsgiSocket(head, this.#capture, environ) : new WsgiSocket(head, this.#capture);
    // Once the response is whole, the handler alone hears that its request's body breaks off.
    const fail = (error: unknown): void => void (this.#capture.complete || this.#fail(error));
    this.#request = new WsgiRequest(environ, head, { url: this.#url.rest, socket: this.#socket, fail });
    this.#res = this.#response(this.#request.message);
  }

  run(handler: Serve): WsgiResult {
    const { message } = this.#request;
    try {
      const returned = handler(message, this.#res, this.#url);
      if (isThenable(returned)) returned.then(undefined, (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
    this.#request.begun();
    return this.#capture.whole() ?? this.#capture;
  }

  #response(req: IncomingMessage): ServerResponse {
    const res = new ServerResponse(req);
    res.sendDate = false; // the server's, as in all of WSGI
    res.writeHead = writeHead; // its own, as Express changes the prototype of a response
    this.#capture.watch(res);
    res.on("finish", () => this.#finish()).on("error", (error) => this.#fail(error));
    res.assignSocket(this.#socket as unknown as Socket);
    return res;
  }

  #finish(): void {
    this.#capture.finish();
    this.#request.responded();
    process.nextTick(destroy, this.#socket); // not before Node is through with its writes; the response's `close` comes of it
  }

  /** Most responses are never held up, so that nobody listens before one is. */
  taking(): void {
    if (this.#drains || !this.#socket.writableNeedDrain) return;
    this.#drains = true;
    this.#socket.on("drain", () => this.#drain(this.#res, this.#socket));
  }

  /** As Node's server does for its sockets. */
  #drain(res: ServerResponse, socket: WsgiSocket): void {
    if (res.writableEnded) return;
    // Node's own keeps saying yes when the server is not there to say no; `pipe()` believes it and would wait for ever.
    Object.defineProperty(res, "writableNeedDrain", {
      configurable: true,
      get: () => !res.destroyed && !res.writableEnded && socket.writableNeedDrain,
    });
    res.emit("drain");
  }

  /** As Node's server does: who sets a time and does not listen loses the connection. */
  expired(): void {
    const { message } = this.#request;
    const heard = !message.complete && message.emit("timeout", this.#socket);
    if (!this.#res.emit("timeout", this.#socket) && !heard) this.#socket.destroy();
  }

  /** The handler failed. Too late to be told to the client, it is still told to the log. */
  #fail(error: unknown): void {
    if (this.#capture.fail(error)) this.abandon();
    else this.log(`the app failed after its response had ended: ${describe(error)}`);
  }

  log(message: string): void {
    report(this.#environ["wsgi.errors"], `${message}\n`);
  }

  abandon(): void {
    this.#socket.destroy();
    this.#request.abort();
  }
}

/**
 * The body is wanted as it is written, without the sizes of chunks, whatever Node decides and apps set. Only once the head
 * is written, since Node refuses a Trailer field in a response that is not chunked.
 */
const writeHead: ServerResponse["writeHead"] = function (this: ServerResponse, ...head: unknown[]): ServerResponse {
  Object.getPrototypeOf(this).writeHead.apply(this, head);
  this.chunkedEncoding = false;
  return this;
};

function destroy(socket: WsgiSocket): void {
  socket.destroy();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
