/** Encodes text in the charset of a Content-Type. Knows the charsets that Node can write. */

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)"?/i;

/** Bytes, and the Content-Type that tells their charset: undefined if it is the one that the client sent. */
export interface EncodedBody {
  readonly bytes: Uint8Array;
  readonly type?: string | undefined;
}

/** Returns the charset of a Content-Type in lower case; undefined if there is none. */
export function charsetOf(contentType: string): string | undefined {
  return CHARSET.exec(contentType)?.[1]?.toLowerCase();
}

/** Encodes in the declared charset; if that is not possible, in UTF-8 and with a Content-Type that says so. */
export function encodeText(text: string, contentType: string): EncodedBody {
  const charset = charsetOf(contentType);
  const bytes = encode(text, charset);
  return bytes === undefined ? { bytes: Buffer.from(text), type: withUtf8(contentType) } : { bytes };
}

/** Returns the Content-Type with the charset UTF-8. */
export function withUtf8(contentType: string): string {
  return contentType.replace(CHARSET, "; charset=utf-8");
}

export function isLatin1(charset: string | undefined): boolean {
  return charset === "iso-8859-1" || charset === "latin1";
}

export function fitsLatin1(text: string): boolean {
  return !/[^\x00-\xff]/.test(text);
}

function encode(text: string, charset: string | undefined): Uint8Array | undefined {
  if (charset === undefined || charset === "utf-8" || charset === "utf8") return Buffer.from(text);
  if (isLatin1(charset)) return fitsLatin1(text) ? Buffer.from(text, "latin1") : undefined;
  if (charset === "us-ascii") return /[^\x00-\x7f]/.test(text) ? undefined : Buffer.from(text);
  if (charset === "utf-16le") return Buffer.from(text, "utf16le");
  if (charset === "utf-16be") return Buffer.from(text, "utf16le").swap16();
  if (charset === "utf-16") return Buffer.from(`\ufeff${text}`, "utf16le"); // the mark tells the byte order
  return undefined;
}
