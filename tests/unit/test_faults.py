"""The catalogue of faults, what their parameters may be, and which values ask for one by themselves."""

import json
from pathlib import Path
from typing import Any

import pytest

import mockserver
from mockserver.faults.catalogue import (
    CATALOGUE,
    MAGIC_PHONES,
    FaultKind,
    Parameter,
    by_name,
    by_status,
    magic_email,
    magic_phone,
    may_have_magic_phone,
)

PAGE = (Path(mockserver.__path__[0]).parent / "docs" / "faults.md").read_text("utf-8")
KINDS = [pytest.param(kind, id=kind.name) for kind in CATALOGUE.values()]
PHONES = [pytest.param(ending, name, id=name) for ending, name in MAGIC_PHONES.items()]


def test_the_catalogue_has_these_faults() -> None:
    assert {name: kind.status for name, kind in CATALOGUE.items()} == {
        "unauthorized": 401,
        "forbidden": 403,
        "not_found": 404,
        "conflict": 409,
        "validation": 400,
        "rate_limited": 429,
        "server_error": 500,
        "maintenance": 503,
        "gateway_html": 502,
        "empty_body": None,
        "truncated_body": None,
        "malformed_json": None,
        "slow": None,
        "slow_drip": None,
        "timeout": None,
        "reset": None,
        "apply_but_fail": None,
    }


def test_these_faults_let_the_request_take_effect() -> None:
    applying = {name for name, kind in CATALOGUE.items() if kind.applies}
    assert applying == {
        "empty_body",
        "truncated_body",
        "malformed_json",
        "slow",
        "slow_drip",
        "apply_but_fail",
    }


def test_faults_have_these_parameters() -> None:
    assert {name: kind.parameters for name, kind in CATALOGUE.items() if kind.takes} == {
        "rate_limited": {
            "retry_after": 1,
            "retry_format": "seconds",
            "limit": None,
            "window": 60.0,
        },
        "maintenance": {"retry_after": None, "retry_format": "seconds"},
        "slow": {"seconds": 1.0, "at_least": None, "at_most": None},
        "slow_drip": {"seconds": 1.0},
        "timeout": {"seconds": 60.0},
        "apply_but_fail": {"answer": "reset", "seconds": 60.0},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_are_what_a_fault_takes(kind: FaultKind) -> None:
    assert (
        list(
            kind.problems(
                {name: value for name, value in kind.parameters.items() if value is not None}
            )
        )
        == []
    )


def test_a_fault_is_found_by_its_name_and_by_its_status() -> None:
    assert by_name("apply-but-fail") is by_name("apply_but_fail") is CATALOGUE["apply_but_fail"]
    assert [by_status(code) for code in (429, 502, 418)] == [
        CATALOGUE["rate_limited"],
        CATALOGUE["gateway_html"],
        None,
    ]
    assert by_name("teapot") is None


@pytest.mark.parametrize(
    ("fault", "given", "message"),
    [
        pytest.param(
            "slow",
            {"second": 1},
            "is no parameter of slow, which takes seconds, at_least, at_most",
            id="unknown",
        ),
        pytest.param(
            "conflict",
            {"seconds": 1},
            "is no parameter of conflict, which takes none",
            id="none at all",
        ),
        pytest.param("slow", {"seconds": "1"}, "must be a number from 0 to 3600", id="a text"),
        pytest.param("slow", {"seconds": True}, "must be a number from 0 to 3600", id="true"),
        pytest.param("slow", {"seconds": None}, "must be a number from 0 to 3600", id="null"),
        pytest.param("slow", {"seconds": 3601}, "must be a number from 0 to 3600", id="too much"),
        pytest.param(
            "rate_limited", {"limit": -1}, "must be an integer from 0 to 1000000", id="too little"
        ),
        pytest.param(
            "rate_limited",
            {"retry_after": 1.5},
            "must be an integer from 0 to 86400, or a text of at most 100 printable ASCII characters",
            id="a fraction",
        ),
        pytest.param(
            "rate_limited",
            {"window": 0},
            "must be a number from 0.001 to 86400",
            id="no time at all",
        ),
        pytest.param(
            "slow",
            {"at_least": 1},
            "must be given: at_least and at_most go together",
            id="half a range",
        ),
        pytest.param(
            "slow",
            {"at_least": 2, "at_most": 1},
            "must be no greater than at_most, 1",
            id="an empty range",
        ),
        pytest.param(
            "slow",
            {"seconds": 1, "at_least": 1, "at_most": 2},
            "must be left out beside at_least and at_most",
            id="both",
        ),
        pytest.param(
            "apply_but_fail",
            {"answer": "slow"},
            "must be one of reset, timeout, gateway_html, server_error, empty_body",
            id="another word",
        ),
    ],
)
def test_a_parameter_that_a_fault_does_not_take_is_told(
    fault: str, given: dict[str, Any], message: str
) -> None:
    assert [problem.message for problem in CATALOGUE[fault].problems(given)] == [message]


def test_every_wrong_parameter_is_told_at_once() -> None:
    problems = CATALOGUE["rate_limited"].problems({"limit": "2", "window": -1, "tries": 3})
    assert [problem.path for problem in problems] == [("limit",), ("window",), ("tries",)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param('{"email": "ada+fault-409@example.com"}', "conflict", id="a status"),
        pytest.param(
            '{"email": "Ada+fault-429@Example.COM"}', "rate_limited", id="any letter case around it"
        ),
        pytest.param(
            '{"email": "x+fault-apply-but-fail@localhost"}',
            "apply_but_fail",
            id="a name, at any domain",
        ),
        pytest.param(
            '{"email": "x+fault-apply_but_fail@example.com"}',
            "apply_but_fail",
            id="a name with underscores",
        ),
        pytest.param(r'{"email": "x\u002Bfault-reset@example.com"}', "reset", id="an escaped plus"),
        pytest.param("email=x%2Bfault-503%40example.com", "maintenance", id="a form or a query"),
        pytest.param("/leads/x%2bfault-404@example.com", "not_found", id="a path"),
        pytest.param(
            '["a+fault-teapot@example.com", "b+fault-500@example.com"]',
            "server_error",
            id="the second, where the first is none",
        ),
        pytest.param(
            '{"email": "ada+fault-418@example.com"}', None, id="a status that no fault has"
        ),
        pytest.param('{"email": "fault-409@example.com"}', None, id="no plus"),
        pytest.param('{"email": "ada+fault-409x"}', None, id="no address"),
        pytest.param(
            '{"email": "ada+fault-409.x@example.com"}', None, id="not at the end of the local part"
        ),
    ],
)
def test_an_email_address_asks_for_a_fault(text: str, name: str | None) -> None:
    assert magic_email(text.encode()) is CATALOGUE.get(name or "")


@pytest.mark.parametrize(("ending", "name"), PHONES)
def test_a_phone_number_asks_for_a_fault(ending: str, name: str) -> None:
    assert magic_phone(f"+190055501{ending}") is CATALOGUE[name]


@pytest.mark.parametrize(
    "text",
    [
        "+19005550142",
        "1 (900) 555-0142",
        "900.555.01.42",
        "tel:+1-900-555-0142",
        "1900x5550142",
        "+1%20%28900%29%20555-0142",
        r"1 900\u2013555 0142",
        "\uff0b1 \uff08900\uff09 555 0142",
    ],
)
def test_every_spelling_of_a_magic_number_is_looked_at(text: str) -> None:
    assert may_have_magic_phone(f'{{"phone": "{text}"}}'.encode())


def test_a_body_that_has_the_digits_in_different_values_is_not_looked_at() -> None:
    leads = [{"phone": f"+1212{2340000 + i}", "externalId": f"crm-{i}"} for i in range(10_000)]
    assert not may_have_magic_phone(json.dumps(leads).encode())


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("+12025550142", id="another area"),
        pytest.param("+19005550150", id="another ending"),
        pytest.param("+19005550136", id="an ending without a meaning"),
        pytest.param("+449005550142", id="another country"),
        pytest.param("+190055501423", id="one digit more"),
        pytest.param("+19005550142 ", id="no E.164"),
        pytest.param(None, id="no number"),
    ],
)
def test_other_numbers_ask_for_nothing(number: str | None) -> None:
    assert magic_phone(number) is None


def test_a_large_body_full_of_near_misses_is_read_quickly() -> None:
    assert magic_email(b'"19005550142" 5550142 +fault-x ' * 20_000) is None


def told(parameter: Parameter) -> str:
    """A parameter as the page has it."""
    allowed = (
        " ".join(f"`{choice}`" for choice in parameter.choices)
        or f"{parameter.minimum:.10g} to {parameter.maximum:.10g}"
    )
    if parameter.takes_text:
        allowed += ", or a text"
    return (
        f"| `{parameter.name}` | `{json.dumps(parameter.default)}` | {allowed} | {parameter.help} |"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_tells_each_fault(kind: FaultKind) -> None:
    takes = ", ".join(f"`{parameter.name}`" for parameter in kind.takes)
    assert (
        f"| `{kind.name}` | {kind.status or ''} | {'yes' if kind.applies else 'no'} | {kind.help} | {takes} |"
        in PAGE.splitlines()
    )


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=kind.name) for kind in CATALOGUE.values() if kind.takes]
)
def test_the_page_tells_each_parameter(kind: FaultKind) -> None:
    section = PAGE.partition(f"### `{kind.name}`\n")[2].partition("\n#")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == [
        told(parameter) for parameter in kind.takes
    ]


def test_the_page_tells_each_magic_number() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `+1 900 555 01")]
    assert rows == [
        f"| `+1 900 555 01{ending}` | `{name}` |" for ending, name in sorted(MAGIC_PHONES.items())
    ]
