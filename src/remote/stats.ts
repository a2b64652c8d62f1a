/** The type of `stats()`. Knows the shape; knows no pool. */

/** The state of one address. */
export interface RemoteAddressStats {
  /** The address as `host:port`, or the path of the socket. */
  readonly address: string;
  /** The number of connections that are open or being opened. */
  readonly connections: number;
  /** The number of those that carry a request, or are being opened. */
  readonly busy: number;
  /** True while the address accepts no connections and so gets no requests. The app probes it from time to time. */
  readonly ejected: boolean;
  /** The number of requests sent to the address. Each retry counts. */
  readonly requests: number;
  /** The number of connections that could not be opened, plus the requests that broke off, were refused or timed out. */
  readonly failures: number;
}

/** The current state of a remote app. */
export interface RemoteAppStats {
  readonly addresses: readonly RemoteAddressStats[];
  readonly queue: {
    /** The number of requests that wait for a free connection. */
    readonly length: number;
  };
}
