/** Waiting for room in a stream that is full. Knows `drain` and `close`; knows nothing of what is written. */
import type { EventEmitter } from "node:events";
import { ClientDisconnectError } from "../errors.ts";

/** One promise for all writes that came while the stream was full. */
export class DrainWaiter {
  readonly #stream: EventEmitter;
  #waiting: Waiting | undefined;
  #listening = false;

  constructor(stream: EventEmitter) {
    this.#stream = stream;
  }

  /** Resolves when the stream can take more; rejects with `ClientDisconnectError` when it never will. */
  wait(): Promise<void> {
    this.#listen();
    this.#waiting ??= waiting();
    return this.#waiting.promise;
  }

  /** Once a stream, not once a wait: `compression` gives `drain` listeners to its own stream and never takes one back. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#stream.on("drain", () => this.#settled()?.resolve()).on("close", () => this.#settled()?.reject(gone()));
  }

  #settled(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

interface Waiting {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

function waiting(): Waiting {
  let settle: Omit<Waiting, "promise"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined); // after the last block nobody waits for room
  return { promise, ...(settle as Omit<Waiting, "promise">) };
}

function gone(): ClientDisconnectError {
  return new ClientDisconnectError("the client closed the connection");
}
