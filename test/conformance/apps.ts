/** Apps that many rows have in common, each with its twin's name. Knows WSGI; knows no row. */
import type { Environ, HeaderPair, WsgiApp } from "../../src/index.ts";
import { bytes } from "../support/bytes.ts";
import type { Case } from "./types.ts";

export const PLAIN: HeaderPair = ["Content-Type", "text/plain"];

/** The two halves of a row. */
export type Apps = Required<Pick<Case, "app" | "twin">>;

export interface Reply {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly blocks?: readonly string[];
  /** What the blocks are in: something with a length, or something to iterate. @default "list" */
  readonly as?: "list" | "generator";
}

/** Answers with these very arguments. */
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

/** Answers with what it sees: a line `KEY=value` for each key, `KEY!` for one that is not there. */
export function show(...keys: string[]): Apps {
  return {
    app: (environ, startResponse) =>
      text(startResponse, keys.map((key) => (key in environ ? `${key}=${environ[key]}` : `${key}!`)).join("\n")),
    twin: { name: "show", args: keys },
  };
}

/** A text as the whole answer. */
export function text(startResponse: Parameters<WsgiApp>[1], body: string): Uint8Array[] {
  startResponse("200 OK", [PLAIN]);
  return [bytes(body)];
}

/** An app of a row's own and a twin of the same name. */
export function both(name: string, app: WsgiApp, ...args: unknown[]): Apps {
  return { app, twin: { name, args } };
}

/** A result that says in `wsgi.errors` when it is closed. */
export function closing<Blocks extends Iterable<Uint8Array> | AsyncIterable<Uint8Array>>(
  environ: Environ,
  blocks: Blocks,
): Blocks & { close(): void } {
  return Object.assign(blocks, { close: () => environ["wsgi.errors"].write("closed\n") });
}
