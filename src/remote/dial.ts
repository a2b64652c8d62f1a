/** Opens a connection, with a timeout. Knows sockets; knows no protocol. */
import { connect, type Socket } from "node:net";
import { UnreachableError } from "../errors.ts";
import type { Address } from "./address.ts";
import { cannotConnect, connectTimedOut } from "./errors.ts";

/** The result of `dial`. Exactly one of these is called, once, after `dial` has returned. */
export interface DialEvents {
  connected(): void;
  failed(reason: UnreachableError): void;
}

/**
 * Starts to connect and returns the socket. If the caller destroys the socket before it is connected, `failed` is called.
 *
 * @param timeout in milliseconds
 */
export function dial({ name, target }: Address, timeout: number, events: DialEvents): Socket {
  const socket = connect({ ...target, noDelay: true });
  const timer = setTimeout(() => socket.destroy(connectTimedOut(name, timeout)), timeout);
  const settle = (): void => {
    clearTimeout(timer);
    socket.off("connect", connected).off("error", failed).off("close", closed);
  };
  const connected = (): void => {
    settle();
    events.connected();
  };
  const failed = (error: Error): void => {
    settle();
    events.failed(error instanceof UnreachableError ? error : cannotConnect(name, error)); // UnreachableError: the timer above
  };
  const closed = (): void => failed(new Error("the attempt to connect was aborted"));
  return socket.on("connect", connected).on("error", failed).on("close", closed);
}
