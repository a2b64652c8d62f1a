/** A `ResponseSink` that remembers what it was told, in order. Knows back-pressure; knows no transport. */
import { type ResponseSink, ResponseWriter } from "../../src/wsgi/response.ts";
import type { HeaderList, HeaderPair, Write } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";

export class RecordingSink implements ResponseSink {
  /** `commit 200 OK`, `write abc`, `end`, `end abc`, `abort`. */
  readonly calls: string[] = [];
  headers: HeaderList | undefined;
  /** The length that `commit` was told. */
  length: number | undefined;
  abortedWith: unknown;
  /** What `write` returns from now on: set it to a promise to hold the response up. */
  room: Promise<void> | undefined;
  /** Thrown by `commit`. */
  refusal: Error | undefined;
  readonly #wrote: () => void;

  /** @param wrote called after each block */
  constructor(wrote: () => void = () => undefined) {
    this.#wrote = wrote;
  }

  /** The body so far. */
  get body(): string {
    return this.calls
      .filter((call) => call.startsWith("write ") || call.startsWith("end "))
      .map((call) => call.slice(call.indexOf(" ") + 1))
      .join("");
  }

  commit(code: number, reason: string, headers: HeaderList, length: number | undefined): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.calls.push(`commit ${code} ${reason}`);
    this.headers = headers;
    this.length = length;
  }

  write(block: Uint8Array): Promise<void> | undefined {
    this.calls.push(`write ${text(block)}`);
    this.#wrote();
    return this.room;
  }

  end(block?: Uint8Array): void {
    this.calls.push(block === undefined ? "end" : `end ${text(block)}`);
  }

  abort(reason: unknown): void {
    this.calls.push("abort");
    this.abortedWith = reason;
  }
}

function text(block: Uint8Array): string {
  return Buffer.from(block).toString("latin1");
}

export const PLAIN: HeaderPair = ["Content-Type", "text/plain"];

/** The states of a response, as the writer's drawing has them. */
export type State = "idle" | "held" | "sent" | "done" | "failed";

/** A writer in a state, by the shortest way there. */
export function writerIn(state: State, method = "GET"): { writer: ResponseWriter; sink: RecordingSink; write: Write } {
  const sink = new RecordingSink();
  const writer = new ResponseWriter(sink, method);
  let write: Write = () => Promise.reject(new Error("startResponse was never called"));
  if (state !== "idle") write = writer.startResponse("200 OK", [PLAIN]);
  if (state === "sent" || state === "done") void writer.block(bytes("a"));
  if (state === "done") writer.end();
  if (state === "failed") writer.fail(new Error("failed before"));
  sink.calls.length = 0;
  return { writer, sink, write };
}
