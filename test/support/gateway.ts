/** A gateway in memory, as PEP 3333 wants it: lets every error through, and can be made a bad one. Knows no HTTP. */
import { buildEnviron } from "../../src/wsgi/environ.ts";
import { bytesInput } from "../../src/wsgi/input.ts";
import type { Environ, HeaderPair, StartResponse, WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";
import { requestHead, surroundings } from "./heads.ts";

export interface Sent {
  status: string;
  headers: HeaderPair[];
  body: string;
}

/** A request as a good gateway presents it. */
export function makeEnviron(method = "GET", body = ""): Environ {
  const rawHeaders = ["Host", "h:8080", ...(body === "" ? [] : ["Content-Length", String(body.length)])];
  return buildEnviron(requestHead({ method, rawHeaders }), surroundings({ input: bytesInput(bytes(body)) }));
}

/** What a gateway remembers of one response. */
export class Response implements Sent {
  status = "";
  headers: HeaderPair[] = [];
  body = "";

  readonly startResponse: StartResponse = (status, headers, excInfo) => {
    if (excInfo && this.body !== "") throw excInfo;
    this.status = status;
    this.headers = headers;
    return (block) => {
      this.take(block);
      return Promise.resolve();
    };
  };

  take(block: Uint8Array): void {
    this.body += Buffer.from(block).toString("latin1");
  }
}

/** One request's whole journey. Rejects with the first error; the result is closed all the same. */
export async function serve(app: WsgiApp, environ: Environ = makeEnviron()): Promise<Sent> {
  const response = new Response();
  const result = await app(environ, response.startResponse);
  try {
    for await (const block of result) response.take(block);
  } finally {
    await result.close?.();
  }
  return response;
}

/** Asks for blocks one by one. */
export function iterate(result: WsgiResult): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  return Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
}
