/** Logs a line for each request, in the combined log format. Knows nothing about the app. */
import type { RequestListener } from "node:http";
import morgan from "morgan";

/** Wraps a listener so that each request is logged when its response has ended or its client has left. */
export function withAccessLog(listener: RequestListener, info: (line: string) => void): RequestListener {
  const log = morgan("combined", { stream: { write: (line) => info(line.trimEnd()) } });
  return (req, res) => log(req, res, () => listener(req, res));
}
