/** `wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"; FW). */
import type { Environ, FileLike, HeaderPair, WsgiApp } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { type Apps, both, PLAIN, text } from "../apps.ts";
import type { Case } from "../types.ts";

const CONTENT = "0123456789".repeat(40);

interface Shape {
  /** The number of bytes that the app has read before. */
  readonly position?: number;
  readonly blockSize?: number;
  readonly status?: string;
  readonly headers?: HeaderPair[];
  /** In Python: whether the file is a real file; otherwise it is in memory. */
  readonly real?: boolean;
}

/** Returns apps that send the content through the wrapper. The file writes "closed" to `wsgi.errors` when it is closed. */
function sendsFile({ position = 0, blockSize = 8192, status = "200 OK", headers = [PLAIN], real = true }: Shape): Apps {
  const app: WsgiApp = (environ, startResponse) => {
    startResponse(status, headers);
    return environ["wsgi.file_wrapper"](openFile(environ, CONTENT.slice(position)), blockSize);
  };
  return both("sends_file", app, CONTENT, position, blockSize, status, headers, real);
}

/** Returns a file that may read fewer bytes than asked for. */
function openFile(environ: Environ, content: string): FileLike {
  let at = 0;
  return {
    read: (size) => {
      const block = content.slice(at, at + Math.min(size, 120));
      at += block.length;
      return bytes(block);
    },
    close: () => environ["wsgi.errors"].write("closed\n"),
  };
}

export const FILES: readonly Case[] = [
  ...[true, false].map(
    (real): Case => ({
      name: `FW-01, FW-02: sends a complete file and closes it once (${real ? "a real file" : "in memory"})`,
      ...sendsFile({ real }),
      expect: { headers: [PLAIN], body: CONTENT, closed: 1 },
    }),
  ),
  {
    name: "FW-03: sends a file from its current position",
    ...sendsFile({ position: 395 }),
    expect: { body: CONTENT.slice(395), closed: 1 },
  },
  ...[true, false].map(
    (real): Case => ({
      name: `FW-03: a file sought beyond its end is empty (${real ? "a real file" : "in memory"})`,
      ...sendsFile({ position: 1000, real }),
      expect: { headers: [PLAIN, ["Content-Length", "0"]], body: "", closed: 1 },
    }),
  ),
  {
    breaks: true,
    name: "FW-03: sends a file up to Content-Length",
    ...sendsFile({ headers: [PLAIN, ["Content-Length", "130"]] }),
    expect: { body: CONTENT.slice(0, 130), closed: 1, log: [/more than its Content-Length/] },
  },
  {
    breaks: true,
    name: "FW-03, CL-04: aborts the response if the file is shorter than its Content-Length",
    ...sendsFile({ headers: [PLAIN, ["Content-Length", "999"]] }),
    expect: { body: CONTENT, closed: 1, broken: true, log: [/599 bytes shorter than its Content-Length/] },
  },
  {
    name: "FW-04: sends blocks of the requested size, and short blocks as they come (B3: FileWrapper)",
    ...sendsFile({ blockSize: 120, real: false }),
    expect: { chunks: [0, 120, 240, 360].map((at) => CONTENT.slice(at, at + 120)), closed: 1 },
  },
  {
    name: "FW-04: sends an empty file",
    ...sendsFile({ position: 400 }),
    expect: { headers: [PLAIN, ["Content-Length", "0"]], body: "", closed: 1 },
  },
  {
    name: "FW-05: does not send a file whose wrapper the app drops",
    ...both("drops_file", (environ, startResponse) => {
      environ["wsgi.file_wrapper"](openFile(environ, "secret"));
      return text(startResponse, "other");
    }),
    expect: { headers: [PLAIN], autoLength: 5, body: "other" },
  },
  {
    name: "FW-05: lets middleware iterate over the wrapper",
    ...both("reads_file", async (environ, startResponse) => {
      const wrapper = environ["wsgi.file_wrapper"](openFile(environ, "abcdef"), 4);
      let body = "";
      for await (const block of wrapper) body += Buffer.from(block).toString("latin1").toUpperCase();
      await wrapper.close?.();
      return text(startResponse, body);
    }),
    expect: { headers: [PLAIN], autoLength: 6, body: "ABCDEF", closed: 1 },
  },
  {
    name: "FW-02: gives the wrapper a close() only if the file has one",
    ...both("closable", (environ, startResponse) => {
      const wrap = environ["wsgi.file_wrapper"];
      const files: FileLike[] = [{ read: () => bytes("") }, { read: () => bytes(""), close: () => undefined }];
      return text(startResponse, files.map((file) => String("close" in wrap(file))).join());
    }),
    expect: { body: "false,true" },
  },
  {
    name: "FW-06: closes the file of a HEAD request and sends no body",
    request: { method: "HEAD", times: 2 },
    ...sendsFile({ headers: [PLAIN, ["Content-Length", "400"]] }),
    expect: { headers: [PLAIN, ["Content-Length", "400"]], body: "", closed: 2 },
  },
  ...["204 No Content", "304 Not Modified"].map(
    (status): Case => ({
      breaks: true,
      name: `FW-06: closes the file of a ${status} and sends no body`,
      ...sendsFile({ status, headers: [] }),
      expect: { status: Number(status.slice(0, 3)), headers: [], body: "", closed: 1 },
    }),
  ),
];
