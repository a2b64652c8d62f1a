"""A module that ends its process and leaves a child that holds the stderr of the process."""

import os
import subprocess
import sys

subprocess.Popen(["sleep", "25"])
sys.stderr.write("why it ended")
sys.stderr.flush()
os._exit(9)
