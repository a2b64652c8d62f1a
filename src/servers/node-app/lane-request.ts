/** One request of a lane, run on a WSGI app. Knows the order of the steps; knows no record. */
import { ClientDisconnectError } from "../../errors.ts";
import { Handler, type HandlerHost } from "../../wsgi/handler.ts";
import { BodyInput } from "../../wsgi/input.ts";
import { describe } from "../../wsgi/log.ts";
import { ResponseWriter } from "../../wsgi/response.ts";
import type { WsgiApp } from "../../wsgi/types.ts";
import { CgiSink } from "../fastcgi/cgi-sink.ts";
import { Stdin } from "../fastcgi/stdin.ts";
import { laneEnviron } from "./environ.ts";

/** The part of the lane that a request uses. */
export interface Wire {
  /** Sends a block. Returns a promise if the caller should wait until Python has read, else `undefined`. */
  stdout(block: Uint8Array): Promise<void> | undefined;
  /** Sends text for Python's wsgi.errors. */
  stderr(text: string): void;
  /** Sends the exception that Python raises at the end of the request. */
  exception(message: string, stack: string): void;
  /** Ends the request. @param appStatus 0 for success, 1 for a response that broke off */
  end(appStatus: number): void;
  pause(): void;
  resume(): void;
}

export class LaneRequest implements HandlerHost {
  readonly #wire: Wire;
  #stdin: Stdin | undefined;
  #handler: Handler | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Never throws. */
  run(app: WsgiApp, params: ReadonlyMap<string, string>): void {
    const wire = this.#wire;
    const length = params.get("CONTENT_LENGTH");
    const declared = length === undefined ? undefined : Number(length);
    this.#stdin = new Stdin(wire, { declared, maxSize: Number.POSITIVE_INFINITY }); // Python's server sets the limit
    const errors = {
      write: (text: string) => wire.stderr(String(text)),
      writelines: (lines: Iterable<string>) => wire.stderr([...lines].join("")),
      flush: () => undefined,
    };
    const sink = new CgiSink({
      stdout: (block) => wire.stdout(block),
      end: (appStatus) => wire.end(appStatus),
      destroy: () => wire.end(1),
    });
    this.#handler = new Handler(new ResponseWriter(sink, params.get("REQUEST_METHOD") ?? ""), this);
    this.#handler.run(app, laneEnviron(params, new BodyInput(this.#stdin), errors));
  }

  stdin(slice: Buffer): void {
    this.#stdin?.push(slice);
  }

  /** Aborts the request, because Python's client has left. */
  abort(): void {
    this.#stdin?.fail(new ClientDisconnectError("the client closed the connection before its body was complete"));
    this.#handler?.disconnect();
  }

  /** Sends the error to Python, which raises it. Python's server then answers. */
  answerError(error: unknown): void {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : describe(error);
    this.#wire.exception(message, error instanceof Error ? describe(error) : "");
    this.#wire.end(1);
  }

  log(message: string, error: unknown): void {
    this.#wire.stderr(`${message}: ${error === undefined ? "" : describe(error)}\n`);
  }

  /** Called when the request is over. A body that is too short ends it without a response; `end(1)` then tells Python. */
  done(): void {
    this.#wire.end(1); // does nothing if the request has ended
    this.#stdin?.release();
    this.#stdin = undefined;
  }
}
