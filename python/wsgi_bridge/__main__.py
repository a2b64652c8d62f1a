"""Where a worker begins: `python .../wsgi_bridge TARGET THREADS PROCESSES PARENT`. Readable by any Python, old ones too."""
import os
import sys

if sys.version_info < (3, 8):
    sys.stderr.write("wsgi-bridge needs CPython 3.8 or later; this is %s\n" % sys.version.split()[0])
    sys.exit(3)

# Python put this folder first; its parent is where the package is, and only for as long as it is imported:
# the application's modules must not be hidden by ours.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from wsgi_bridge.worker import main  # noqa: E402

sys.path[0] = os.getcwd()
main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
