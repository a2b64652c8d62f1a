/** Formats values for messages: on one line, without control characters, and not too long. */

/**
 * Returns a value as text for a message.
 *
 *     show("200\nOK")      → '"200\\nOK"'
 *     show("\u0416")       → '"\\u0416"'
 *     show([1])            → "an array"
 *     show(null)           → "null"
 *     show(4)              → "4"
 *     show(new Map())      → "a Map"
 *     show({})             → "an object"
 */
export function show(value: unknown): string {
  if (typeof value === "string") {
    const text = JSON.stringify(value.slice(0, 80));
    return text.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  }
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return className(value);
  return typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}` : String(value);
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && /^[A-Z]\w*$/.test(name) && name !== "Object" ? `a ${name}` : "an object";
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
