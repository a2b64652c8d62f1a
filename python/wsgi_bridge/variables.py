"""Names that an exception mentions and that may be environment variables. Node knows which of them it did not pass on."""

import re
import traceback
from typing import Any, Dict, Iterator, List, Tuple

_NAME = re.compile(r"[A-Za-z_]\w+", re.ASCII)
_QUOTED = re.compile(r"""(["'])([A-Za-z_]\w+)\1""", re.ASCII)
#: Limits: exceptions of a chain, characters of a message, characters of all names.
_EXCEPTIONS, _MESSAGE, _SIZE = 20, 4_000, 6_000
#: The types of pydantic's errors for a missing field, of versions 2 and 1.
_MISSING_FIELD = ("missing", "value_error.missing")


def mentioned_variables(error: BaseException) -> Dict[str, str]:
    """
    Returns "words", the words of the messages and the quoted words of the source lines, and "fields", the variables in any case
    that pydantic's settings read. Each is separated by blanks. Never raises: the exception itself is more important.
    """
    words: Dict[str, None] = {}
    fields: Dict[str, None] = {}
    for one in _chain(error):
        try:
            words.update(dict.fromkeys(_NAME.findall(str(one)[:_MESSAGE])))
            for frame in traceback.extract_tb(one.__traceback__):
                words.update(dict.fromkeys(name for _quote, name in _QUOTED.findall(frame.line or "")))
            fields.update(dict.fromkeys(_missing_fields(one)))
        except Exception:  # the application's exceptions may have any methods
            continue
    return {"words": " ".join(words)[:_SIZE], "fields": " ".join(fields)[:_SIZE]}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields the exception, its causes and its contexts, even after `raise ... from None`, and the members of a group."""
    seen: List[BaseException] = []
    waiting: List[Any] = [error]
    while waiting and len(seen) < _EXCEPTIONS:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def _missing_fields(error: BaseException) -> Iterator[str]:
    """Yields the variables of the fields that pydantic misses: with the prefix of the settings, or as an alias names them."""
    errors = getattr(error, "errors", None)
    if type(error).__name__ != "ValidationError" or not callable(errors):
        return
    prefix, delimiter, variables = _settings(error)
    for problem in errors():
        if problem["type"] in _MISSING_FIELD:
            field = str(problem["loc"][0])
            path = [str(part) for part in problem["loc"]]
            yield from (field, prefix + field, prefix + delimiter.join(path), *variables.get(field, ()))


def _settings(error: BaseException) -> Tuple[str, str, Dict[str, Any]]:
    """Returns prefix, delimiter, and variables by field, from the settings class whose constructor raised."""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        settings: Any = type(frame.f_locals.get("__pydantic_self__", frame.f_locals.get("self")))
        config = getattr(settings, "model_config", None)
        if isinstance(config, dict) and "env_prefix" in config:
            return config["env_prefix"], config.get("env_nested_delimiter") or "_", {}
        if hasattr(getattr(settings, "__config__", None), "env_prefix"):  # version 1
            fields = settings.__fields__.values()
            variables = {field.alias: field.field_info.extra.get("env_names", ()) for field in fields}
            return settings.__config__.env_prefix, "_", variables
    return "", "_", {}
