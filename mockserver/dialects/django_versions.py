"""What an older Django REST framework reads otherwise: 3.14, on Django 4.2."""

from typing import Any

from mockserver.call import Call

NEWER = "django-5.2"
OLDER = "django-4.2"

_BOOLEANS = frozenset(
    "t T y Y yes Yes YES true True TRUE on On ON 1 f F n N no No NO false False FALSE off Off OFF "
    "0".split()
)
"""The spellings of a boolean. The newer version reads them in any case."""

_NO_BOOLEAN = "no boolean"


def as_older(value: Any, call: Call) -> Any:
    """The body without the spellings of booleans that the older version does not know.

    A text that is no boolean at all stands in their place: the refusal does not show it.
    """
    body = call.operation.body if call.operation is not None else None
    if body is None or not isinstance(value, dict):
        return value
    for name, part in body.reader.schema.get("properties", {}).items():
        sent = value.get(name)
        if part.get("type") != "boolean" or not isinstance(sent, str):
            continue
        if sent and sent not in _BOOLEANS:
            value[name] = _NO_BOOLEAN
    return value
