"""None of the usual names."""
from many import make, number  # noqa: F401
