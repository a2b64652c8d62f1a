/** A WSGI gateway in memory that follows PEP 3333 and passes on every error. Knows nothing of HTTP. */
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

/** Returns the environ that a correct gateway builds. */
export function makeEnviron(method = "GET", body = ""): Environ {
  const rawHeaders = ["Host", "h:8080", ...(body === "" ? [] : ["Content-Length", String(body.length)])];
  return buildEnviron(requestHead({ method, rawHeaders }), surroundings({ input: bytesInput(bytes(body)) }));
}

/** The response as a gateway records it. */
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

/** Serves one request to its end. Rejects with the first error, after closing the result. */
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

/** Returns the iterator of a result, to read its blocks one by one. */
export function iterate(result: WsgiResult): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  return Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
}
