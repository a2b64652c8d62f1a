/** Opens a connection within a time. Knows sockets; knows no protocol. */
import { connect, type Socket } from "node:net";
import { UnreachableError } from "../errors.ts";
import type { Address } from "./address.ts";
import { connectedTooLate, refused } from "./errors.ts";

/** One of them is called, once, and not before `dial` has returned. */
export interface DialEvents {
  connected(): void;
  failed(reason: UnreachableError): void;
}

/**
 * Begins to connect. Destroying the socket while it connects is a failure like others.
 *
 * @param timeout milliseconds
 */
export function dial({ name, target }: Address, timeout: number, events: DialEvents): Socket {
  const socket = connect({ ...target, noDelay: true });
  const timer = setTimeout(() => socket.destroy(connectedTooLate(name, timeout)), timeout);
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
    events.failed(error instanceof UnreachableError ? error : refused(name, error)); // one is ours, from the timer
  };
  const closed = (): void => failed(new Error("the connection was given up"));
  return socket.on("connect", connected).on("error", failed).on("close", closed);
}
