/** Apps that many cases share, each with the name of its Python twin. Knows WSGI; knows nothing of the cases. */
import type { Environ, HeaderPair, WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import type { Case } from "./types.ts";

export const PLAIN: HeaderPair = ["Content-Type", "text/plain"];

/** The JavaScript app of a case and its Python twin. */
export type Apps = Required<Pick<Case, "app" | "twin">>;

export interface Reply {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly blocks?: readonly string[];
  /** The type of the result: a list, which has a length, or a generator, which has none. @default "list" */
  readonly as?: "list" | "generator";
}

/** Returns apps that respond with exactly this status, these headers and these blocks. */
export function reply({ status = "200 OK", headers = [PLAIN], blocks = ["x"], as = "list" }: Reply = {}): Apps {
  return {
    app: (_environ, startResponse) => {
      startResponse(status as string, structuredClone(headers) as HeaderPair[]);
      return as === "list" ? blocks.map(bytes) : generate(blocks);
    },
    twin: { name: "reply", args: [status, headers, blocks, as] },
  };
}

export function* generate(blocks: readonly string[]): Generator<Uint8Array, void, undefined> {
  for (const block of blocks) yield bytes(block);
}

/** Returns apps that show these environ keys: a line `KEY=value` for each, `KEY!` if the key is missing. */
export function show(...keys: string[]): Apps {
  return {
    app: (environ, startResponse) =>
      text(startResponse, keys.map((key) => (key in environ ? `${key}=${environ[key]}` : `${key}!`)).join("\n")),
    twin: { name: "show", args: keys },
  };
}

/** Responds with a text. */
export function text(startResponse: Parameters<WsgiApp>[1], body: string): Uint8Array[] {
  startResponse("200 OK", [PLAIN]);
  return [bytes(body)];
}

/** Returns an app and the Python twin `name`, which is called with `args`. */
export function both(name: string, app: WsgiApp, ...args: unknown[]): Apps {
  return { app, twin: { name, args } };
}

/** Adds a `close()` that writes "closed" to `wsgi.errors`. */
export function closing<Blocks extends Iterable<Uint8Array> | AsyncIterable<Uint8Array>>(
  environ: Environ,
  blocks: Blocks,
): Blocks & { close(): void } {
  return Object.assign(blocks, { close: () => environ["wsgi.errors"].write("closed\n") });
}
