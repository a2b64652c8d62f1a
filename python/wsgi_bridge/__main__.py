"""Starts a worker: `python .../wsgi_bridge TARGET name=value ...`, see settings.py. Must parse on old Python versions."""
import os
import sys

if sys.version_info < (3, 8):
    sys.stderr.write("wsgi-bridge needs CPython 3.8 or later; this is %s\n" % sys.version.split()[0])
    sys.exit(3)

# Python puts this folder first on sys.path, where our modules would hide modules of the application. Its parent folder takes
# the place while the package is imported, then the application's folder does.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from wsgi_bridge import template, worker  # noqa: E402
from wsgi_bridge.settings import read_settings  # noqa: E402

sys.path[0] = os.getcwd()
settings = read_settings(sys.argv[1:])
(template if settings.preload else worker).main(settings)
