"""A module with neither `application` nor `app`."""
from many import make, number  # noqa: F401
