"""gunicorn, tuned fairly: what the command line does not say. Names that an older gunicorn does not know it ignores."""
import os
import signal
import threading

worker_class = "gthread"
loglevel = "warning"
keepalive = 75  # longer than a proxy keeps its idle connections: the server must not be the one that closes first
graceful_timeout = 2
control_socket_disable = True  # its default is one path per user, so two benches would meet there


def when_ready(server):
    """Announces the port, and ends with the bench: see stack.mjs."""
    host, port = server.LISTENERS[0].sock.getsockname()
    print(f"listening http://{host}:{port}", flush=True)
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def post_worker_init(worker):
    """Each process, once it has the app."""
    print("ready", flush=True)


def _end_with_stdin():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
