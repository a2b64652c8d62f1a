from gevent import monkey

monkey.patch_all()

from shared import app  # noqa: E402, F401
