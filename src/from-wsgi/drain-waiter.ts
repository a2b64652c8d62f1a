/** Waits until a full stream has drained. Knows `drain` and `close`; does not know what is written. */
import type { EventEmitter } from "node:events";
import { ClientDisconnectError } from "../errors.ts";

/** One promise for all writes made while the stream is full. */
export class DrainWaiter {
  readonly #stream: EventEmitter;
  #pending: PendingDrain | undefined;
  #listening = false;

  constructor(stream: EventEmitter) {
    this.#stream = stream;
  }

  /** Resolves when the stream drains; rejects with `ClientDisconnectError` when it closes. */
  wait(): Promise<void> {
    this.#listen();
    this.#pending ??= createPending();
    return this.#pending.promise;
  }

  /**
   * Adds the listeners once per stream, not once per wait: `compression` forwards `drain` listeners to its own stream and never
   * removes them.
   */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#stream
      .on("drain", () => this.#takePending()?.resolve())
      .on("close", () => this.#takePending()?.reject(disconnected()));
  }

  #takePending(): PendingDrain | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

interface PendingDrain {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

function createPending(): PendingDrain {
  let settle: Omit<PendingDrain, "promise"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined); // nobody awaits it after the last write
  return { promise, ...(settle as Omit<PendingDrain, "promise">) };
}

function disconnected(): ClientDisconnectError {
  return new ClientDisconnectError("the client closed the connection");
}
