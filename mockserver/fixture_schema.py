"""`fixtures/schema.json`, made from the vendors there are, for editors.

The server does not read it: it checks a fixture against the same schema in memory.
"""

import json

from mockserver.app import load_vendors
from mockserver.fixtures import schema


def render() -> str:
    """The whole file."""
    return json.dumps(schema(load_vendors()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(render(), end="")
