/** Damages bytes at random, in the same way for the same seed. Knows nothing of protocols. */
import type { Random } from "./raw-mutations.ts";

/** Returns a random integer from 0 up to, but not including, `bound`. */
export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

/** Makes one to three changes to bytes, given as Latin-1 text. */
export function damage(random: Random, whole: string): string {
  let text = whole;
  for (let changes = 1 + below(random, 3); changes > 0; changes -= 1) {
    const at = below(random, text.length + 1);
    const change = below(random, 5);
    if (change === 0) text = text.slice(0, at) + String.fromCharCode(below(random, 256)) + text.slice(at + 1);
    else if (change === 1) text = text.slice(0, at) + text.slice(at + 1 + below(random, 12));
    else if (change === 2) text = text.slice(0, at) + text.slice(below(random, text.length));
    else if (change === 3) text = text.slice(0, at);
    else
      text = `${text.slice(0, at)}${String.fromCharCode(...Array.from({ length: 8 }, () => below(random, 256)))}${text.slice(at)}`;
  }
  return text;
}
