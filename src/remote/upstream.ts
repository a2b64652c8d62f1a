/** One address: its connections, and whether it is alive. Knows sockets and their ends; knows no request's meaning. */
import type { Socket } from "node:net";
import type { UnreachableError } from "../errors.ts";
import type { Deadlines } from "../node/deadlines.ts";
import type { Address } from "./address.ts";
import type { Candidate } from "./balance.ts";
import { dial } from "./dial.ts";
import { Health } from "./health.ts";
import { IdleConnections, isWhole, type Link } from "./idle-connections.ts";
import type { Protocol, RemoteConnection, RemoteOwner } from "./protocol.ts";
import { RecentCounter } from "./recent-counter.ts";
import type { RemoteSettings } from "./settings.ts";
import type { RemoteAddressStats } from "./stats.ts";

/** A request in want of a connection: one of `start` and `unreachable` is called. */
export interface UpstreamJob {
  readonly tries: { readonly mayReuse: boolean };
  /** False when nobody waits for it any more. */
  readonly wanted: boolean;
  /** @param kept the connection has had requests before, so the server may be about to close it */
  start(connection: RemoteConnection, upstream: Upstream, kept: boolean): void;
  /** No connection could be had: no byte was sent. */
  unreachable(upstream: Upstream, reason: UnreachableError): void;
}

export interface UpstreamOwner {
  readonly settings: RemoteSettings;
  readonly protocol: Protocol;
  /** The time of connections without a request. */
  readonly resting: Deadlines;
  /** Somebody may find room now. */
  changed(): void;
  /** Are there others that get requests? */
  isDispensable(upstream: Upstream): boolean;
}

/** A server that keeps no connections closes each within this time after its first request, in milliseconds. */
const CLOSES_WITHIN_MS = 1_000;
/** How long a failed request counts as load, in milliseconds. */
const LATELY_MS = 10_000;
const FIRST_PROBE_MS = 1_000;
const LAST_PROBE_MS = 30_000;

export class Upstream implements Candidate, RemoteOwner {
  readonly address: Address;
  readonly #owner: UpstreamOwner;
  readonly #health: Health;
  readonly #links: Map<RemoteConnection, Link> = new Map();
  readonly #idle: IdleConnections;
  readonly #dialling: Set<Socket> = new Set();
  /** Does the server keep its side of a connection open? Undefined until it has shown. */
  #keeps: boolean | undefined;
  readonly #failedLately: RecentCounter = new RecentCounter(LATELY_MS);
  #requests = 0;
  #failures = 0;

  constructor(address: Address, owner: UpstreamOwner) {
    this.address = address;
    this.#owner = owner;
    this.#idle = new IdleConnections(owner.resting);
    this.#keeps = owner.settings.keepAlive === 0 ? false : undefined;
    const { maxFailures, logger } = owner.settings;
    this.#health = new Health(
      { maxFailures, firstProbe: FIRST_PROBE_MS, lastProbe: LAST_PROBE_MS },
      {
        ejected: (reason) => logger.warn(`${reason.message}; it gets no requests until it does`),
        probe: () => this.#open({ had: (link) => this.#drop(link), failed: () => undefined }),
        restored: () => logger.info(`${address.name} takes connections again`),
      },
    );
  }

  get isEjected(): boolean {
    return this.#health.isEjected;
  }

  get busy(): number {
    return this.#links.size - this.#idle.size + this.#dialling.size;
  }

  get load(): number {
    return this.busy + this.#failedLately.count();
  }

  get hasRoom(): boolean {
    return this.busy < this.#owner.settings.maxConnections;
  }

  get stats(): RemoteAddressStats {
    return {
      address: this.address.name,
      connections: this.#links.size + this.#dialling.size,
      busy: this.busy,
      ejected: this.isEjected,
      requests: this.#requests,
      failures: this.#failures,
    };
  }

  /** Gives a request a connection, now or when one is open. Only while it has room. */
  serve(job: UpstreamJob): void {
    this.#requests += 1;
    const kept = this.#takeIdle();
    if (kept !== undefined && job.tries.mayReuse) {
      job.start(kept.connection, this, true);
      return;
    }
    if (kept !== undefined) this.#drop(kept); // the new one takes its place, and its worker
    this.#open({
      had: (link) => (job.wanted ? job.start(link.connection, this, false) : this.#drop(link)),
      failed: (reason) => job.unreachable(this, reason),
    });
  }

  /** A request failed here that was sent. */
  noteFailure(): void {
    this.#failures += 1;
    this.#failedLately.note();
  }

  idle(connection: RemoteConnection): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    link.since = performance.now();
    link.rests += 1;
    if (link.rests > 1) this.#keeps ??= true;
    if (this.#keeps !== false && isWhole(link)) this.#idle.add(link);
    else this.#drop(link);
    this.#owner.changed();
  }

  closed(connection: RemoteConnection): void {
    const link = this.#links.get(connection);
    if (link === undefined) return; // given up by this side
    if (link.rests === 1 && performance.now() - link.since < CLOSES_WITHIN_MS) this.#keeps ??= false;
    this.#forget(link);
    this.#owner.changed();
  }

  /** Ends everything; requests under way hear `lost`. Resolves when all sockets are closed. */
  async destroy(reason: Error): Promise<void> {
    this.#health.stop();
    const sockets = [...this.#dialling, ...[...this.#links.values()].map(({ socket }) => socket)];
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of sockets) socket.destroy(reason);
    await Promise.all(closed);
  }

  #open({ had, failed }: { had(link: Link): void; failed(reason: UnreachableError): void }): void {
    const { settings } = this.#owner;
    const socket = dial(this.address, settings.connectTimeout, {
      connected: () => {
        this.#dialling.delete(socket);
        const link = this.#adopt(socket);
        this.#health.succeeded();
        had(link);
        this.#owner.changed();
      },
      failed: (reason) => {
        this.#dialling.delete(socket);
        this.#failures += 1;
        this.#health.failed(reason, this.#owner.isDispensable(this));
        failed(reason);
        this.#owner.changed();
      },
    });
    this.#dialling.add(socket);
  }

  #adopt(socket: Socket): Link {
    const connection = this.#owner.protocol.connect(socket, this);
    const link: Link = { connection, socket, since: 0, rests: 0, expire: () => this.#drop(link) };
    this.#links.set(connection, link);
    return link;
  }

  /** One that rests and is not about to close, as far as this side has heard. */
  #takeIdle(): Link | undefined {
    for (let link = this.#idle.take(); link !== undefined; link = this.#idle.take()) {
      if (isWhole(link)) return link;
      this.#drop(link);
    }
    return undefined;
  }

  /** Its end is no news any more. */
  #drop(link: Link): void {
    this.#forget(link);
    link.socket.destroy();
  }

  #forget(link: Link): void {
    this.#links.delete(link.connection);
    this.#idle.delete(link);
  }
}
