"""waitress with its defaults, on a port that the operating system chooses, which waitress-serve would not print."""
import importlib
import logging
import os
import signal
import sys
import threading

from waitress.server import create_server


def main():
    directory, target, threads = sys.argv[1:]
    sys.path.insert(0, directory)
    module, attribute = target.split(":")
    app = getattr(importlib.import_module(module), attribute)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it would log each request that waits for a thread
    server = create_server(app, host="127.0.0.1", port=0, threads=int(threads))
    print(f"listening http://127.0.0.1:{server.effective_port}\nready", flush=True)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    server.run()


def _end_with_stdin():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


main()
