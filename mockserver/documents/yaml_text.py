"""JSON values as YAML, in a style that every reader of YAML takes for the same."""

import re
from typing import Any

import yaml

_BaseDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# What has another character, or only one, gets quotes: `y` is a boolean to some readers. The
# dumper itself quotes words like `null` and `off`.
_PLAIN = re.compile(r"[A-Za-z_$][\w$/.-]+", re.ASCII)


class _Dumper(_BaseDumper):  # type: ignore[misc]  # the C dumper where PyYAML was built with it
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = None if _PLAIN.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(value: Any) -> str:
    """The value in block style, with quotes around every text that is not a simple word."""
    text: str = yaml.dump(
        value, None, _Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1
    )
    return text
