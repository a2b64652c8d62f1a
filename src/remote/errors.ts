/** The errors for a remote server that fails. Knows messages; knows no connection. */
import {
  AppClosedError,
  OverloadedError,
  QueueTimeoutError,
  RequestTimeoutError,
  UnreachableError,
  UpstreamError,
} from "../errors.ts";
import { exceeded, type ResponseLimit } from "../node/response-timer.ts";
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

export function requestTimedOut(address: string, settings: RemoteSettings, limit: ResponseLimit): RequestTimeoutError {
  return new RequestTimeoutError(`${address} ${exceeded(limit, settings)}`);
}

export function totalTimedOut(address: string, { totalTimeout }: RemoteSettings): RequestTimeoutError {
  return new RequestTimeoutError(`${address} took longer than totalTimeout, ${totalTimeout} ms`);
}

export function closedError(): AppClosedError {
  return new AppClosedError("the remote application was closed and takes no more requests");
}
