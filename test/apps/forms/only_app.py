"""Of the usual names the second one."""
from many import app  # noqa: F401
