/** A WSGI server in memory: calls an app with an environ and plays its result. Knows PEP 3333; knows no host of this package. */
import { buildEnviron, type RequestHead } from "../../src/wsgi/environ.ts";
import { BodyInput, type ByteSource, EMPTY_INPUT } from "../../src/wsgi/input.ts";
import type { Environ, HeaderPair, InputStream, WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { bytes } from "./bytes.ts";
import { requestHead, surroundings } from "./heads.ts";

export interface Call extends Partial<RequestHead> {
  readonly input?: InputStream;
  /** Changes to the environ, as middleware makes them. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** The request's body, with its length. */
  readonly body?: string;
}

/** An environ for `GET /m/a?b=c` but for these parts. What is logged goes to `log`. */
export function environOf({ input, keys, body, ...parts }: Call = {}, log: string[] = []): Environ {
  const errors = { write: (text: string) => void log.push(text), writelines: () => undefined, flush: () => undefined };
  const source = input ?? (body === undefined ? EMPTY_INPUT : pieces(body));
  const environ = buildEnviron(requestHead(parts), surroundings({ input: source, errors }));
  if (body !== undefined) environ.CONTENT_LENGTH = String(body.length);
  return Object.assign(environ, keys);
}

/** A body that comes in these pieces. */
export function pieces(...texts: string[]): InputStream {
  const rest = texts.map(bytes);
  return new BodyInput({ next: () => Promise.resolve(rest.shift()) });
}

/** A body that tells how often it was asked for. */
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

/** One call of an app and what has come of it so far. */
export class Played {
  readonly heads: { readonly status: string; readonly headers: HeaderPair[] }[] = [];
  /** What `write()` was given. */
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

  /** The next block as text; undefined at the end. */
  async next(): Promise<string | undefined> {
    const result = await this.#result;
    this.#iterator ??= Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
    const { done, value } = await this.#iterator.next();
    return done === true ? undefined : Buffer.from(value).toString("latin1");
  }

  /** All blocks that are left, then `close()`. */
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

/** Plays an app to its end. */
export async function play(app: WsgiApp, call: Call = {}): Promise<Played & { readonly body: string }> {
  const played = new Played(app, call);
  const blocks = await played.rest();
  return Object.assign(played, { body: blocks.join("") });
}
