"""Forks while another thread imports a module that the traceback of the child needs. Prints what becomes of the child."""

import importlib.abc
import os
import sys
import threading
import time

from wsgi_bridge import forks

forks.call_in_child(lambda: None)
importing = threading.Event()


class SlowFinder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "ast":
            importing.set()
            time.sleep(0.2)
        return None
sys.modules.pop("ast", None)
sys.meta_path.insert(0, SlowFinder())
threading.Thread(target=__import__, args=("ast",), daemon=True).start()
importing.wait()
child = os.fork()
if child == 0:
    try:
        1 / 0
    except ZeroDivisionError as error:
        forks.end_child(error)
deadline = time.monotonic() + 10
status = (0, 0)
while status[0] == 0 and time.monotonic() < deadline:
    time.sleep(0.01)
    status = os.waitpid(child, os.WNOHANG)
if status[0] == 0:
    os.kill(child, 9)
print("the child ended with %d" % (status[1] >> 8) if status[0] else "the child hangs")
