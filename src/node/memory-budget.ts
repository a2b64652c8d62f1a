/** A limit on the memory that many objects use together. Knows only the sum; does not know the objects. */
export class MemoryBudget {
  #left: number;

  /** @param bytes the limit for all objects together; infinite for no limit */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns false, without reserving anything, if fewer than `bytes` are left */
  reserve(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Releases reserved bytes that are no longer in use. */
  release(bytes: number): void {
    this.#left += bytes;
  }
}
