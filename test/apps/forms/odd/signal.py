"""A file with the name of a module of Python's own, which is imported already."""
from many import answering

app = answering("a file named as a module of Python's")
