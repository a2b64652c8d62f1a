/** Makes blocks of bytes from text, and promises that a test resolves. */

export function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Returns a promise and the function that resolves it. */
export function signal<T = void>(): { promise: Promise<T>; fire: (value: T) => void } {
  let fire: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    fire = resolve;
  });
  return { promise, fire };
}
