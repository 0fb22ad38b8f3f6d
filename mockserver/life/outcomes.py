"""What a call can end in, as data: each vendor's `outcomes.yaml`, and what a fixture adds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from types import MappingProxyType
from typing import Any

from mockserver.documents.provenance import PROVENANCES, Provenance
from mockserver.documents.source import Source
from mockserver.errors import DocumentError

NEXT = ("retry", "callback", "stop")
"""What follows: a further attempt, one at the time that was asked for, or none."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_MEMBERS = frozenset("title parts last_attempt next says counts magic_phone marks".split())
_PHONES = range(150, 170)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome: what it makes of the objects that it touches.

    `parts` has for each object (`call`, `lead`) the fields that it sets. A list of two numbers for
    a field that holds a number is a range, from which one is drawn. `last_attempt` has in the same
    form what is set instead where no attempt may follow. `says` names the texts of the
    conversation; None where nobody spoke. `counts` are what the vendor counts or tells beside the
    fields. `magic_phone` is the ending of the phone number that
    means this outcome: 150 is +1 900 555 0150. `marks` say how sure each field is.
    """

    name: str
    title: str
    parts: Mapping[str, Mapping[str, Any]]
    marks: Mapping[str, Provenance]
    last_attempt: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    next: str = "stop"
    says: str | None = None
    counts: tuple[str, ...] = ()
    magic_phone: int | None = None

    def part(self, name: str) -> Mapping[str, Any]:
        """What it sets of an object."""
        return self.parts.get(name, _NOTHING)

    def as_json(self) -> dict[str, Any]:
        """The outcome as the control API shows it."""
        shown: dict[str, Any] = {"name": self.name, "title": self.title, "next": self.next}
        shown |= {"sets": {name: dict(part) for name, part in self.parts.items()}}
        if self.last_attempt:
            shown["last_attempt"] = {name: dict(part) for name, part in self.last_attempt.items()}
        if self.magic_phone is not None:
            shown["magic_phone"] = magic_phone(self.magic_phone)
        return shown | {"marks": dict(self.marks)}


Outcomes = Mapping[str, Outcome]


def magic_phone(ending: int) -> str:
    """The phone number of an ending, in E.164."""
    return f"+1900555{ending:04d}"


def load_outcomes(file: File) -> Outcomes:
    """The outcomes of a file by name. Raises DocumentError naming file and key."""
    source = Source.kept(file)
    if source is None:
        source = Source(file)
        source.keep()
    outcomes: dict[str, Outcome] = {}
    for name, content in source.content.items():
        for path, message in _wrong(content):
            raise DocumentError(source.sentence((name, *path), message))
        outcomes[name] = _outcome(name, content)
    return outcomes


def _wrong(content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name in content.keys() - _MEMBERS:
        yield (name,), "is no member of an outcome"
    if content.get("next", "stop") not in NEXT:
        yield ("next",), f"must be one of {', '.join(NEXT)}"
    for name, mark in content.get("marks", {}).items():
        if mark not in PROVENANCES:
            yield ("marks", name), f"must be one of {', '.join(PROVENANCES)}"
    for place in _places(content):
        if place not in content.get("marks", {}):
            yield ("marks",), f"lack {place}"
    phone = content.get("magic_phone")
    if phone is not None and phone not in _PHONES:
        yield ("magic_phone",), f"must be from {_PHONES.start} to {_PHONES.stop - 1}"


def _places(content: Mapping[str, Any]) -> Iterator[str]:
    """What an outcome sets, as its marks call it: `lead.status`, `last_attempt.lead.status`."""
    for group, prefix in (("parts", ""), ("last_attempt", "last_attempt.")):
        for part, fields in content.get(group, {}).items():
            yield from (f"{prefix}{part}.{name}" for name in fields)


def _outcome(name: str, content: Mapping[str, Any]) -> Outcome:
    return Outcome(
        name,
        content["title"],
        content.get("parts", {}),
        content.get("marks", {}),
        content.get("last_attempt", {}),
        content.get("next", "stop"),
        content.get("says"),
        tuple(content.get("counts", ())),
        content.get("magic_phone"),
    )


def extended(outcomes: Outcomes, added: Mapping[str, Mapping[str, Any]]) -> Outcomes:
    """The outcomes with those of a fixture: each extends one that is there, and is like it else."""
    if not added:
        return outcomes
    found = dict(outcomes)
    for name, content in added.items():
        base = outcomes[content["extends"]]
        parts = {part: dict(fields) for part, fields in base.parts.items()}
        for part, fields in content.get("parts", {}).items():
            parts[part] = parts.get(part, {}) | fields
        found[name] = replace(
            base,
            name=name,
            title=content.get("title", base.title),
            parts=parts,
            next=content.get("next", base.next),
            says=content.get("says", base.says),
            magic_phone=None,
        )
    return found


def breaches(
    outcomes: Iterable[Outcome], schemas: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """What of the outcomes the documents do not know, as the place and a sentence.

    `schemas` has for each part the schemas of its fields, `$ref`s resolved.
    """
    for outcome in outcomes:
        groups = (("parts", outcome.parts), ("last_attempt", outcome.last_attempt))
        for group, parts in groups:
            for part, fields in parts.items():
                yield from _breaches_of(outcome.name, f"{group}.{part}", fields, schemas.get(part))


def _breaches_of(
    name: str, place: str, fields: Mapping[str, Any], schemas: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    if schemas is None:
        yield f"{name}.{place}", "is no object of this vendor"
        return
    for column, value in fields.items():
        schema = schemas.get(column)
        if schema is None:
            yield f"{name}.{place}.{column}", "is no field of the document"
            continue
        is_range = isinstance(value, list) and schema.get("type") in _NUMBERS
        for each in value if is_range else [value]:
            reason = unfit(each, schema)
            if reason is not None:
                yield f"{name}.{place}.{column}", reason


_NUMBERS = ("integer", "number")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "array": list,
}


def unfit(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Why a value cannot be that of a field with this schema, as a sentence; None where it can."""
    kind = schema.get("type")
    allowed = schema.get("enum")
    if value is None and schema.get("nullable"):
        return None
    if allowed is not None and value not in allowed:
        return f"{value!r} is no value of the document"
    if kind in _TYPES and not _is_of_type(value, kind):
        return f"{value!r} is not of the type {kind}"
    return None


def _is_of_type(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return bool(kind == "boolean")
    return isinstance(value, _TYPES[str(kind)])
