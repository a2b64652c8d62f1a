/** The errors for a remote server that fails. Knows messages; knows no connection. */
import {
  AppClosedError,
  OverloadedError,
  QueueTimeoutError,
  RequestTimeoutError,
  UnreachableError,
  UpstreamError,
} from "../errors.ts";
import type { RemoteSettings } from "./settings.ts";

export function cannotConnect(address: string, cause: Error): UnreachableError {
  return new UnreachableError(`cannot connect to ${address}: ${cause.message}`, { status: 502, cause });
}

export function connectTimedOut(address: string, timeout: number): UnreachableError {
  return new UnreachableError(`cannot connect to ${address} within connectTimeout, ${timeout} ms`, { status: 504 });
}

export function brokenResponse(address: string, cause: Error): UpstreamError {
  return new UpstreamError(`the response of ${address} broke off: ${cause.message}`, { cause });
}

/** @param cause why the response head cannot be sent to the client */
export function malformedResponse(address: string, cause: Error): UpstreamError {
  return new UpstreamError(`${address} sent a response that is not valid HTTP: ${cause.message}`, { cause });
}

export function overloaded(address: string): OverloadedError {
  return new OverloadedError(`${address} is overloaded; give it more workers, or lower maxConnections`);
}

export function queueTimedOut({ queueTimeout }: RemoteSettings): QueueTimeoutError {
  return new QueueTimeoutError(
    `no connection was free within queueTimeout, ${queueTimeout} ms; raise maxConnections and the server's number of workers`,
  );
}

/** @param option the option that sets the limit @param milliseconds its value */
export function requestTimedOut(address: string, option: string, milliseconds: number): RequestTimeoutError {
  return new RequestTimeoutError(`${address} took longer than ${option}, ${milliseconds} ms`);
}

export function closedError(): AppClosedError {
  return new AppClosedError("the remote application was closed and takes no more requests");
}
