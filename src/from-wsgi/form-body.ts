/** Serializes a parsed form. Knows the ways to write lists and nested names; knows no request. */
import { charsetOf, type EncodedBody, fitsLatin1, isLatin1, withUtf8 } from "./charset.ts";

/** What a parsed form does not tell: it is the same for `a=1&a=2` and `a[]=1&a[]=2`. */
interface Style {
  /** Whether a list of several values has names that end with `[]`. */
  readonly listBrackets: boolean;
  /** Whether brackets are percent-encoded. */
  readonly encodedBrackets: boolean;
  readonly space: "+" | "%20";
}

const STYLES: readonly Style[] = [false, true].flatMap((listBrackets) =>
  [true, false].flatMap((encodedBrackets) =>
    (["%20", "+"] as const).map((space) => ({ listBrackets, encodedBrackets, space })),
  ),
);

/**
 * Serializes a form in the charset of its Content-Type, else in UTF-8. Of the ways to write it, takes the first that has the
 * length that the client sent. If none has it, lists are repeated names, which all parsers read.
 *
 *     { a: ["1", "2"] }, 7                       → "a=1&a=2"
 *     { a: ["1", "2"] }, 19                      → "a%5B%5D=1&a%5B%5D=2"
 *     { a: ["1"] }                               → "a%5B%5D=1"            only brackets make a list of one value
 *     { b: { c: "ü" } }                          → "b%5Bc%5D=%C3%BC"
 */
export function encodeForm(fields: object, contentType: string, length: number): EncodedBody {
  const charset = charsetOf(contentType);
  const latin1 = isLatin1(charset);
  const pairs = (style: Style): [name: string, value: string][] => formPairs(fields, style);
  const [plain] = STYLES as [Style];
  const fits = !latin1 || pairs(plain).every((pair) => pair.every(fitsLatin1));
  const encoding = latin1 && fits ? "latin1" : "utf8";
  const write = (style: Style): string =>
    pairs(style)
      .map(([name, value]) => `${percentEncode(name, encoding, style)}=${percentEncode(value, encoding, style, true)}`)
      .join("&");
  // Two ways may have the same length. Whoever nests names in brackets most likely writes lists with them, too.
  const isNested = pairs(plain).some(([name]) => name.includes("["));
  const likely = isNested ? STYLES.toSorted((a, b) => Number(b.listBrackets) - Number(a.listBrackets)) : STYLES;
  const text = likely.map(write).find((candidate) => candidate.length === length) ?? write(plain);
  const isKept = charset === undefined || charset === "utf-8" || encoding === "latin1";
  return { bytes: Buffer.from(text, "latin1"), type: isKept ? undefined : withUtf8(contentType) };
}

function formPairs(fields: object, { listBrackets }: Style): [name: string, value: string][] {
  const pairs: [name: string, value: string][] = [];
  const add = (name: string, value: unknown): void => {
    if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
      const hasBrackets = (value.length === 1 || listBrackets) && !name.endsWith("[]");
      const itemName = hasBrackets ? `${name}[]` : name;
      for (const item of value) add(itemName, item);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) add(`${name}[${key}]`, item);
    } else {
      pairs.push([name, String(value ?? "")]);
    }
  };
  for (const [name, value] of Object.entries(fields)) add(name, value);
  return pairs;
}

/** Percent-encodes the bytes of a text. */
function percentEncode(text: string, encoding: "latin1" | "utf8", style: Style, isValue = false): string {
  let escaped = "";
  for (const byte of Buffer.from(text, encoding)) {
    const char = String.fromCharCode(byte);
    if (/[\w.~!*'()-]/.test(char) || (!isValue && !style.encodedBrackets && /[[\]]/.test(char))) escaped += char;
    else if (byte === 0x20) escaped += style.space;
    else escaped += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}
