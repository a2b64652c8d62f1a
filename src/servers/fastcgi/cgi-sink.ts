/** A `ResponseSink` that writes a CGI response (RFC 3875 §6.3). Knows heads as text; knows no record and no connection. */
import type { ResponseSink } from "../../wsgi/response.ts";
import type { HeaderList } from "../../wsgi/types.ts";

/** Where the response of one request goes. */
export interface Stdout {
  /** A promise: wait until the web server has taken what it was given. */
  stdout(block: Uint8Array): Promise<void> | undefined;
  /** @param appStatus 0: all went well */
  end(appStatus: number): void;
  /** Breaks the connection: only without END_REQUEST is a response surely taken for a broken one. */
  destroy(): void;
}

export class CgiSink implements ResponseSink {
  readonly #out: Stdout;

  constructor(out: Stdout) {
    this.#out = out;
  }

  commit(code: number, reason: string, headers: HeaderList): void {
    let head = `Status: ${code} ${reason}\r\n`;
    for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
    void this.#out.stdout(Buffer.from(`${head}\r\n`, "latin1")); // the block behind it is the one to wait for
  }

  write(block: Uint8Array): Promise<void> | undefined {
    return this.#out.stdout(block);
  }

  end(block?: Uint8Array): void {
    if (block !== undefined) void this.#out.stdout(block);
    this.#out.end(0);
  }

  abort(): void {
    this.#out.destroy();
  }
}
