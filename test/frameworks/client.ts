/** Helpers for bodies: hashes them, and reads them while the server is still sending. */
import { createHash } from "node:crypto";
import { expect } from "vitest";

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Returns bytes as a file for a form. */
export function blob(content: Uint8Array, type = "application/octet-stream"): Blob {
  return new Blob([new Uint8Array(content)], { type });
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Reads until this text has arrived. Expects nothing after it. */
export async function firstChunk(response: Response, expected: string): Promise<Reader> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  while (text.length < expected.length) {
    const { done, value } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString("latin1");
  }
  expect(text).toBe(expected);
  return reader;
}

/** Reads the rest. Rejects if the connection breaks. */
export async function restOf(reader: Reader): Promise<string> {
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += Buffer.from(part.value).toString("latin1");
  return text;
}
