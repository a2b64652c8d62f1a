/** Runs an app with a `Handler` and a recording sink, and lists all events in order. Knows nothing of hosts. */
import { buildEnviron } from "../../src/wsgi/environ.ts";
import { Handler, type HandlerHost } from "../../src/wsgi/handler.ts";
import { ResponseWriter } from "../../src/wsgi/response.ts";
import type { WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { bytes, signal } from "./bytes.ts";
import { requestHead, surroundings } from "./heads.ts";
import { RecordingSink } from "./sink.ts";

export class AppRun implements HandlerHost {
  readonly sink: RecordingSink = new RecordingSink(() => this.#wrote.fire());
  /** The calls of the sink; `answer`, `log` and `done` of the host; `close` of `closing()` results. */
  readonly events: string[] = this.sink.calls;
  /** The error that the host should respond to. */
  answered: unknown;
  readonly logs: [message: string, error: unknown][] = [];
  readonly handler: Handler;
  readonly #method: string;
  readonly #ended = signal();
  readonly #logged = signal();
  readonly #wrote = signal();
  /** Resolves when the request is over. */
  readonly over: Promise<void> = this.#ended.promise;
  /** Resolves at the first log line. */
  readonly logged: Promise<void> = this.#logged.promise;
  /** Resolves when the sink gets its first block. */
  readonly wrote: Promise<void> = this.#wrote.promise;

  constructor(method = "GET") {
    this.#method = method;
    this.handler = new Handler(new ResponseWriter(this.sink, method), this);
  }

  /** Runs the app. Resolves when the request is over. */
  start(app: WsgiApp): Promise<void> {
    this.handler.run(app, buildEnviron(requestHead({ method: this.#method }), surroundings()));
    return this.over;
  }

  /** Returns a result that adds its `close()` to the events. */
  closing(blocks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): WsgiResult {
    return Object.assign(blocks, { close: () => void this.events.push("close") });
  }

  answerError(error: unknown): void {
    this.events.push("answer");
    this.answered = error;
  }

  log(message: string, error: unknown): void {
    this.events.push("log");
    this.logs.push([message, error]);
    this.#logged.fire();
  }

  done(): void {
    this.events.push("done");
    this.#ended.fire();
  }
}

/** Returns an app that responds with a 200 and this result. */
export const app200 =
  (result: () => WsgiResult, head: [string, string][] = []): WsgiApp =>
  (_environ, startResponse) => {
    startResponse("200 OK", head);
    return result();
  };

export function* generate(...blocks: (Uint8Array | Error)[]): Generator<Uint8Array> {
  for (const block of blocks) {
    if (block instanceof Error) throw block;
    yield block;
  }
}

export async function* generateLater(...blocks: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  yield* generate(...blocks);
}

export const A: Uint8Array = bytes("a");
export const B: Uint8Array = bytes("b");
export const EMPTY: Uint8Array = bytes("");
export const BAD: Error = new Error("the app failed");
export const throwBad = (): never => {
  throw BAD;
};
