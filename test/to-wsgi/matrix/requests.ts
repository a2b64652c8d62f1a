/** Requests as bytes; later requests can use values from earlier responses. Text is latin-1: one character per byte. */
import type { Answer, Request } from "./types.ts";

/** `request("GET", "/a", "X: y")`; each connection carries one request. A body gets its Content-Length. */
export function request(method: string, target: string, fields: readonly string[] = [], body?: string): string {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: site.test:8080", "Connection: close", ...fields];
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

export const get = (target: string, ...fields: string[]): string => request("GET", target, fields);
export const head = (target: string, ...fields: string[]): string => request("HEAD", target, fields);
export const post = (target: string, type: string, body: string, ...fields: string[]): string =>
  request("POST", target, [`Content-Type: ${type}`, ...fields], body);

/** A POST whose body has no declared length. */
export function postChunked(target: string, type: string, chunks: readonly string[]): string {
  const body = [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return request("POST", target, [`Content-Type: ${type}`, "Transfer-Encoding: chunked"]) + body;
}

/** The same request with the cookies that earlier responses have set, as a browser sends them. */
export function withCookies(plain: string): Request {
  return (before) => plain.replace("\r\n\r\n", `\r\nCookie: ${cookiesOf(before)}\r\n\r\n`);
}

function cookiesOf(before: readonly Answer[]): string {
  const jar = new Map<string, string>();
  for (const value of before.flatMap((answer) => fieldsOf(answer, "set-cookie"))) {
    const [pair = ""] = value.split(";", 1);
    const [name = ""] = pair.split("=", 1);
    if (pair === `${name}=`) jar.delete(name);
    else jar.set(name, pair);
  }
  return [...jar.values()].join("; ");
}

/** A GET with one field, whose value is that of a field of the previous response. */
export function getWith(target: string, name: string, from: string, ...fields: string[]): Request {
  return (before) => get(target, `${name}: ${fieldsOf(before.at(-1), from)[0]}`, ...fields);
}

function fieldsOf(answer: Answer | undefined, name: string): string[] {
  return (answer?.headers ?? [])
    .filter((field) => field.startsWith(`${name}: `))
    .map((field) => field.slice(name.length + 2));
}

/** A form as browsers send files; the boundary is always the same. */
export function multipart(
  ...parts: readonly (readonly [disposition: string, type: string, content: string])[]
): string {
  const body = parts.map(
    ([disposition, type, content]) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`,
  );
  return `${body.join("")}--${BOUNDARY}--\r\n`;
}

const BOUNDARY = "----matrix";
export const MULTIPART: string = `multipart/form-data; boundary=${BOUNDARY}`;
