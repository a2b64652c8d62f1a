/** Trims the whitespace around a header's value (RFC 9110 §5.6.3, OWS). */

const SPACE = 0x20;
const TAB = 0x09;

/**
 * Returns the text without spaces and tabs at its ends. `trim()` would remove a vertical tab as well (CVE-2019-16789). The
 * pattern `/[ \t]+$/` would start again at each space in the middle, which takes quadratic time.
 *
 *     trimBlanks(" \ta b\t")           → "a b"
 *     trimBlanks("\x0ba\xa0")          → "\x0ba\xa0"
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
