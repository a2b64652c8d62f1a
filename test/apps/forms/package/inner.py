"""A module of a package."""
from many import answering

app = answering("inner")
