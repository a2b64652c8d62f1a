"""What Node decides for a worker, read from its command line. Knows no application."""

from typing import Dict, NamedTuple, Sequence


class Settings(NamedTuple):
    """The settings of a worker. Node has checked them."""

    #: The application, as `pythonApp` takes it.
    target: str
    #: How many lanes Node has opened, which is how many requests run at the same time.
    threads: int
    #: Whether other processes run the application too: `wsgi.multiprocess`.
    multiprocess: bool
    #: Node's process id.
    parent: int
    #: Whether what PEP 3333 forbids is an error even where gunicorn serves it.
    strict: bool
    #: True if records of `logging` go to Node as data.
    structured: bool
    #: True for a template: the process loads the application, and workers are forked from it.
    preload: bool


def read_settings(arguments: Sequence[str]) -> Settings:
    """Reads `TARGET name=value ...`."""
    target, *pairs = arguments
    values: Dict[str, str] = dict(pair.split("=", 1) for pair in pairs)
    return Settings(
        target,
        threads=int(values["threads"]),
        multiprocess=values["multiprocess"] == "true",
        parent=int(values["parent"]),
        strict=values["strict"] == "true",
        structured=values["logging"] == "structured",
        preload=values["preload"] == "true",
    )
