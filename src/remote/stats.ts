/** What `stats()` tells. Knows the shape; knows no pool. */

/** One address. */
export interface RemoteAddressStats {
  /** As it was given: `host:port`, or a path. */
  readonly address: string;
  /** How many connections are open or being opened. */
  readonly connections: number;
  /** How many of them have a request, or are being opened for one. */
  readonly busy: number;
  /** It takes no connections and so gets no requests; it is tried from time to time. */
  readonly ejected: boolean;
  /** How many requests it was given; a second try counts anew. */
  readonly requests: number;
  /** How many connections could not be opened, and how many requests broke off, were refused or took too long. */
  readonly failures: number;
}

/** A remote app seen from inside, now. */
export interface RemoteAppStats {
  readonly addresses: readonly RemoteAddressStats[];
  readonly queue: {
    /** How many requests wait for a connection to be free. */
    readonly length: number;
  };
}
