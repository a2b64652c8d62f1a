/** The socket of a request that came by WSGI. Knows what apps ask of sockets; knows no HTTP, and no network is behind it. */
import { Writable } from "node:stream";
import type { RequestHead } from "../wsgi/environ.ts";

/** Who takes what is written to the socket. */
export interface SocketTaker {
  /** `done` asks for the next chunk: as long as it is not called, writers feel back-pressure. */
  take(chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void): void;
  /** The socket was destroyed; `error` is what it was given. */
  gone(error: Error | null): void;
  /** The time that `setTimeout` set is over. */
  expired(): void;
}

type Address = { readonly address: string; readonly family: string; readonly port: number };

/**
 * A real stream, since `http.ServerResponse` and `on-finished` look at its state. Of its readable side there is what is asked of
 * a socket from which a server reads: nothing ever comes of it, since the request's body is the request's own.
 */
export class WsgiSocket extends Writable {
  /** Milliseconds, as set by `setTimeout`. */
  timeout: number | undefined;
  readonly #head: RequestHead;
  readonly #taker: SocketTaker;
  #timer: NodeJS.Timeout | undefined;

  constructor(head: RequestHead, taker: SocketTaker) {
    super({ decodeStrings: false });
    this.#head = head;
    this.#taker = taker;
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

  /** Body parsers believe that a request is over when its socket is not readable. */
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
    this.#taker.take(chunk, encoding, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    if (error !== null) this.on("error", ignore);
    this.#taker.gone(error);
    done(error);
  }

  address(): Address {
    return { address: this.localAddress, family: this.localFamily, port: this.localPort };
  }

  /** Emits `timeout` when nothing was written for so many milliseconds; 0 is never. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.timeout = milliseconds;
    if (milliseconds > 0) this.#timer = setTimeout(() => this.#expire(), milliseconds).unref();
    if (listener !== undefined) this.once("timeout", listener);
    return this;
  }

  #expire(): void {
    this.emit("timeout");
    this.#taker.expired();
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

/** What TLS adds, as far as the server that ended it has told. */
export class TlsWsgiSocket extends WsgiSocket {
  readonly encrypted = true;
  readonly authorized = false;
  readonly #certificate: unknown;
  readonly #protocol: unknown;

  /** @param tls the environ, for its SSL_CLIENT_CERT (PEM) and SSL_PROTOCOL */
  constructor(head: RequestHead, taker: SocketTaker, tls: Readonly<Record<string, unknown>>) {
    super(head, taker);
    this.#certificate = tls.SSL_CLIENT_CERT;
    this.#protocol = tls.SSL_PROTOCOL;
  }

  /** The client's certificate in `raw` (DER), or an empty object, as Node has it. */
  getPeerCertificate(): { raw?: Buffer } {
    if (typeof this.#certificate !== "string") return {};
    return { raw: Buffer.from(this.#certificate.replace(/-----[A-Z ]+-----|\s/g, ""), "base64") };
  }

  getProtocol(): string | null {
    return typeof this.#protocol === "string" ? this.#protocol : null;
  }
}

function ignore(): void {
  // Node's server listens to its sockets' errors, too, and does nothing: the socket is destroyed already.
}

function familyOf(address: string): string {
  return address.includes(":") ? "IPv6" : "IPv4";
}
