/** A body that arrives in the given pieces, and counts the calls of `next()`. */
import { BodyInput, type ByteSource } from "../../src/wsgi/input.ts";
import { bytes } from "./bytes.ts";

export class PieceSource implements ByteSource {
  asked = 0;
  readonly #pieces: readonly (string | Error)[];

  /** From an error among the pieces on, `next()` rejects with it. */
  constructor(...pieces: (string | Error)[]) {
    this.#pieces = pieces;
  }

  async next(): Promise<Uint8Array | undefined> {
    const piece = this.#pieces[this.asked];
    if (piece instanceof Error) throw piece;
    this.asked += 1;
    return piece === undefined ? undefined : bytes(piece);
  }
}

export function inputOf(...pieces: (string | Error)[]): BodyInput {
  return new BodyInput(new PieceSource(...pieces));
}
