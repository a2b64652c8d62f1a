/** A body that a middleware has read already, made into bytes again. Knows body parsers' results; knows no framework. */
import type { IncomingMessage } from "node:http";
import { BodyConsumedError } from "../errors.ts";

/** What body parsers leave behind: on Express on the request, in Koa on `ctx.request`. */
export interface ParsedBody {
  /** The parser's result. */
  readonly body?: unknown;
  /** The bytes as they came, where the parser was asked to keep them (koa-bodyparser keeps text). */
  readonly rawBody?: unknown;
}

/**
 * The bytes of a body that was read before: `rawBody` if it was kept, else what the parser made of it, written again.
 *
 *     json        { a: [1] }                     → '{"a":[1]}'
 *     urlencoded  { a: ["1", "2"], b: { c: "ü" } } → "a=1&a=2&b%5Bc%5D=%C3%BC"
 *     text        "ü"                            → its bytes, in the declared charset
 *     raw         <Buffer 01 02>                 → itself
 *
 * @throws BodyConsumedError when nothing was left to write again
 */
export function rewriteBody(req: IncomingMessage, { body, rawBody }: ParsedBody): Uint8Array {
  const kept = rawBody ?? body;
  if (kept instanceof Uint8Array) return kept;
  if (typeof kept === "string") return Buffer.from(kept, charset(req));
  const type = mediaType(req);
  if (body !== undefined && body !== null) {
    if (type === "application/json" || type.endsWith("+json")) return Buffer.from(JSON.stringify(body));
    if (type === "application/x-www-form-urlencoded") return Buffer.from(formEncode(body as object));
  }
  throw new BodyConsumedError(
    `the body (${type || "without a Content-Type"}) was read before the WSGI app could read it; mount the app before the middleware that reads it, or let that keep the bytes in rawBody`,
  );
}

function mediaType(req: IncomingMessage): string {
  return (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Parsers decode by the declared charset; Node knows the two that matter beside UTF-8. */
function charset(req: IncomingMessage): BufferEncoding {
  const declared = /;\s*charset="?([\w-]+)/i.exec(req.headers["content-type"] ?? "")?.[1]?.toLowerCase();
  return declared === "iso-8859-1" || declared === "latin1" ? "latin1" : declared === "utf-16le" ? "utf16le" : "utf8";
}

/** Nested values in brackets, as `qs` writes and reads them; lists of plain values as repeated names, which all readers know. */
function formEncode(fields: object): string {
  const pairs: string[] = [];
  const add = (name: string, value: unknown): void => {
    if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
      for (const item of value) add(name, item);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) add(`${name}[${key}]`, item);
    } else {
      pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value ?? ""))}`);
    }
  };
  for (const [name, value] of Object.entries(fields)) add(name, value);
  return pairs.join("&");
}
