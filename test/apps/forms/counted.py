"""Prints a line when it is imported and when its factory is called."""
from many import answering

print("imported")


def make():
    print("made")
    return answering("counted")
