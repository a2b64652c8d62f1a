"""A module that ends its process and leaves one behind that holds its stderr."""

import os
import subprocess
import sys

subprocess.Popen(["sleep", "25"])
sys.stderr.write("why it ended")
sys.stderr.flush()
os._exit(9)
