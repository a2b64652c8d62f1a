/** A `ResponseSink` that writes a CGI response (RFC 3875 §6.3). Knows heads as text; knows no record and no connection. */
import type { ResponseSink } from "../../wsgi/response.ts";
import type { HeaderList } from "../../wsgi/types.ts";

/** The destination of one response. */
export interface Stdout {
  /** Sends a block. Returns a promise if the caller should wait until the web server has read, else `undefined`. */
  stdout(block: Uint8Array): Promise<void> | undefined;
  /** Ends the response. @param appStatus 0 for success */
  end(appStatus: number): void;
  /** Destroys the connection. After END_REQUEST the web server would treat the response as complete. */
  destroy(): void;
}

export class CgiSink implements ResponseSink {
  readonly #out: Stdout;

  constructor(out: Stdout) {
    this.#out = out;
  }

  commit(code: number, reason: string, headers: HeaderList): void {
    let head = `Status: ${code} ${reason}\r\n`;
    for (const [name, value] of headers) {
      if (name.length === 6 && name.toLowerCase() === "status") continue; // a second Status could replace the first one
      head += `${name}: ${value}\r\n`;
    }
    void this.#out.stdout(Buffer.from(`${head}\r\n`, "latin1")); // the caller waits when it writes the first block
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
