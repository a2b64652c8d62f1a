/** From a WSGI app to Express middleware: the whole journey of a request, on one screen. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { BridgeError, OptionError } from "./errors.ts";
import { expressHead } from "./hosts/express.ts";
import type { Next, WsgiMiddleware } from "./hosts/types.ts";
import { requestInput } from "./node/body.ts";
import { NodeSink } from "./node/sink.ts";
import { buildEnviron } from "./wsgi/environ.ts";
import { Handler, type HandlerHost } from "./wsgi/handler.ts";
import { checkLogger, LogErrors, type Logger, printable } from "./wsgi/log.ts";
import { ResponseWriter } from "./wsgi/response.ts";
import type { WsgiApp } from "./wsgi/types.ts";

/** How a WSGI app is joined to its host. */
export interface FromWsgiOptions {
  /**
   * Where `wsgi.errors` goes, and every error that no answer can tell the client of.
   *
   * @default console
   */
  logger?: Logger | undefined;
}

/**
 * Turns a WSGI app into middleware for Express 4 and 5 (and Connect) that is a plain `node:http` listener too.
 *
 *     app.use("/shop", fromWsgi(shop));           // SCRIPT_NAME is "/shop"
 *     http.createServer(fromWsgi(shop));          // no framework
 *
 * An app that fails before its response begins gets the framework's own error handling (`next(error)`), a bare 500
 * without one. After that the connection is destroyed, so that no client takes half an answer for a whole one.
 *
 * @throws OptionError when `app` is no function or an option cannot be used
 */
export function fromWsgi(app: WsgiApp, options: FromWsgiOptions = {}): WsgiMiddleware {
  if (typeof app !== "function") throw new OptionError(`fromWsgi(app): app must be a function, got ${typeof app}`);
  const logger = checkLogger(options.logger ?? console);
  return (req, res, next) => new Exchange(req, res, { next, logger }).run(app);
}

interface Surroundings {
  readonly next: Next | undefined;
  readonly logger: Logger;
}

/** One request and its response. */
class Exchange implements HandlerHost {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #next: Next | undefined;
  readonly #logger: Logger;
  readonly #errors: LogErrors;

  constructor(req: IncomingMessage, res: ServerResponse, { next, logger }: Surroundings) {
    this.#req = req;
    this.#res = res;
    this.#next = next;
    this.#logger = logger;
    this.#errors = new LogErrors(logger);
  }

  run(app: WsgiApp): void {
    if (this.#res.destroyed) return; // the client left while other middleware was at work
    const method = this.#req.method ?? "GET";
    const handler = new Handler(new ResponseWriter(new NodeSink(this.#res), method), this);
    try {
      const environ = buildEnviron(expressHead(this.#req), { input: requestInput(this.#req), errors: this.#errors });
      handler.run(app, environ);
    } catch (error) {
      this.#res.setHeader("Connection", "close"); // what follows on a connection that we could not read is not to be trusted
      this.answerError(error);
      return;
    }
    if (handler.over) return;
    this.#res.on("close", () => {
      if (!this.#res.writableFinished) handler.disconnect();
    });
  }

  answerError(error: unknown): void {
    if (this.#next !== undefined) {
      this.#next(error);
      return;
    }
    const status = error instanceof BridgeError ? error.status : 500;
    if (status >= 500) this.log("the application failed", error);
    this.#res.writeHead(status, { "Content-Type": "text/plain", "Content-Length": 0 }).end();
  }

  log(message: string, error: unknown): void {
    const cause =
      error === undefined ? "" : `: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    this.#logger.error(printable(`${this.#req.method} ${this.#req.url}: ${message}${cause}`));
  }

  done(): void {
    this.#errors.flush();
  }
}
