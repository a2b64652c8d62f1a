/** A line per request, in the combined log format. Knows the log; knows nothing of what answers. */
import type { RequestListener } from "node:http";
import morgan from "morgan";

/** The same listener, with each request written to `info` when its answer has ended or its client has left. */
export function withAccessLog(listener: RequestListener, info: (line: string) => void): RequestListener {
  const log = morgan("combined", { stream: { write: (line) => info(line.trimEnd()) } });
  return (req, res) => log(req, res, () => listener(req, res));
}
