"""A file with the name of a module of the standard library that is already imported."""
from many import answering

app = answering("a file named as a module of Python's")
