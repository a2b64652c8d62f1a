"""A module whose attributes are made when they are asked for, which may fail."""


def __getattr__(name):
    if name == "app":
        raise RuntimeError("not now")
    raise AttributeError(name)
