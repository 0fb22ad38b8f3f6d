"""`fixtures/schema.json`, made from the vendors there are, for editors.

The server does not read it: it checks a fixture against the same schema in memory.
"""

import json
from typing import Any

from mockserver.app import load_vendors
from mockserver.documents.relative_times import PATTERN, RELATIVE
from mockserver.fixtures import schema


def render() -> str:
    """The whole file."""
    content = _with_relative_times(schema(load_vendors()))
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _with_relative_times(part: Any) -> Any:
    """The schema for editors; the server replaces relative times before it checks a fixture."""
    if isinstance(part, list):
        return [_with_relative_times(each) for each in part]
    if not isinstance(part, dict):
        return part
    known = {name: _with_relative_times(each) for name, each in part.items()}
    if known.pop(RELATIVE, False) and known.pop("format", None) == "date-time":
        known["anyOf"] = [{"format": "date-time"}, {"pattern": PATTERN}]
    return known


if __name__ == "__main__":
    print(render(), end="")
