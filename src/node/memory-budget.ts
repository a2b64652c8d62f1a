/** What many holders of bytes may hold in memory together. Knows a sum; knows nothing of who holds what. */
export class MemoryBudget {
  #left: number;

  /** @param bytes how many they may hold together; infinite for no bound */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns false when so many bytes are not left: then none are taken */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** For bytes that were taken, once they are held no more. */
  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}
