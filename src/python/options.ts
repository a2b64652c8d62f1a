/** The options of `pythonApp`. Knows names and meanings; knows no implementation. */
import type { Logger } from "../wsgi/log.ts";
import type { StructuredLogger } from "./log-record.ts";

/** The options of `pythonApp`: how to find and run a Python app. */
export interface PythonAppOptions {
  /**
   * The application's folder. It is the working directory of the processes and the first entry of `sys.path`. If the target
   * is a file, the file's folder comes before it. A path, or a `file:` URL such as `new URL("./legacy", import.meta.url)`.
   *
   * @default the current directory
   */
  directory?: string | URL | undefined;
  /**
   * The Python interpreter: a command on the PATH, a path, or a `file:` URL. No virtual environment is activated. CPython 3.8 or
   * later.
   *
   * @default the interpreter of the virtual environment, if `virtualenv` finds one, else `python3`
   */
  python?: string | URL | undefined;
  /**
   * The folder of a virtual environment, relative to `directory`, or its `file:` URL. A file that contains the folder's path will
   * do. The processes run as if it were activated: its programs come first on the PATH, VIRTUAL_ENV is its folder, and
   * PYTHONHOME is unset. Cannot be combined with `python`.
   *
   * @default the first of these that exists: `.venv`, `venv` or `env` in `directory`, `.venv` in a folder above up to the first with `.git` or `package.json`, Node's own VIRTUAL_ENV; none if `python` is set
   */
  virtualenv?: string | URL | undefined;
  /**
   * Environment variables for the processes. From Node's own environment they inherit only what every program needs (PATH,
   * HOME, LANG, TZ, PYTHON*, HTTPS_PROXY, …). Set everything else that the application reads here, such as DATABASE_URL.
   * `"inherit"` passes on all variables of Node's environment, as gunicorn does; then the application sees Node's secrets.
   *
   * @default {}
   */
  env?: Readonly<Record<string, string>> | "inherit" | undefined;
  /**
   * How many CPython processes to keep alive.
   *
   * Raise it for a CPU-bound application, because threads inside one process share the GIL, but only if the application keeps
   * no state in memory: each process has its own.
   *
   * @default 1
   */
  processes?: number | undefined;
  /**
   * How many requests one process serves at the same time, each in its own thread; 256 at most.
   *
   * Use 1 for an application that is not thread-safe: it then runs in the process's main thread. Raise it for an application
   * that often waits, for example for a database. If the application calls gevent's or eventlet's `monkey_patch`, the threads are
   * theirs, and there may be 10000.
   *
   * @default 4
   */
  threads?: number | undefined;
  /**
   * Imports the application once, and forks the processes from there, as `--preload` of gunicorn does: they share the memory
   * of the imported code, and a new process starts in milliseconds. What the import opens, such as database connections, must
   * not be used by several processes, and the import may not start threads.
   *
   * @default false
   */
  preload?: boolean | undefined;
  /**
   * How long a process may take to load the application, in milliseconds. After that the process is terminated, the start
   * has failed, and the log shows where the process was.
   *
   * @default 60000
   */
  startTimeout?: number | undefined;
  /**
   * How long the application may take to begin its response, in milliseconds; 0 for no limit. After that the client gets a 504,
   * and an exception is raised in the thread. If the exception does not end the request, the thread takes no more requests
   * until it does; the process is replaced when all its threads are stuck in this way.
   *
   * @default 60000
   */
  requestTimeout?: number | undefined;
  /**
   * How long the application may be silent between two parts of a response that has begun, in milliseconds; 0 for no limit.
   * After that the response is aborted, and the thread is interrupted as after `requestTimeout`. Time spent waiting for a slow
   * client does not count. An event stream (`Content-Type: text/event-stream`) may be silent for as long as its client stays.
   *
   * @default 60000
   */
  streamTimeout?: number | undefined;
  /**
   * How long a request may wait for a thread, in milliseconds; 0 for no limit. After that it gets a 503.
   *
   * @default 30000
   */
  queueTimeout?: number | undefined;
  /**
   * How long running requests may still take when their process shuts down (`close()`, `reload()`, `maxRequests`), in
   * milliseconds. After that the process gets SIGTERM, and SIGKILL 2 seconds later. The log says how many requests were
   * aborted.
   *
   * @default 10000
   */
  gracefulTimeout?: number | undefined;
  /**
   * How many requests may wait for a thread. Further requests get a 503 at once.
   *
   * @default 1024
   */
  queueLength?: number | undefined;
  /**
   * After how many requests a process is replaced; 0 for never. Use it for applications that leak memory. The old process
   * serves until the new one is ready.
   *
   * @default 0
   */
  maxRequests?: number | undefined;
  /**
   * The largest random number that is added to `maxRequests` for each process, so that not all processes are replaced at once.
   *
   * @default 0
   */
  maxRequestsJitter?: number | undefined;
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
   * How much memory all buffered request bodies may use together, in bytes. When it is used up, new bodies go to temporary
   * files from their first byte on, so that many slow uploads cannot fill the memory.
   *
   * @default 67108864
   */
  spoolMemory?: number | undefined;
  /**
   * How many bytes of one response are buffered in memory for a slow client. The rest goes to a temporary file, so that a slow
   * client does not block a thread. All responses of the app together use at most about 64 MiB of memory.
   *
   * @default 1048576
   */
  responseMemory?: number | undefined;
  /**
   * How many bytes of one response are buffered in a temporary file (mode 0600, without a name); 0 for no file. When the file
   * is full or cannot be created, the app waits for the client. There is no limit for all files together: `TMPDIR` needs space
   * for as many slow clients as you expect.
   *
   * @default 1073741824
   */
  responseSpool?: number | undefined;
  /**
   * Whether to hold the application to PEP 3333. By default, what the PEP forbids and gunicorn serves is served: hop-by-hop
   * headers are dropped, and a status such as `"200"` or headers that are not a list of tuples are accepted. The log names the
   * first case of each kind. With `true` these are errors (500). What could split a response is always an error.
   *
   * @default false
   */
  strict?: boolean | undefined;
  /**
   * For development: calls `reload()` when a Python file below `directory` changes. If the new code cannot be imported, the old
   * code keeps running and the log shows the traceback. The log also names what cannot be watched. These are not watched:
   * folders whose name begins with a dot, virtual environments, `node_modules`, `site-packages`, `__pycache__`, the targets
   * of symbolic links inside `directory`, and a target file outside `directory`.
   *
   * @default false
   */
  reload?: boolean | undefined;
  /**
   * How records of Python's `logging` reach `logger`: `"lines"` of text, as the application formats them, or `"structured"`:
   * each record is a call such as `logger.warn(fields, message)`, for pino and bunyan. The handlers that write to stdout or
   * stderr are then replaced when the application is loaded. See `StructuredLogger`.
   *
   * @default "lines"
   */
  logging?: "lines" | "structured" | undefined;
  /**
   * Receives the processes' stdout and stderr, and messages about starts, exits and restarts. A line that names its level gets
   * it; of the others, stdout is `info` and stderr `warn`. A traceback is one `error`.
   *
   * @default console
   */
  logger?: Logger | StructuredLogger | undefined;
}
