/** What is said when a server on the other side of a connection fails. Knows words; knows no connection. */
import {
  AppClosedError,
  OverloadedError,
  QueueTimeoutError,
  RequestTimeoutError,
  UnreachableError,
  UpstreamError,
} from "../errors.ts";
import type { RemoteSettings } from "./settings.ts";

export function refused(address: string, cause: Error): UnreachableError {
  return new UnreachableError(`${address} takes no connection: ${cause.message}`, { status: 502, cause });
}

export function connectedTooLate(address: string, timeout: number): UnreachableError {
  return new UnreachableError(`${address} took no connection within connectTimeout, ${timeout} ms`, { status: 504 });
}

export function broken(address: string, cause: Error): UpstreamError {
  return new UpstreamError(`${address} ended before its response was complete: ${cause.message}`, { cause });
}

/** @param cause why the response's head cannot be sent on */
export function malformedResponse(address: string, cause: Error): UpstreamError {
  return new UpstreamError(`${address} sent a response that HTTP does not allow: ${cause.message}`, { cause });
}

export function overloaded(address: string): OverloadedError {
  return new OverloadedError(`${address} takes no further request now; give it more workers, or lower maxConnections`);
}

export function queueTimedOut({ queueTimeout }: RemoteSettings): QueueTimeoutError {
  return new QueueTimeoutError(
    `no connection was free within queueTimeout, ${queueTimeout} ms; raise maxConnections, and the server's workers`,
  );
}

/** @param option the one whose time it was @param milliseconds its value */
export function requestTimedOut(address: string, option: string, milliseconds: number): RequestTimeoutError {
  return new RequestTimeoutError(`${address} took longer than ${option}, ${milliseconds} ms`);
}

export function closedError(): AppClosedError {
  return new AppClosedError("the remote application was closed and takes no further requests");
}
