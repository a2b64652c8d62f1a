/** Restores the bytes of a body that earlier middleware has read. Knows the results of body parsers; knows no framework. */
import type { IncomingMessage } from "node:http";
import { BodyConsumedError } from "../errors.ts";

/** The properties that body parsers set: in Express on the request, in Koa on `ctx.request`. */
export interface ParsedBody {
  /** The parsed body. */
  readonly body?: unknown;
  /** The original bytes, if the parser is configured to keep them (koa-bodyparser keeps a string). */
  readonly rawBody?: unknown;
}

/**
 * Returns the bytes of a body that earlier middleware has read: `rawBody` if it exists, else the parsed body, serialized again.
 *
 *     json        { a: [1] }                     → '{"a":[1]}'
 *     urlencoded  { a: ["1", "2"], b: { c: "ü" } } → "a=1&a=2&b%5Bc%5D=%C3%BC"
 *     text        "ü"                            → its bytes, in the declared charset
 *     raw         <Buffer 01 02>                 → itself
 *
 * @throws BodyConsumedError if middleware left nothing that can be serialized
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
    `middleware read the request body (${type || "without a Content-Type"}) before the WSGI app could; mount the app before that middleware, or make it keep the bytes in rawBody`,
  );
}

function mediaType(req: IncomingMessage): string {
  return (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Returns Node's encoding for the declared charset, with which the parser has decoded the body; UTF-8 for unsupported ones. */
function charset(req: IncomingMessage): BufferEncoding {
  const declared = /;\s*charset="?([\w-]+)/i.exec(req.headers["content-type"] ?? "")?.[1]?.toLowerCase();
  return declared === "iso-8859-1" || declared === "latin1" ? "latin1" : declared === "utf-16le" ? "utf16le" : "utf8";
}

/** Serializes a form: nested values in brackets, like `qs`; lists of plain values as repeated names, which all parsers read. */
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
