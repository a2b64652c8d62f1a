/** What a remote app can be told, whatever its protocol. Knows the names and what they mean; knows nothing of how it is done. */
import type { Logger } from "../wsgi/log.ts";

/** How a remote server is reached, and how much patience it is met with. */
export interface RemoteAppOptions {
  /**
   * How many connections there may be to one address, each with one request at a time.
   *
   * As many as the server has workers (uWSGI: processes times threads; PHP-FPM: `pm.max_children`), divided by the number of
   * Node processes. With more, requests wait in the server's backlog, where nobody can count them; with fewer, workers idle.
   *
   * @default 16
   */
  maxConnections?: number | undefined;
  /**
   * How long a connection without a request is kept for the next, in milliseconds; 0 to keep none. Whether a server keeps its
   * side is found out: uWSGI does not, PHP-FPM does.
   *
   * A PHP-FPM worker serves the connection that it has and no other, so kept connections take workers from other clients.
   *
   * @default 5000
   */
  keepAlive?: number | undefined;
  /**
   * How long the opening of a connection may take, in milliseconds. Then another address is tried.
   *
   * @default 2000
   */
  connectTimeout?: number | undefined;
  /**
   * How long the server may take to begin its response, and then from one piece of it to the next, in milliseconds; 0 for no
   * limit. The client gets a 504. Time in which the client does not take what is there, or a body is still being sent, does not
   * count.
   *
   * @default 60000
   */
  requestTimeout?: number | undefined;
  /**
   * How long a request may take from the moment its body is whole to the end of its response, in milliseconds, whatever goes
   * on in between; 0 for no limit. The client gets a 504.
   *
   * @default 0
   */
  totalTimeout?: number | undefined;
  /**
   * How long a request may wait for a connection to be free, in milliseconds; 0 for no limit. Then it gets a 503.
   *
   * @default 30000
   */
  queueTimeout?: number | undefined;
  /**
   * How many requests may wait for a connection to be free. Those beyond get a 503 at once.
   *
   * @default 1024
   */
  queueLength?: number | undefined;
  /**
   * After how many failed connections in a row an address gets no more requests until it takes a connection again. It is tried
   * after a second, then ever more slowly, to twice a minute. The last address that is left always gets the requests.
   *
   * @default 3
   */
  maxFailures?: number | undefined;
  /**
   * How long requests may still run after `close()`, in milliseconds. Then their connections are closed.
   *
   * @default 10000
   */
  gracefulTimeout?: number | undefined;
  /**
   * The longest body that a request may have, in bytes; a longer one gets a 413. `fromWsgi` has a limit of its own.
   *
   * @default Infinity
   */
  maxBodySize?: number | undefined;
  /**
   * The longest body that is kept in memory until it is whole, in bytes. A longer one goes to a temporary file that nobody
   * else can read (0600) or find (it has no name).
   *
   * @default 1048576
   */
  spoolThreshold?: number | undefined;
  /**
   * How much all bodies that arrive, or wait for their answer, may hold in memory together, in bytes. Beyond it a body goes to a
   * temporary file from its first byte on, so that many slow uploads fill no memory.
   *
   * @default 67108864
   */
  spoolMemory?: number | undefined;
  /**
   * How many bytes of a response wait in memory for a slow client, for each response. The rest goes to a temporary file, so that
   * a slow client does not keep a worker of the server waiting. All responses of the app together keep at most about 64 MiB in memory.
   *
   * @default 1048576
   */
  responseMemory?: number | undefined;
  /**
   * How many bytes of a response wait in a temporary file (0600, without a name), for each response; 0 for no file. When it is
   * full, or no file can be made, the server waits for the client. There is no limit for all files together: `TMPDIR` needs room
   * for as many slow clients as you expect.
   *
   * @default 1073741824
   */
  responseSpool?: number | undefined;
  /**
   * Where the news of the addresses goes: which is out, which is back.
   *
   * @default console
   */
  logger?: Logger | undefined;
}
