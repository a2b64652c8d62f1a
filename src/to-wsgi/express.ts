/** Makes a WSGI app from an Express app or any `(req, res)` handler. Knows the order of the steps; other files do the work. */
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

/** A request listener for `http.createServer()`, such as an Express app or the result of Koa's `callback()`. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => unknown;

/**
 * Turns an Express app, or any `(req, res)` handler, into a WSGI app.
 *
 *     const shop = toWsgi(expressApp);
 *     app.use("/shop", fromWsgi(session(shop)));  // with WSGI middleware around it
 *
 * The handler gets instances of Node's own request and response classes. `startResponse` is called when the handler has sent
 * its head: during the iteration of the result or, if the handler returns with a complete response of known length, before the
 * app returns. The result yields the blocks that the handler writes; the handler sees back-pressure if the server iterates
 * slowly. Calling `close()` on the result looks to the handler like a client that disconnects. If the handler throws or rejects
 * before its head, the iteration throws that error (PEP 3333, "Error Handling"), and the server or the framework handles it.
 *
 * Features that WSGI does not support are dropped: interim responses, trailers, upgrades (a 101 becomes a 501) and hop-by-hop
 * fields. The WSGI app throws EnvironError for an invalid environ, before it calls the handler.
 *
 * @throws OptionError if `handler` is not a function
 */
export function toWsgi(handler: NodeHandler): WsgiApp {
  if (typeof handler !== "function") {
    throw new OptionError(
      `toWsgi(handler): handler must be a function, got ${typeof handler}; for a Koa app import toWsgi from wsgi-bridge/koa`,
    );
  }
  return (environ, startResponse) =>
    serve(environ, startResponse, (req, res, url) => {
      if (url.base !== "") mountExpress(req, url);
      return handler(req, res);
    });
}

/** Sets properties that Express keeps if they exist. Its routers then see the same as below a mount of another Express app. */
function mountExpress(req: IncomingMessage, { base, target }: RequestUrl): void {
  Object.assign(req, { baseUrl: base, originalUrl: target });
}

/** Handles a request whose `url` is relative to the mount. */
export type MountedHandler = (req: IncomingMessage, res: ServerResponse, url: RequestUrl) => unknown;

/**
 * Handles one request: turns the environ into a request, and the response into a result.
 *
 * @throws EnvironError for an invalid environ
 */
export function serve(environ: Environ, startResponse: StartResponse, handler: MountedHandler): WsgiResult {
  vetEnviron(environ);
  return new Exchange(environ, startResponse).run(handler);
}

class Exchange implements Producer {
  readonly #environ: Environ;
  readonly #url: RequestUrl;
  readonly #capture: Capture;
  readonly #socket: WsgiSocket;
  readonly #request: WsgiRequest;
  readonly #res: ServerResponse;
  #listensForDrain = false;

  constructor(environ: Environ, startResponse: StartResponse) {
    const head = readEnviron(environ);
    this.#environ = environ;
    this.#url = requestUrl(head);
    this.#capture = new Capture(startResponse, this);
    const tls = head.scheme === "https";
    this.#socket = tls ? new TlsWsgiSocket(head, this.#capture, environ) : new WsgiSocket(head, this.#capture);
    // Once the response is complete, a failing request body is reported to the handler only, by the request's own events.
    const fail = (error: unknown): void => void (this.#capture.isComplete || this.#fail(error));
    this.#request = new WsgiRequest(environ, head, { url: this.#url.rest, socket: this.#socket, fail });
    this.#res = this.#createResponse(this.#request.message);
  }

  run(handler: MountedHandler): WsgiResult {
    const { message } = this.#request;
    try {
      const returned = handler(message, this.#res, this.#url);
      if (isThenable(returned)) returned.then(undefined, (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
    this.#request.endIfEmpty();
    return this.#capture.completeBody() ?? this.#capture;
  }

  #createResponse(req: IncomingMessage): ServerResponse {
    const res = new ServerResponse(req);
    res.sendDate = false; // the WSGI server sets Date
    res.writeHead = writeHead; // not in a subclass: Express replaces the prototype of a response
    this.#capture.attach(res);
    res.on("finish", () => this.#finish()).on("error", (error) => this.#fail(error));
    res.assignSocket(this.#socket as unknown as Socket);
    return res;
  }

  #finish(): void {
    this.#capture.finish();
    this.#request.responseEnded();
    process.nextTick(destroy, this.#socket); // after Node's pending writes; makes the response emit `close`
  }

  /** Listens for `drain` only if a writer is waiting for it, which is rare. */
  beforeDrain(): void {
    if (this.#listensForDrain || !this.#socket.writableNeedDrain) return;
    this.#listensForDrain = true;
    this.#socket.on("drain", () => this.#drain(this.#res, this.#socket));
  }

  /** Emits `drain` on the response, as Node's server does when a socket drains. */
  #drain(res: ServerResponse, socket: WsgiSocket): void {
    if (res.writableEnded) return;
    // Without Node's server, the inherited property stays true after a drain, and `pipe()` would wait forever.
    Object.defineProperty(res, "writableNeedDrain", {
      configurable: true,
      get: () => !res.destroyed && !res.writableEnded && socket.writableNeedDrain,
    });
    res.emit("drain");
  }

  /** Destroys the socket unless somebody listens for `timeout`, as Node's server does. */
  onTimeout(): void {
    const { message } = this.#request;
    const isHandled = !message.complete && message.emit("timeout", this.#socket);
    if (!this.#res.emit("timeout", this.#socket) && !isHandled) this.#socket.destroy();
  }

  /** Called when the handler fails. If it is too late to tell the client, the error is logged. */
  #fail(error: unknown): void {
    if (this.#capture.fail(error)) this.abort();
    else this.log(`the app failed after its response had ended: ${describe(error)}`);
  }

  log(message: string): void {
    report(this.#environ["wsgi.errors"], `${message}\n`);
  }

  abort(): void {
    this.#socket.destroy();
    this.#request.abort();
  }
}

/**
 * Turns chunked encoding off, because the body must be captured without chunk sizes. Does so only after the head is written:
 * Node rejects a Trailer field in a response that is not chunked.
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
