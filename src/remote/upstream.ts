/** One address with its connections and its health. Knows sockets and when they close; knows no request. */
import type { Socket } from "node:net";
import type { UnreachableError } from "../errors.ts";
import type { Deadlines } from "../node/deadlines.ts";
import type { Address } from "./address.ts";
import type { Candidate } from "./balance.ts";
import { dial } from "./dial.ts";
import { Health } from "./health.ts";
import { IdleConnections, isReusable, type Link } from "./idle-connections.ts";
import type { Protocol, RemoteConnection, RemoteOwner } from "./protocol.ts";
import { RecentCounter } from "./recent-counter.ts";
import type { RemoteSettings } from "./settings.ts";
import type { RemoteAddressStats } from "./stats.ts";

/** A request that needs a connection. The upstream calls either `start` or `unreachable`. */
export interface UpstreamJob {
  readonly retries: { readonly mayReuse: boolean };
  /** False once the client has left or has got an error. */
  readonly wanted: boolean;
  /** @param reused true if the connection has carried requests before, so that the server may be about to close it */
  start(connection: RemoteConnection, upstream: Upstream, reused: boolean): void;
  /** Called if no connection could be opened. Nothing was sent. */
  unreachable(upstream: Upstream, reason: UnreachableError): void;
}

export interface UpstreamOwner {
  readonly settings: RemoteSettings;
  readonly protocol: Protocol;
  /** The deadlines of idle connections (`keepAlive`). */
  readonly idleDeadlines: Deadlines;
  /** Called when a waiting request may find room. */
  capacityChanged(): void;
  /** True if another upstream is up. */
  hasAlternative(upstream: Upstream): boolean;
}

/** A server without keep-alive closes a connection within this time after the first request, in milliseconds. */
const CLOSE_WINDOW_MS = 1_000;
/** How long a failed request counts towards the load, in milliseconds. */
const FAILURE_WINDOW_MS = 10_000;
const FIRST_PROBE_DELAY_MS = 1_000;
const MAX_PROBE_DELAY_MS = 30_000;

export class Upstream implements Candidate, RemoteOwner {
  readonly address: Address;
  readonly #owner: UpstreamOwner;
  readonly #health: Health;
  readonly #links: Map<RemoteConnection, Link> = new Map();
  readonly #idle: IdleConnections;
  readonly #dialling: Set<Socket> = new Set();
  /** True if the server keeps connections open after a request; undefined until it has shown that. */
  #serverKeepsAlive: boolean | undefined;
  readonly #recentFailures: RecentCounter = new RecentCounter(FAILURE_WINDOW_MS);
  #requests = 0;
  #failures = 0;

  constructor(address: Address, owner: UpstreamOwner) {
    this.address = address;
    this.#owner = owner;
    this.#idle = new IdleConnections(owner.idleDeadlines);
    this.#serverKeepsAlive = owner.settings.keepAlive === 0 ? false : undefined;
    const { maxFailures, logger } = owner.settings;
    this.#health = new Health(
      { maxFailures, firstDelay: FIRST_PROBE_DELAY_MS, maxDelay: MAX_PROBE_DELAY_MS },
      {
        ejected: (reason) => logger.warn(`${reason.message}; the address gets no requests until a connection succeeds`),
        probe: () => this.#open({ opened: (link) => this.#drop(link), failed: () => undefined }),
        restored: () => logger.info(`${address.name} accepts connections again`),
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
    return this.busy + this.#recentFailures.count();
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

  /** Starts the job on an idle connection or on a new one. Call it only if `hasRoom`. */
  serve(job: UpstreamJob): void {
    this.#requests += 1;
    const idle = this.#takeIdle();
    if (idle !== undefined && job.retries.mayReuse) {
      job.start(idle.connection, this, true);
      return;
    }
    if (idle !== undefined) this.#drop(idle); // makes room for the new connection, here and in the server
    this.#open({
      opened: (link) => (job.wanted ? job.start(link.connection, this, false) : this.#drop(link)),
      failed: (reason) => job.unreachable(this, reason),
    });
  }

  /** Counts a request that was sent and failed. */
  countFailure(): void {
    this.#failures += 1;
    this.#recentFailures.add();
  }

  idle(connection: RemoteConnection): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    link.since = performance.now();
    link.idleCount += 1;
    if (link.idleCount > 1) this.#serverKeepsAlive ??= true;
    if (this.#serverKeepsAlive !== false && isReusable(link)) this.#idle.add(link);
    else this.#drop(link);
    this.#owner.capacityChanged();
  }

  closed(connection: RemoteConnection): void {
    const link = this.#links.get(connection);
    if (link === undefined) return; // this side has closed it
    if (link.idleCount === 1 && performance.now() - link.since < CLOSE_WINDOW_MS) this.#serverKeepsAlive ??= false;
    this.#removeLink(link);
    this.#owner.capacityChanged();
  }

  /** Destroys all connections; running requests get `lost`. Resolves when all sockets are closed. */
  async destroy(reason: Error): Promise<void> {
    this.#health.stop();
    const sockets = [...this.#dialling, ...[...this.#links.values()].map(({ socket }) => socket)];
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of sockets) socket.destroy(reason);
    await Promise.all(closed);
  }

  #open({ opened, failed }: { opened(link: Link): void; failed(reason: UnreachableError): void }): void {
    const { settings } = this.#owner;
    const socket = dial(this.address, settings.connectTimeout, {
      connected: () => {
        this.#dialling.delete(socket);
        const link = this.#addLink(socket);
        this.#health.succeeded();
        opened(link);
        this.#owner.capacityChanged();
      },
      failed: (reason) => {
        this.#dialling.delete(socket);
        this.#failures += 1;
        this.#health.failed(reason, this.#owner.hasAlternative(this));
        failed(reason);
        this.#owner.capacityChanged();
      },
    });
    this.#dialling.add(socket);
  }

  #addLink(socket: Socket): Link {
    const connection = this.#owner.protocol.connect(socket, this);
    const link: Link = { connection, socket, since: 0, idleCount: 0, expire: () => this.#drop(link) };
    this.#links.set(connection, link);
    return link;
  }

  /** Returns an idle connection that the server has not closed, as far as this side knows. */
  #takeIdle(): Link | undefined {
    for (let link = this.#idle.take(); link !== undefined; link = this.#idle.take()) {
      if (isReusable(link)) return link;
      this.#drop(link);
    }
    return undefined;
  }

  /** Closes the connection. `closed` ignores it from now on. */
  #drop(link: Link): void {
    this.#removeLink(link);
    link.socket.destroy();
  }

  #removeLink(link: Link): void {
    this.#links.delete(link.connection);
    this.#idle.delete(link);
  }
}
