"""A module with `app` but without `application`."""
from many import app  # noqa: F401
