/** A WSGI server in memory: calls an app and reads its result. Knows PEP 3333; knows nothing of the hosts of this package. */
import { buildEnviron, type RequestHead } from "../../src/wsgi/environ.ts";
import { BodyInput, type ByteSource, EMPTY_INPUT } from "../../src/wsgi/input.ts";
import type { Environ, HeaderPair, InputStream, WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";
import { requestHead, surroundings } from "./heads.ts";

export interface Call extends Partial<RequestHead> {
  readonly input?: InputStream;
  /** Keys to set in the environ, as middleware does. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** The body of the request. Sets CONTENT_LENGTH, too. */
  readonly body?: string;
}

/** Returns an environ for `GET /m/a?b=c` with these changes. `wsgi.errors` writes to `log`. */
export function environOf({ input, keys, body, ...parts }: Call = {}, log: string[] = []): Environ {
  const errors = { write: (text: string) => void log.push(text), writelines: () => undefined, flush: () => undefined };
  const source = input ?? (body === undefined ? EMPTY_INPUT : pieces(body));
  const environ = buildEnviron(requestHead(parts), surroundings({ input: source, errors }));
  if (body !== undefined) environ.CONTENT_LENGTH = String(body.length);
  return Object.assign(environ, keys);
}

/** Returns a body that arrives in these pieces. */
export function pieces(...texts: string[]): InputStream {
  const rest = texts.map(bytes);
  return new BodyInput({ next: () => Promise.resolve(rest.shift()) });
}

/** A body that counts the calls of `next()`. */
export class CountedSource implements ByteSource {
  asked = 0;
  readonly #blocks: Uint8Array[];

  constructor(...texts: string[]) {
    this.#blocks = texts.map(bytes);
  }

  next(): Promise<Uint8Array | undefined> {
    this.asked += 1;
    return Promise.resolve(this.#blocks.shift());
  }
}

/** One call of an app and its response so far. */
export class Played {
  readonly heads: { readonly status: string; readonly headers: HeaderPair[] }[] = [];
  /** The blocks passed to `write()`. */
  readonly written: string[] = [];
  readonly log: string[] = [];
  readonly #result: WsgiResult | Promise<WsgiResult>;
  #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | undefined;

  constructor(app: WsgiApp, call: Call = {}) {
    this.#result = app(environOf(call, this.log), (status, headers) => {
      this.heads.push({ status, headers });
      return (block) => {
        this.written.push(Buffer.from(block).toString("latin1"));
        return Promise.resolve();
      };
    });
  }

  get status(): string | undefined {
    return this.heads[0]?.status;
  }

  header(name: string): string | undefined {
    return this.heads[0]?.headers.find(([key]) => key.toLowerCase() === name)?.[1];
  }

  /** Returns the next block as text; undefined at the end. */
  async next(): Promise<string | undefined> {
    const result = await this.#result;
    this.#iterator ??= Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
    const { done, value } = await this.#iterator.next();
    return done === true ? undefined : Buffer.from(value).toString("latin1");
  }

  /** Reads the remaining blocks and closes the result. */
  async rest(): Promise<string[]> {
    const blocks: string[] = [];
    try {
      for (let block = await this.next(); block !== undefined; block = await this.next()) blocks.push(block);
    } finally {
      await this.close();
    }
    return blocks;
  }

  async close(): Promise<void> {
    await (await this.#result).close?.();
  }
}

/** Calls an app and reads its result to the end. */
export async function play(app: WsgiApp, call: Call = {}): Promise<Played & { readonly body: string }> {
  const played = new Played(app, call);
  const blocks = await played.rest();
  return Object.assign(played, { body: blocks.join("") });
}
