"""An app that is loaded only when the file in LATE_GATE exists."""

import os
import time

from bottle import Bottle

app = Bottle()

print("loading", flush=True)
while not os.path.exists(os.environ["LATE_GATE"]):
    time.sleep(0.01)
