/** The options of `fastcgiApp` and `uwsgiApp`. Knows names and meanings; knows no implementation. */
import type { Logger } from "../wsgi/log.ts";

/** The options for any remote server: limits, timeouts and memory. */
export interface RemoteAppOptions {
  /**
   * The maximum number of connections to one address. Each connection carries one request at a time.
   *
   * Set it to the server's number of workers (uWSGI: processes times threads; PHP-FPM: `pm.max_children`), divided by the
   * number of Node processes. If it is higher, requests wait in the server's backlog, where this app cannot count them. If it
   * is lower, some workers stay idle.
   *
   * @default 16
   */
  maxConnections?: number | undefined;
  /**
   * How long an idle connection is kept for the next request, in milliseconds; 0 to close it at once. The app finds out
   * whether the server keeps its side open: PHP-FPM does, uWSGI does not.
   *
   * A PHP-FPM worker serves only its own connection until that closes, so idle connections take workers from other clients.
   *
   * @default 5000
   */
  keepAlive?: number | undefined;
  /**
   * How long connecting may take, in milliseconds. After that the request goes to another address.
   *
   * @default 2000
   */
  connectTimeout?: number | undefined;
  /**
   * How long the server may take to begin its response, in milliseconds; 0 for no limit. After that the client gets a 504. The
   * time does not count while the body is still being sent.
   *
   * @default 60000
   */
  requestTimeout?: number | undefined;
  /**
   * How long the server may be silent between two parts of a response that has begun, in milliseconds; 0 for no limit. After
   * that the response is aborted. The time does not count while the client is too slow to read what has arrived. An event
   * stream (`Content-Type: text/event-stream`) may be silent for as long as its client stays.
   *
   * @default 60000
   */
  streamTimeout?: number | undefined;
  /**
   * How long a request may take in all, in milliseconds, from the moment its body is complete to the end of its response; 0
   * for no limit. After that the client gets a 504.
   *
   * @default 0
   */
  totalTimeout?: number | undefined;
  /**
   * How long a request may wait for a free connection, in milliseconds; 0 for no limit. After that the client gets a 503.
   *
   * @default 30000
   */
  queueTimeout?: number | undefined;
  /**
   * How many requests may wait for a free connection. Further requests get a 503 at once.
   *
   * @default 1024
   */
  queueLength?: number | undefined;
  /**
   * The number of consecutive failed connections after which an address gets no more requests. The app then probes the address
   * after a second, and after ever longer delays of up to 30 seconds, until a connection succeeds. The last address that is up
   * keeps getting requests.
   *
   * @default 3
   */
  maxFailures?: number | undefined;
  /**
   * How long running requests may take to finish after `close()`, in milliseconds. After that their connections are closed.
   *
   * @default 10000
   */
  gracefulTimeout?: number | undefined;
  /**
   * The maximum size of a request body, in bytes. A request with a larger body gets a 413. `fromWsgi` has its own limit.
   *
   * @default Infinity
   */
  maxBodySize?: number | undefined;
  /**
   * The largest request body that is buffered in memory, in bytes. A larger body goes to a temporary file that no other user
   * can read (mode 0600) and that has no name.
   *
   * @default 1048576
   */
  spoolThreshold?: number | undefined;
  /**
   * How much memory all buffered request bodies may use together, in bytes. A body is kept until its request has ended. When
   * the memory is used up, new bodies go to temporary files from their first byte on, so that many slow uploads cannot fill it.
   *
   * @default 67108864
   */
  spoolMemory?: number | undefined;
  /**
   * How many bytes of one response are buffered in memory for a slow client. The rest goes to a temporary file, so that a slow
   * client does not occupy a worker of the server. All responses of the app together use at most about 64 MiB of memory.
   *
   * @default 1048576
   */
  responseMemory?: number | undefined;
  /**
   * How many bytes of one response are buffered in a temporary file (mode 0600, without a name); 0 for no file. When the file
   * is full or cannot be created, the server waits for the client. There is no limit for all files together: `TMPDIR` needs
   * space for as many slow clients as you expect.
   *
   * @default 1073741824
   */
  responseSpool?: number | undefined;
  /**
   * Receives messages about addresses that stop or start accepting connections.
   *
   * @default console
   */
  logger?: Logger | undefined;
}
