/** Parses HTTP/1 responses (RFC 9112 §6.3). Strict: throws at the first byte that it cannot parse. */
import type { HeaderPair } from "../../src/index.ts";

export interface Answer {
  readonly status: number;
  /** The reason phrase. Undefined on HTTP/2, which has none. */
  readonly reason: string | undefined;
  readonly headers: readonly HeaderPair[];
  readonly body: string;
  /** Undefined unless the body is chunked. */
  readonly chunks: readonly string[] | undefined;
  /** Whether the response ended before it was complete. */
  readonly broken: boolean;
  readonly interim: readonly number[];
}

interface Circumstances {
  readonly method: string;
  /** Whether the connection was reset, so that a body that ends with the connection is incomplete. */
  readonly reset: boolean;
}

/** @throws if the text is not a sequence of responses */
export function parseAnswers(text: string, around: Circumstances): Answer[] {
  const answers: Answer[] = [];
  let interim: number[] = [];
  for (let rest = text; rest !== ""; ) {
    const { answer, length } = parseAnswer(rest, around);
    rest = rest.slice(length);
    if (answer.status < 200) {
      interim.push(answer.status);
    } else {
      answers.push({ ...answer, interim });
      interim = [];
    }
  }
  return answers;
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) ([\t\x20-\x7e\x80-\xff]*)$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

function parseAnswer(text: string, around: Circumstances): { answer: Answer; length: number } {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = STATUS_LINE.exec(first);
  if (end === -1 || status === null) throw new Error(`not a response: ${JSON.stringify(text.slice(0, 200))}`);
  const headers = lines.map((line): HeaderPair => {
    const field = FIELD.exec(line);
    if (field === null) throw new Error(`not a header field: ${JSON.stringify(line)}`);
    return [field[1] as string, field[2] as string];
  });
  const code = Number(status[1]);
  const { length, ...body } = parseBody(text.slice(end + 4), code, headers, around);
  const answer = { status: code, reason: status[2] as string, headers, interim: [], ...body };
  return { answer, length: end + 4 + length };
}

interface Body {
  readonly body: string;
  readonly chunks: readonly string[] | undefined;
  readonly broken: boolean;
  /** The length on the wire, in bytes. */
  readonly length: number;
}

function parseBody(rest: string, code: number, headers: readonly HeaderPair[], around: Circumstances): Body {
  const field = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  if (around.method === "HEAD" || code < 200 || code === 204 || code === 304) {
    return { body: "", chunks: undefined, broken: false, length: 0 };
  }
  if (field("transfer-encoding") === "chunked") return parseChunks(rest);
  const declared = field("content-length");
  if (declared === undefined) return { body: rest, chunks: undefined, broken: around.reset, length: rest.length };
  const body = rest.slice(0, Number(declared));
  return { body, chunks: undefined, broken: body.length < Number(declared), length: body.length };
}

const CHUNK_HEAD = /^([0-9a-f]+)\r\n/;

function parseChunks(text: string): Body {
  const chunks: string[] = [];
  for (let at = 0; ; ) {
    const head = CHUNK_HEAD.exec(text.slice(at, at + 20));
    const size = Number.parseInt(head?.[1] ?? "", 16);
    const from = at + (head?.[0].length ?? 0);
    const chunk = text.slice(from, from + size);
    const complete = head !== null && text.slice(from + size, from + size + 2) === "\r\n";
    if (complete && size === 0) return { body: chunks.join(""), chunks, broken: false, length: from + 2 };
    if (!complete) return { body: chunks.join("") + chunk, chunks, broken: true, length: text.length };
    chunks.push(chunk);
    at = from + size + 2;
  }
}
