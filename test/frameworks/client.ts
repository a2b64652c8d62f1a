/** What tests do with bodies: hash them, and read them while the other side is still writing. */
import { createHash } from "node:crypto";
import { expect } from "vitest";

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Bytes as a form's file. */
export function blob(content: Uint8Array, type = "application/octet-stream"): Blob {
  return new Blob([new Uint8Array(content)], { type });
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Reads until this has come, and no byte more of what is not sent yet. */
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

/** All that follows. Rejects where the connection breaks. */
export async function restOf(reader: Reader): Promise<string> {
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += Buffer.from(part.value).toString("latin1");
  return text;
}
