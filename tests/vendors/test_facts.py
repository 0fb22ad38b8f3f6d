"""The documents keep the vendors' facts: `facts/<vendor>.json` is the structure of what each vendor publishes, without its prose."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mockserver.documents.resources import folder
from mockserver.documents.source import Source

FACTS = sorted((Path(__file__).parent / "facts").glob("*.json"))
PROSE = frozenset({"description", "summary", "title", "example", "examples"})
WHOLE = frozenset({"enum", "required"})
"""Lists that say everything: an entry more is another fact."""

Steps = tuple[str | int, ...]

vendors = pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FACTS])


@cache
def facts_in(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


@cache
def document_of(file: Path) -> Any:
    return Source(folder("openapi") / f"{file.stem}.yaml").content


def schemas_of(document: Any) -> dict[str, Any]:
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    return schemas


def bare(value: Any, *, names: bool = False) -> Any:
    """The value without prose and extensions; the keys of a map of `names` are all kept."""
    if isinstance(value, dict):
        kept = [key for key in value if names or not (key in PROSE or key.startswith("x-"))]
        if not names and value.get("nullable") is True:
            kept = without_type(value, kept)
        return {key: bare(value[key], names=key == "properties" and not names) for key in kept}
    return [bare(item) for item in value] if isinstance(value, list) else value


def without_type(schema: dict[str, Any], keys: list[str]) -> list[str]:
    """The keys without those that OpenAPI 3.0.3 wants beside `nullable`, which means nothing alone.

    So ours has a `type` beside `nullable` and `allOf`, and no `nullable` in a schema without more.
    """
    if keys == ["nullable"]:
        return []
    if {"allOf", "oneOf"} & schema.keys():
        return [key for key in keys if key != "type"]
    return keys


def resolved(value: Any, document: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        target = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def missing(fact: Any, ours: Any, document: Any, at: Steps = ()) -> Iterator[Steps]:
    """Where `ours` lacks the fact. Ours may say more; a reference is followed where the fact is not one itself."""
    if not (isinstance(fact, dict) and "$ref" in fact):
        ours = resolved(ours, document)
    if isinstance(fact, dict) and isinstance(ours, dict):
        # Generators of clients lose fields over `anyOf` beside `properties`: ours is an extension.
        ours = {"anyOf": ours.get("x-any-of")} | ours if "x-any-of" in ours else ours
        for key, value in fact.items():
            if not key.startswith("x-"):
                yield from (
                    missing(value, ours[key], document, (*at, key)) if key in ours else [(*at, key)]
                )
    elif isinstance(fact, list) and isinstance(ours, list) and at[-1] not in WHOLE:
        for i, value in enumerate(fact):
            yield from missing(value, ours[i], document, (*at, i)) if i < len(ours) else [(*at, i)]
    elif fact != ours or type(fact) is not type(ours):
        yield at


def broken(facts: Any, document: Any) -> list[Steps]:
    """Every place where the document differs from the facts: component schemas exactly, all else where it lacks something."""
    ours = schemas_of(document)
    schemas = [
        ("components", "schemas", name)
        for name, fact in schemas_of(facts).items()
        if bare(fact) != bare(ours.get(name))
    ]
    rest = {key: value for key, value in facts.items() if key != "components"}
    parts = {key: value for key, value in facts.get("components", {}).items() if key != "schemas"}
    return [*schemas, *missing(rest | {"components": parts}, document, document)]


@vendors
def test_every_fact_of_the_vendors_documents_stands_in_ours(file: Path) -> None:
    assert broken(facts_in(file), document_of(file)) == []


def leaves(value: Any, at: Steps = ()) -> Iterator[Steps]:
    parts = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for key, part in parts:
        if not str(key).startswith("x-"):
            yield from leaves(part, (*at, key))
    if not parts and at:
        yield at


def with_another(value: Any, at: Steps) -> Any:
    """A copy in which the leaf at that place has another value."""
    if not at:
        return ["something else"]
    twin = copy.copy(value)
    twin[at[0]] = with_another(value[at[0]], at[1:])
    return twin


@vendors
def test_no_fact_can_change_unseen(file: Path) -> None:
    facts, document = facts_in(file), document_of(file)
    unseen = [at for at in leaves(facts) if not broken(with_another(facts, at), document)]
    assert unseen == []


def schema_of(facts: Any) -> Any:
    return next(schema for schema in schemas_of(facts).values() if "properties" in schema)


def add_property(facts: Any) -> None:
    schema_of(facts)["properties"]["stray"] = {"type": "string"}


def drop_property(facts: Any) -> None:
    schema_of(facts)["properties"].popitem()


def make_nullable(facts: Any) -> None:
    first = next(iter(schema_of(facts)["properties"].values()))
    first["nullable"] = not first.get("nullable", False)


def require_more(facts: Any) -> None:
    schema_of(facts).setdefault("required", []).append("stray")


def add_path(facts: Any) -> None:
    facts["paths"]["/stray"] = {"get": {}}


def add_media_type(facts: Any) -> None:
    operation = next(
        each for item in facts["paths"].values() for each in item.values() if "requestBody" in each
    )
    operation["requestBody"]["content"]["text/csv"] = {}


@pytest.mark.parametrize(
    "mutate",
    [
        pytest.param(each, id=each.__name__)
        for each in (
            add_property,
            drop_property,
            make_nullable,
            require_more,
            add_path,
            add_media_type,
        )
    ],
)
def test_a_mutated_copy_of_the_facts_is_refused(mutate: Callable[[Any], None]) -> None:
    file = next(file for file in FACTS if schemas_of(facts_in(file)))
    facts = copy.deepcopy(facts_in(file))
    mutate(facts)
    assert broken(facts, document_of(file)) != []
