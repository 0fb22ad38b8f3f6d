"""The three ways in which the keys of a rule combine, as decision tables over one small crowd."""

from dataclasses import replace
from typing import Any

import pytest

from mockserver.matching import Combine, Key, Match, MatchingRule, Step, find
from mockserver.state.tables import Row, Table, TableSpec, Transaction

ADA: Row = {"id": 1, "email": "ada@x", "phone": "11"}
BOB: Row = {"id": 2, "email": "bob@x", "phone": "22"}
BEA: Row = {"id": 3, "email": "bea@x", "phone": "22"}
BOB_AGAIN: Row = {"id": 4, "email": "bob@x", "phone": "22"}

RULE = MatchingRule(
    name="rule",
    operations=("update",),
    table="people",
    keys=(Key("phone", "phone", str.strip), Key("email", "email", str.lower)),
    combine="all given",
    none="404",
    several="newest",
    provenance="chosen",
    source="nowhere",
)


@pytest.fixture
def tx() -> Transaction:
    table = Table(
        TableSpec("people", {"email": lambda row: row["email"], "phone": lambda row: row["phone"]})
    )
    for row in (ADA, BOB, BEA, BOB_AGAIN):
        table.set(row["id"], row)
    return Transaction({"people": table})


def found(combine: Combine, values: dict[str, Any], tx: Transaction) -> Match:
    return find(replace(RULE, combine=combine), values, tx)


NO_PHONE = Step("phone", None, None, [])
NO_EMAIL = Step("email", None, None, [])
BLANK_EMAIL = Step("email", "", None, [])
PHONE_11 = Step("phone", "11", "11", [ADA])
PHONE_22 = Step("phone", " 22 ", "22", [BOB, BEA, BOB_AGAIN])
PHONE_99 = Step("phone", "99", "99", [])
EMAIL_BOB = Step("email", "BOB@X", "bob@x", [BOB, BOB_AGAIN])
EMAIL_ADA = Step("email", "ada@x", "ada@x", [ADA])
EMAIL_ZED = Step("email", "zed@x", "zed@x", [])


@pytest.mark.parametrize(
    ("values", "rows", "trace"),
    [
        pytest.param({}, [], (NO_PHONE, NO_EMAIL), id="nothing given matches nothing"),
        pytest.param({"phone": "11"}, [ADA], (PHONE_11, NO_EMAIL), id="one key, one row"),
        pytest.param(
            {"phone": "11", "email": ""},
            [ADA],
            (PHONE_11, BLANK_EMAIL),
            id="an empty text is not given",
        ),
        pytest.param(
            {"phone": " 22 "},
            [BOB, BEA, BOB_AGAIN],
            (PHONE_22, NO_EMAIL),
            id="one key, several rows, oldest first",
        ),
        pytest.param(
            {"phone": " 22 ", "email": "BOB@X"},
            [BOB, BOB_AGAIN],
            (PHONE_22, EMAIL_BOB),
            id="both keys narrow down",
        ),
        pytest.param(
            {"phone": "11", "email": "BOB@X"},
            [],
            (PHONE_11, EMAIL_BOB),
            id="keys of different people match nobody",
        ),
        pytest.param(
            {"phone": "99", "email": "BOB@X"}, [], (PHONE_99, EMAIL_BOB), id="the first key misses"
        ),
        pytest.param(
            {"phone": "11", "email": "zed@x"}, [], (PHONE_11, EMAIL_ZED), id="the last key misses"
        ),
        pytest.param(
            {"email": "BOB@X"}, [BOB, BOB_AGAIN], (NO_PHONE, EMAIL_BOB), id="only the second key"
        ),
    ],
)
def test_all_given_keys_must_fit_one_row(
    values: dict[str, Any], rows: list[Row], trace: tuple[Step, ...], tx: Transaction
) -> None:
    assert found("all given", values, tx) == Match(replace(RULE, combine="all given"), rows, trace)


@pytest.mark.parametrize(
    ("values", "rows", "trace"),
    [
        pytest.param({}, [], (NO_PHONE, NO_EMAIL), id="nothing given matches nothing"),
        pytest.param(
            {"phone": "11", "email": "BOB@X"},
            [ADA],
            (PHONE_11,),
            id="the first key decides where it finds anything",
        ),
        pytest.param(
            {"phone": "99", "email": "BOB@X"},
            [BOB, BOB_AGAIN],
            (PHONE_99, EMAIL_BOB),
            id="a miss falls through",
        ),
        pytest.param(
            {"email": "ada@x"},
            [ADA],
            (NO_PHONE, EMAIL_ADA),
            id="a key that is not given is passed over",
        ),
        pytest.param(
            {"phone": "99", "email": "zed@x"}, [], (PHONE_99, EMAIL_ZED), id="every key misses"
        ),
    ],
)
def test_the_first_key_that_matches_decides(
    values: dict[str, Any], rows: list[Row], trace: tuple[Step, ...], tx: Transaction
) -> None:
    assert found("first that matches", values, tx) == Match(
        replace(RULE, combine="first that matches"), rows, trace
    )


@pytest.mark.parametrize(
    ("values", "rows", "trace"),
    [
        pytest.param({}, [], (NO_PHONE, NO_EMAIL), id="nothing given matches nothing"),
        pytest.param(
            {"phone": "11", "email": "BOB@X"}, [ADA], (PHONE_11,), id="the first given key decides"
        ),
        pytest.param(
            {"phone": "99", "email": "BOB@X"}, [], (PHONE_99,), id="a miss does not fall through"
        ),
        pytest.param(
            {"phone": None, "email": "BOB@X"},
            [BOB, BOB_AGAIN],
            (NO_PHONE, EMAIL_BOB),
            id="null is not given",
        ),
    ],
)
def test_the_first_given_key_decides(
    values: dict[str, Any], rows: list[Row], trace: tuple[Step, ...], tx: Transaction
) -> None:
    assert found("first given", values, tx) == Match(
        replace(RULE, combine="first given"), rows, trace
    )


def test_a_value_without_a_key_matches_nothing(tx: Transaction) -> None:
    rule = replace(RULE, keys=(Key("phone", "phone", lambda value: None),))
    assert find(rule, {"phone": "--"}, tx) == Match(rule, [], (Step("phone", "--", None, []),))


@pytest.mark.parametrize("combine", ["all given", "first that matches", "first given"])
def test_finding_writes_nothing(combine: Combine, tx: Transaction) -> None:
    found(combine, {"phone": " 22 ", "email": "BOB@X"}, tx)
    assert tx.commit() == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        pytest.param(NO_PHONE, "not given", id="not sent"),
        pytest.param(BLANK_EMAIL, "not given", id="sent empty"),
        pytest.param(PHONE_99, "matches none", id="sent, and nobody has it"),
        pytest.param(PHONE_22, "matches", id="sent, and three have it"),
    ],
)
def test_a_step_tells_its_verdict(step: Step, said: str) -> None:
    assert step.verdict == said
