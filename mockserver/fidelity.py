"""Writes `docs/fidelity.md`: tables that say of each rule how sure it is.

They are made from the OpenAPI documents and from the rules that each vendor module declares.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.app import create_app
from mockserver.dispatch import Site
from mockserver.documents.spec import DocumentedPayload, Operation
from mockserver.life.outcomes import Outcome, magic_phone
from mockserver.matching import MatchingRule
from mockserver.vendor import Behaviour, Setting

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
    return f"`{value}`"


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield from ("", f"### {title}", "")
    yield from _table(head, rows)


def _site(site: Site) -> Iterator[str]:
    vendor = site.vendor
    operations = site.document.operations
    yield f"## {site.document.title}"
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
        map(_matching_row, vendor.rules),
    )
    yield from _section(
        "Behaviour",
        ("rule", "mark", "source"),
        map(_behaviour_row, vendor.behaviours),
    )
    yield from render_settings(vendor.settings)
    if vendor.lifecycle is not None:
        yield from _section(
            "Outcomes",
            ("outcome", "", "sets, each with its mark", "then", "magic number"),
            map(_outcome_row, vendor.lifecycle.built_in.values()),
        )
    if site.document.webhooks:
        yield from _section(
            "Webhooks",
            ("payload", "", "fields, each with its mark", "source"),
            map(_payload_row, site.document.webhooks.values()),
        )


def render_settings(settings: Iterable[Setting]) -> Iterator[str]:
    """The lines about a vendor's settings."""
    yield from _section(
        "Settings",
        ("setting", "default", "choices", "", "mark", "source"),
        map(_setting_row, settings),
    )


def _operation_row(operation: Operation) -> tuple[str, ...]:
    return (
        _code(f"{operation.method} {operation.path}"),
        operation.summary,
        _code(operation.provenance),
        operation.source,
    )


def _answers_row(operation: Operation) -> tuple[str, ...]:
    answers = [
        f"{answer.status} {_code(answer.provenance)}" for answer in operation.answers.values()
    ]
    return _code(operation.id), ", ".join(answers)


def _matching_row(rule: MatchingRule) -> tuple[str, ...]:
    fields = ", ".join(key.field for key in rule.keys)
    return (
        rule.name,
        f"{rule.combine}: {fields}",
        rule.none,
        rule.several,
        _code(rule.provenance),
        rule.source,
    )


def _behaviour_row(behaviour: Behaviour) -> tuple[str, ...]:
    return (
        behaviour.rule,
        _code(behaviour.provenance),
        behaviour.source,
    )


def _setting_row(setting: Setting) -> tuple[str, ...]:
    return (
        _code(setting.name),
        _code(setting.initial),
        _choices(setting),
        setting.help,
        _code(setting.provenance),
        setting.source,
    )


def _choices(setting: Setting) -> str:
    if setting.choices:
        return setting.choices
    if isinstance(setting.default, tuple):
        fewest, most = setting.lengths
        numbers = f"{fewest} to {most} numbers"
        bounds = _range(setting)
        return f"{numbers}, each {bounds}" if bounds else numbers
    return _range(setting) or ", ".join(map(_code, setting.values))


def _range(setting: Setting) -> str:
    """From where to where its numbers go; empty where they have no bounds."""
    if setting.least is not None and setting.most is not None:
        return f"{_code(setting.least)} to {_code(setting.most)}"
    if setting.least is not None:
        return f"{_code(setting.least)} or more"
    if setting.most is not None:
        return f"{_code(setting.most)} or less"
    return ""


def _outcome_row(outcome: Outcome) -> tuple[str, ...]:
    sets = [*_fields_set(outcome, "", outcome.parts)]
    sets += _fields_set(outcome, "last_attempt.", outcome.last_attempt)
    number = "" if outcome.magic_phone is None else _code(magic_phone(outcome.magic_phone))
    return _code(outcome.name), outcome.title, ", ".join(sets), _code(outcome.next), number


def _payload_row(payload: DocumentedPayload) -> tuple[str, ...]:
    fields = [f"{_code(name)} {_code(mark)}" for name, mark in payload.fields.items()]
    return _code(payload.name), payload.summary, ", ".join(fields), payload.source


def _fields_set(
    outcome: Outcome, group: str, parts: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """The fields that an outcome sets, with their values and marks."""
    last = "on the last attempt " if group else ""
    for part, fields in parts.items():
        for field, value in fields.items():
            mark = outcome.marks[f"{group}{part}.{field}"]
            yield f"{last}{_code(f'{part}.{field}')} {_code(_in_json(value))} {_code(mark)}"


def _in_json(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def render() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD]
    for site in create_app(fixtures="empty").sites:
        lines += [*_site(site), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(), end="")
