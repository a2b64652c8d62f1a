/** What `pythonApp` can be told. Knows the names and what they mean; knows nothing of how it is done. */
import type { Logger } from "../wsgi/log.ts";

/** How a Python app is found and run. */
export interface PythonAppOptions {
  /**
   * The folder of the application: the processes' working directory and the first place where modules are looked for. For a
   * target that is a file, the file's folder comes before it.
   *
   * @default the current directory
   */
  directory?: string | undefined;
  /**
   * The interpreter: a name on the PATH or a path, run as it is. CPython 3.8 or later.
   *
   * @default that of a virtual environment, if `virtualenv` finds one, else `python3`
   */
  python?: string | undefined;
  /**
   * A virtual environment's folder, seen from `directory`. The processes run as if it were activated: its programs are first
   * on the PATH, VIRTUAL_ENV is its folder, and PYTHONHOME is unset. Not together with `python`.
   *
   * @default `.venv`, then `venv` in `directory`, then Node's own VIRTUAL_ENV; none if there is none of them or `python` is given
   */
  virtualenv?: string | undefined;
  /**
   * Environment variables for the processes, beside those that every program needs (PATH, HOME, LANG, TZ, PYTHON*, …).
   * Nothing else of Node's environment is handed on: name here what the application reads, such as DATABASE_URL.
   *
   * @default {}
   */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * How many CPython processes to keep alive.
   *
   * Raise it for CPU-bound applications: threads inside one process share the GIL.
   *
   * @default 2
   */
  processes?: number | undefined;
  /**
   * How many requests one process serves at the same time, each in a thread of its own.
   *
   * 1 for an application that is not thread-safe; more for one that waits much.
   *
   * @default 4
   */
  threads?: number | undefined;
  /**
   * How long a process may take to load the application, in milliseconds. One that takes longer is ended; its start has
   * failed, and the log says what it was at.
   *
   * @default 60000
   */
  startTimeout?: number | undefined;
  /**
   * How long the application may take to begin its response, and then from one piece of it to the next, in milliseconds;
   * 0 for no limit. The client gets a 504, an exception is raised in the thread, and a process whose thread does not heed
   * it is replaced. Time in which the client does not take what is there does not count.
   *
   * @default 60000
   */
  requestTimeout?: number | undefined;
  /**
   * How long a request may wait for a thread, in milliseconds; 0 for no limit. Then it gets a 503.
   *
   * @default 30000
   */
  queueTimeout?: number | undefined;
  /**
   * How long requests may still run when their process is to end (`close()`, `reload()`, `maxRequests`), in milliseconds. Then
   * the process gets a SIGTERM, and a SIGKILL 2 seconds later. The log says how many requests were cut.
   *
   * @default 10000
   */
  gracefulTimeout?: number | undefined;
  /**
   * How many requests may wait for a thread. Those beyond get a 503 at once.
   *
   * @default 1024
   */
  queueLength?: number | undefined;
  /**
   * After how many requests a process is replaced, its successor being ready first: for applications that leak; 0 for
   * never.
   *
   * @default 0
   */
  maxRequests?: number | undefined;
  /**
   * Up to how many requests more than `maxRequests` a process serves, by chance, so that not all are replaced at once.
   *
   * @default 0
   */
  maxRequestsJitter?: number | undefined;
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
   * a slow client does not keep a thread waiting. All responses of the app together keep at most about 64 MiB in memory.
   *
   * @default 1048576
   */
  responseMemory?: number | undefined;
  /**
   * How many bytes of a response wait in a temporary file (0600, without a name), for each response; 0 for no file. When it is
   * full, or no file can be made, the app waits for the client. There is no limit for all files together: `TMPDIR` needs room
   * for as many slow clients as you expect.
   *
   * @default 1073741824
   */
  responseSpool?: number | undefined;
  /**
   * For development: calls `reload()` when a Python file below `directory` has changed. While the new code does not
   * import, the old goes on serving, and the log has the traceback. The log names what cannot be watched. Not watched are
   * folders whose name begins with a dot, virtual environments, `node_modules`, `__pycache__`, what symbolic links inside lead
   * to, and a target file outside `directory`.
   *
   * @default false
   */
  reload?: boolean | undefined;
  /**
   * Where the processes' stdout and stderr go, line by line, and the news of their lives.
   *
   * @default console
   */
  logger?: Logger | undefined;
}
