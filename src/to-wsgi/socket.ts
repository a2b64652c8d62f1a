/** The socket of a request that came through WSGI, without a network connection. Knows how apps use sockets; knows no HTTP. */
import { Writable } from "node:stream";
import type { RequestHead } from "../wsgi/environ.ts";

/** Receives the data and the events of a socket. */
export interface SocketOwner {
  /** Receives a chunk. Call `done` to get the next one; until then, writers see back-pressure. */
  receive(chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void): void;
  /** Called when the socket is destroyed. `error` is the argument of `destroy()`. */
  onDestroy(error: Error | null): void;
  /** Called when the timeout set by `setTimeout` expires. */
  onTimeout(): void;
}

type Address = { readonly address: string; readonly family: string; readonly port: number };

/**
 * A real `Writable`, because `http.ServerResponse` and `on-finished` read its state. Of the readable side, it has only the
 * members that apps use. It never delivers data: apps read the body from the request object.
 */
export class WsgiSocket extends Writable {
  /** The timeout set by `setTimeout`, in milliseconds. */
  timeout: number | undefined;
  readonly #head: RequestHead;
  readonly #owner: SocketOwner;
  #timer: NodeJS.Timeout | undefined;

  constructor(head: RequestHead, owner: SocketOwner) {
    super({ decodeStrings: false });
    this.#head = head;
    this.#owner = owner;
  }

  get remoteAddress(): string | undefined {
    const { mappedAddr, remoteAddr } = this.#head;
    return mappedAddr ?? (remoteAddr === "" ? undefined : remoteAddr);
  }

  get remotePort(): number | undefined {
    const { remotePort } = this.#head;
    return remotePort === undefined ? undefined : Number(remotePort);
  }

  get remoteFamily(): string | undefined {
    return this.remoteAddress && familyOf(this.remoteAddress);
  }

  get localAddress(): string {
    return this.#head.serverName.replace(/^\[(.*)\]$/, "$1");
  }

  get localPort(): number {
    return Number(this.#head.serverPort);
  }

  get localFamily(): string {
    return familyOf(this.localAddress);
  }

  /** True until the end: body parsers assume that a request has ended if its socket is not readable. */
  get readable(): boolean {
    return !this.destroyed;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void): void {
    this.#timer?.refresh();
    this.#owner.receive(chunk, encoding, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    if (error !== null) this.on("error", ignoreError);
    this.#owner.onDestroy(error);
    done(error);
  }

  address(): Address {
    return { address: this.localAddress, family: this.localFamily, port: this.localPort };
  }

  /** Emits `timeout` when nothing was written for that long; 0 turns the timeout off. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.timeout = milliseconds;
    if (milliseconds > 0) this.#timer = setTimeout(() => this.#onTimer(), milliseconds).unref();
    if (listener !== undefined) this.once("timeout", listener);
    return this;
  }

  #onTimer(): void {
    this.emit("timeout");
    this.#owner.onTimeout();
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** A socket that has those members of a TLS socket whose values are in the environ. */
export class TlsWsgiSocket extends WsgiSocket {
  readonly encrypted = true;
  readonly authorized = false;
  readonly #certificate: unknown;
  readonly #protocol: unknown;

  /** @param tls the environ, from which SSL_CLIENT_CERT (PEM) and SSL_PROTOCOL are read */
  constructor(head: RequestHead, owner: SocketOwner, tls: Readonly<Record<string, unknown>>) {
    super(head, owner);
    this.#certificate = tls.SSL_CLIENT_CERT;
    this.#protocol = tls.SSL_PROTOCOL;
  }

  /** Returns the client's certificate as `raw` (DER) or, as Node does, an empty object if there is none. */
  getPeerCertificate(): { raw?: Buffer } {
    if (typeof this.#certificate !== "string") return {};
    return { raw: Buffer.from(this.#certificate.replace(/-----[A-Z ]+-----|\s/g, ""), "base64") };
  }

  getProtocol(): string | null {
    return typeof this.#protocol === "string" ? this.#protocol : null;
  }
}

function ignoreError(): void {
  // Node's server also has an `error` listener on its sockets that does nothing: the socket is already destroyed.
}

function familyOf(address: string): string {
  return address.includes(":") ? "IPv6" : "IPv4";
}
