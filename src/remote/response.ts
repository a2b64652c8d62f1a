/** The response of a remote server, on its way to the client. Knows heads, blocks and the log; knows no connection. */
import { StringDecoder } from "node:string_decoder";
import { AppProtocolError } from "../errors.ts";
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import type { BacklogLimits } from "../node/backlog.ts";
import { type Flow, ResponseStream } from "../node/response-stream.ts";
import { relay } from "../wsgi/log.ts";
import type { Environ, ErrorStream, StartResponse, WsgiResult } from "../wsgi/types.ts";
import { malformedResponse } from "./errors.ts";
import { gatewayHead } from "./head.ts";

export class RemoteResponse {
  readonly #stream: ResponseStream;
  /** Kept here, because middleware may put another one into the environ. */
  readonly #errors: ErrorStream;
  #decoder: StringDecoder | undefined;
  #headReceived = false;

  /** @param flow pauses and cancels the response; its `server` is the server's name in errors */
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

  /** The result for the gateway. It exists from the start, so that `close()` can cancel a request that has no response yet. */
  get result(): WsgiResult {
    return this.#stream;
  }

  /** True once the head is complete. From then on the request is not retried. */
  get headReceived(): boolean {
    return this.#headReceived;
  }

  /** False once the client has left or has got an error. */
  get wanted(): boolean {
    return !this.#stream.ended;
  }

  /** Writes to `wsgi.errors`. @param slice a part of the server's output for the log, in UTF-8 */
  log(slice: Buffer): void {
    this.#decoder ??= new StringDecoder("utf8");
    relay(this.#errors, this.#decoder.write(slice));
  }

  head(head: CgiHead): void {
    this.#headReceived = true;
    if (this.wanted) this.#stream.start(gatewayHead(head));
  }

  /** Sends the head now, without waiting for the first block. */
  flushHead(): void {
    this.#stream.flushHead();
  }

  body(slice: Buffer): void {
    this.#stream.push(slice);
  }

  end(): void {
    this.#stream.end();
  }

  /** Does nothing if the response has ended. */
  fail(reason: unknown): void {
    this.#stream.fail(reason);
  }
}
