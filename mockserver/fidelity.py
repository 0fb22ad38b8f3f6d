"""Writes `docs/fidelity.md`: tables that say of each rule how sure it is.

They are made from the OpenAPI documents and from the rules that each vendor module declares.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.app import create_app
from mockserver.control.fidelity import Facts, setting_facts, vendor_facts
from mockserver.documents.wording import written
from mockserver.vendor import Setting

_HEAD = """# Fidelity

How far to trust a green test: every rule the server follows, with how sure it is.
This page is generated (`make fidelity`); a test holds it to the code.

| mark | meaning |
|---|---|
| `documented` | the vendor's own words |
| `client` | the vendor's SDK |
| `observed` | public client code |
| `inferred` | what the framework behind the API does, or plain reasoning |
| `chosen` | nothing says; where a user could need the other, a setting switches it |

A setting is switched in a fixture, `settings: {<vendor>: {<name>: <value>}}`, or while the
server runs ([control.md](control.md)).
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _code(value: object) -> str:
    return f"`{written(value)}`"


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield from ("", f"### {title}", "")
    yield from _table(head, rows)


def _vendor(facts: Facts) -> Iterator[str]:
    operations = facts["operations"]
    yield f"## {facts['title']}"
    yield from _section(
        "Operations",
        ("operation", "", "mark", "source"),
        map(_operation_row, operations),
    )
    yield from _section(
        "Answers",
        ("operation", "status and mark of each answer"),
        map(_answers_row, operations),
    )
    yield from _section(
        "Matching",
        ("rule", "keys", "none matches", "several match", "mark", "source"),
        map(_matching_row, facts["rules"]),
    )
    yield from _section(
        "Behaviour",
        ("rule", "mark", "source"),
        map(_behaviour_row, facts["behaviours"]),
    )
    yield from _settings(facts["settings"])
    if facts["outcomes"]:
        yield from _section(
            "Outcomes",
            ("outcome", "", "sets, each with its mark", "then", "magic number"),
            map(_outcome_row, facts["outcomes"]),
        )
    if facts["webhooks"]:
        yield from _section(
            "Webhooks",
            ("payload", "", "fields, each with its mark", "source"),
            map(_payload_row, facts["webhooks"]),
        )


def render_settings(settings: Iterable[Setting]) -> Iterator[str]:
    """The lines about a vendor's settings."""
    yield from _settings(map(setting_facts, settings))


def _settings(settings: Iterable[Facts]) -> Iterator[str]:
    yield from _section(
        "Settings",
        ("setting", "default", "choices", "", "mark", "source"),
        map(_setting_row, settings),
    )


def _operation_row(operation: Facts) -> tuple[str, ...]:
    return (
        _code(f"{operation['method']} {operation['path']}"),
        operation["summary"],
        _code(operation["provenance"]),
        operation["source"],
    )


def _answers_row(operation: Facts) -> tuple[str, ...]:
    answers = [f"{each['status']} {_code(each['provenance'])}" for each in operation["answers"]]
    return _code(operation["operation"]), ", ".join(answers)


def _matching_row(rule: Facts) -> tuple[str, ...]:
    return (
        rule["name"],
        f"{rule['combine']}: {', '.join(rule['keys'])}",
        rule["none"],
        rule["several"],
        _code(rule["provenance"]),
        rule["source"],
    )


def _behaviour_row(behaviour: Facts) -> tuple[str, ...]:
    return behaviour["rule"], _code(behaviour["provenance"]), behaviour["source"]


def _setting_row(setting: Facts) -> tuple[str, ...]:
    return (
        _code(setting["name"]),
        _code(setting["default"]),
        setting["choices"],
        setting["help"],
        _code(setting["provenance"]),
        setting["source"],
    )


def _outcome_row(outcome: Facts) -> tuple[str, ...]:
    sets = [*_fields_set(outcome, "", outcome["sets"])]
    sets += _fields_set(outcome, "last_attempt.", outcome.get("last_attempt", {}))
    number = _code(outcome["magic_phone"]) if "magic_phone" in outcome else ""
    return _code(outcome["name"]), outcome["title"], ", ".join(sets), _code(outcome["next"]), number


def _payload_row(payload: Facts) -> tuple[str, ...]:
    fields = [f"{_code(name)} {_code(mark)}" for name, mark in payload["fields"].items()]
    return _code(payload["name"]), payload["summary"], ", ".join(fields), payload["source"]


def _fields_set(
    outcome: Facts, group: str, parts: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """The fields that an outcome sets, with their values and marks."""
    last = "on the last attempt " if group else ""
    for part, fields in parts.items():
        for field, value in fields.items():
            mark = outcome["marks"][f"{group}{part}.{field}"]
            yield f"{last}{_code(f'{part}.{field}')} {_code(_in_json(value))} {_code(mark)}"


def _in_json(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def render() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD]
    for site in create_app(fixtures="empty").sites:
        lines += [*_vendor(vendor_facts(site)), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(), end="")
