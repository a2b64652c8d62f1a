/** What the client gets of a remote server's response. Knows heads, blocks and the log; knows no connection. */
import { StringDecoder } from "node:string_decoder";
import { AppProtocolError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import type { BacklogLimits } from "../node/backlog.ts";
import { type Flow, ResponseStream } from "../node/response-stream.ts";
import { report } from "../wsgi/log.ts";
import type { Environ, ErrorStream, StartResponse, WsgiResult } from "../wsgi/types.ts";
import { malformedResponse } from "./errors.ts";
import { gatewayHead } from "./head.ts";

export class RemoteResponse {
  readonly #stream: ResponseStream;
  /** Kept: the application's own middleware may put another into the environ. */
  readonly #errors: ErrorStream;
  #decoder: StringDecoder | undefined;
  #answered = false;

  /** @param flow its `server` names the server in errors */
  constructor(
    environ: Environ,
    startResponse: StartResponse,
    { flow, backlog }: { flow: Flow & { readonly server: string }; backlog: BacklogLimits },
  ) {
    this.#errors = environ["wsgi.errors"];
    const start: StartResponse = (status, headers) => {
      try {
        return startResponse(status, headers);
      } catch (error) {
        throw error instanceof AppProtocolError ? malformedResponse(flow.server, error) : error;
      }
    };
    this.#stream = new ResponseStream(start, flow, backlog);
  }

  /** Is there at once, so that its `close()` reaches a request that is not answered yet. */
  get result(): WsgiResult {
    return this.#stream;
  }

  /** The head was whole: there is no second try any more. */
  get answered(): boolean {
    return this.#answered;
  }

  /** False when the client has left, or has been told of a failure. */
  get wanted(): boolean {
    return !this.#stream.ended;
  }

  /** @param slice of the server's words for the log, in UTF-8 */
  log(slice: Buffer): void {
    this.#decoder ??= new StringDecoder("utf8");
    report(this.#errors, this.#decoder.write(slice));
  }

  head(head: CgiHead): void {
    this.#answered = true;
    if (this.wanted) this.#stream.start(gatewayHead(head));
  }

  /** The head is to go out before there is a block. */
  flushHead(): void {
    this.#stream.flushHead();
  }

  body(slice: Buffer): void {
    this.#stream.push(slice);
  }

  end(): void {
    this.#stream.end();
  }

  /** Nothing happens if nobody waits for it. */
  fail(reason: unknown): void {
    this.#stream.fail(reason);
  }
}
