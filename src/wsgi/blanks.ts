/** The blanks around a field's value. Knows RFC 9110 §5.6.3; knows no header. */

const SPACE = 0x20;
const TAB = 0x09;

/**
 * Text without the spaces and tabs at its ends. Not `trim()`: to that, a vertical tab is a blank (CVE-2019-16789). And no
 * pattern: `/[ \t]+$/` starts again at each blank in the middle, so that many of them take time squared.
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
