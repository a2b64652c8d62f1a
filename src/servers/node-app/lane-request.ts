/** One request of a lane, run on a WSGI app. Knows the order of things; knows no record. */
import { ClientDisconnectError } from "../../errors.ts";
import { Handler, type HandlerHost } from "../../wsgi/handler.ts";
import { BodyInput } from "../../wsgi/input.ts";
import { describe } from "../../wsgi/log.ts";
import { ResponseWriter } from "../../wsgi/response.ts";
import type { WsgiApp } from "../../wsgi/types.ts";
import { CgiSink } from "../fastcgi/cgi-sink.ts";
import { Stdin } from "../fastcgi/stdin.ts";
import { laneEnviron } from "./environ.ts";

/** What a request has of its lane. */
export interface Wire {
  /** A promise: wait until Python has taken what it was given. */
  stdout(block: Uint8Array): Promise<void> | undefined;
  /** Text for Python's wsgi.errors. */
  stderr(text: string): void;
  /** What Python raises at the request's end. */
  exception(message: string, stack: string): void;
  /** @param appStatus 0: all went well; 1: the response is broken off */
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
    this.#stdin = new Stdin(wire, { declared, most: Number.POSITIVE_INFINITY }); // Python's server sets the limit
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

  /** Python's client has left. */
  abort(): void {
    this.#stdin?.fail(new ClientDisconnectError("the client closed the connection before its body was whole"));
    this.#handler?.disconnect();
  }

  /** Python raises it, and its server answers. */
  answerError(error: unknown): void {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : describe(error);
    this.#wire.exception(message, error instanceof Error ? describe(error) : "");
    this.#wire.end(1);
  }

  log(message: string, error: unknown): void {
    this.#wire.stderr(`${message}: ${error === undefined ? "" : describe(error)}\n`);
  }

  /** A body that was too short has ended the request without an answer: then Python is told here that it broke off. */
  done(): void {
    this.#wire.end(1); // nothing happens if it has ended
    this.#stdin?.release();
    this.#stdin = undefined;
  }
}
