/** A `ResponseSink` that records its calls in order. Knows back-pressure; knows nothing of transports. */
import { type ResponseSink, ResponseWriter } from "../../src/wsgi/response.ts";
import type { HeaderList, HeaderPair, Write } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";

export class RecordingSink implements ResponseSink {
  /** `commit 200 OK`, `write abc`, `end`, `end abc`, `abort`. */
  readonly calls: string[] = [];
  headers: HeaderList | undefined;
  /** The length passed to `commit`. */
  length: number | undefined;
  abortedWith: unknown;
  /** What `write` returns. Set it to a promise to pause the response. */
  room: Promise<void> | undefined;
  /** An error that `commit` throws. */
  refusal: Error | undefined;
  readonly #wrote: () => void;

  /** @param wrote called for each block */
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

/** The states of a response, as drawn in src/wsgi/response.ts. */
export type State = "idle" | "held" | "sent" | "done" | "failed";

/** Returns a writer in this state. */
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
