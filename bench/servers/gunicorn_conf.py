"""Settings for a fair comparison with gunicorn. An older gunicorn ignores the names that it does not know."""
import os
import signal
import threading

worker_class = "gthread"
loglevel = "warning"
keepalive = 75  # longer than the proxy keeps idle connections, so that the server is never the first to close one
graceful_timeout = 2
control_socket_disable = True  # its default path is one per user, so two benches would collide


def when_ready(server):
    """Prints the address, and starts the thread that stops the server with the bench; see stack.mjs."""
    host, port = server.LISTENERS[0].sock.getsockname()
    print(f"listening http://{host}:{port}", flush=True)
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def post_worker_init(worker):
    """Called in each process when it has loaded the app."""
    print("ready", flush=True)


def _end_with_stdin():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
