"""A module that creates its attributes on first use, which may fail."""


def __getattr__(name):
    if name == "app":
        raise RuntimeError("not now")
    raise AttributeError(name)
