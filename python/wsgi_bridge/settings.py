"""What Node decides for a worker, read from its command line. Knows no application."""

from typing import Dict, NamedTuple, Sequence


class Settings(NamedTuple):
    """The settings of a worker. Node has checked them."""

    #: The application, as `pythonApp` takes it.
    target: str
    #: How many lanes Node has opened, which is how many requests run at the same time.
    threads: int
    #: How many processes run the application.
    processes: int
    #: Node's process id.
    parent: int
    #: True if records of `logging` go to Node as data.
    structured: bool


def read_settings(arguments: Sequence[str]) -> Settings:
    """Reads `TARGET name=value ...`."""
    target, *pairs = arguments
    values: Dict[str, str] = dict(pair.split("=", 1) for pair in pairs)
    return Settings(
        target=target,
        threads=int(values["threads"]),
        processes=int(values["processes"]),
        parent=int(values["parent"]),
        structured=values["logging"] == "structured",
    )
