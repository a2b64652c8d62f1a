/** A limit on the memory that many objects use together. Knows only the sum; does not know the objects. */
export class MemoryBudget {
  #left: number;

  /** @param bytes the limit for all objects together; infinite for no limit */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns false, without taking any bytes, if fewer than `bytes` are left */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Returns bytes that were taken and are no longer in use. */
  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}
