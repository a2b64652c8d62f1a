/** Restores the bytes of a body that earlier middleware has read. Knows the results of body parsers; knows no framework. */
import type { IncomingMessage } from "node:http";
import { BodyConsumedError } from "../errors.ts";
import { type EncodedBody, encodeText } from "./charset.ts";
import { encodeForm } from "./form-body.ts";

/** The properties that body parsers set: in Express on the request, in Koa on `ctx.request`. */
export interface ParsedBody {
  /** The parsed body. */
  readonly body?: unknown;
  /** The original bytes, if the parser is configured to keep them (koa-bodyparser keeps a string). */
  readonly rawBody?: unknown;
}

/**
 * Returns the bytes of a body that earlier middleware has read: `rawBody` if it exists, else the parsed body, serialized again.
 * The media type decides how, not the type of the value.
 *
 *     json        { a: [1] }                     → '{"a":[1]}'
 *     json        "a", null                      → '"a"', "null"
 *     urlencoded  { b: { c: "ü" } }              → "b%5Bc%5D=%C3%BC"
 *     text        "ü"                            → its bytes, in the declared charset
 *     raw         <Buffer 01 02>                 → itself
 *
 * @throws BodyConsumedError if middleware left nothing that can be serialized
 */
export function rewriteBody(req: IncomingMessage, { body, rawBody }: ParsedBody): EncodedBody {
  const contentType = req.headers["content-type"] ?? "";
  const kept = rawBody ?? body;
  if (kept instanceof Uint8Array) return { bytes: kept };
  if (typeof rawBody === "string") return encodeText(rawBody, contentType);
  const type = mediaType(contentType);
  const length = Number(req.headers["content-length"] ?? Number.NaN);
  if (body !== undefined && (type === "application/json" || type.endsWith("+json"))) {
    return encodeJson(body, contentType, length);
  }
  if (typeof body === "string") return encodeText(body, contentType);
  if (type === "application/x-www-form-urlencoded" && typeof body === "object" && body !== null) {
    return encodeForm(body, contentType, length);
  }
  throw new BodyConsumedError(
    `middleware read the request body (${type || "without a Content-Type"}) before the WSGI app could; mount the app before that middleware, or make it keep the bytes in rawBody`,
  );
}

/** A string is a parsed JSON string, unless it has the length that the client sent: then a text parser has left it. */
function encodeJson(body: unknown, contentType: string, length: number): EncodedBody {
  const text = typeof body === "string" ? encodeText(body, contentType) : undefined;
  return text?.bytes.length === length ? text : encodeText(JSON.stringify(body), contentType);
}

function mediaType(contentType: string): string {
  return contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
