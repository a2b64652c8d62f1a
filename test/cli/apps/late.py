"""Takes its time to load: until the file that the environment names is there."""

import os
import time

from bottle import Bottle

app = Bottle()

print("loading", flush=True)
while not os.path.exists(os.environ["LATE_GATE"]):
    time.sleep(0.01)
