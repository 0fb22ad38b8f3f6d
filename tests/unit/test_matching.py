"""The three ways in which the keys of a rule combine, as decision tables over one small crowd."""

from dataclasses import replace
from typing import Any

import pytest

from mockserver.matching import Combine, Key, KeyTrial, MatchingRule, Mismatch, find
from mockserver.state.changes import Row
from mockserver.state.tables import Index, Table, TableSpec
from mockserver.state.transaction import Transaction

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
    table = Table(TableSpec("people", {"email": Index("email", str), "phone": Index("phone", str)}))
    for place, row in enumerate((ADA, BOB, BEA, BOB_AGAIN)):
        table.put(row["id"], row, place)
    return Transaction("shop", {"people": table})


Found = tuple[list[Row], tuple[KeyTrial, ...]]


def found(combine: Combine, values: dict[str, Any], tx: Transaction) -> Found:
    """The rows that match, and what each key did; the trace of both agrees with them."""
    match = find(replace(RULE, combine=combine), values, tx)
    trace = match.trace
    assert tx.trace[-1] is trace
    assert (trace.rule, trace.table, trace.combine) == ("rule", "people", combine)
    assert (trace.keys, trace.found) == (("phone", "email"), len(match.rows))
    assert trace.ids == tuple(row["id"] for row in match.rows)
    return match.rows, trace.trials


def trial(key: str, value: Any, compared: Any, *rows: Row) -> KeyTrial:
    return KeyTrial(key, value, compared, tuple(row["id"] for row in rows), len(rows))


NO_PHONE = trial("phone", None, None)
NO_EMAIL = trial("email", None, None)
BLANK_EMAIL = trial("email", "", None)
PHONE_11 = trial("phone", "11", "11", ADA)
PHONE_22 = trial("phone", " 22 ", "22", BOB, BEA, BOB_AGAIN)
PHONE_99 = trial("phone", "99", "99")
EMAIL_BOB = trial("email", "BOB@X", "bob@x", BOB, BOB_AGAIN)
EMAIL_ADA = trial("email", "ada@x", "ada@x", ADA)
EMAIL_ZED = trial("email", "zed@x", "zed@x")


@pytest.mark.parametrize(
    ("values", "rows", "trials"),
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
    values: dict[str, Any], rows: list[Row], trials: tuple[KeyTrial, ...], tx: Transaction
) -> None:
    assert found("all given", values, tx) == (rows, trials)


@pytest.mark.parametrize(
    ("values", "rows", "trials"),
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
    values: dict[str, Any], rows: list[Row], trials: tuple[KeyTrial, ...], tx: Transaction
) -> None:
    assert found("first that matches", values, tx) == (rows, trials)


@pytest.mark.parametrize(
    ("values", "rows", "trials"),
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
    values: dict[str, Any], rows: list[Row], trials: tuple[KeyTrial, ...], tx: Transaction
) -> None:
    assert found("first given", values, tx) == (rows, trials)


def test_a_value_without_a_key_matches_nothing(tx: Transaction) -> None:
    rule = replace(RULE, keys=(Key("phone", "phone", lambda value: None),))
    match = find(rule, {"phone": "--"}, tx)
    assert (match.rows, match.trace.trials) == ([], (trial("phone", "--", None),))


@pytest.mark.parametrize("combine", ["all given", "first that matches", "first given"])
def test_finding_writes_nothing(combine: Combine, tx: Transaction) -> None:
    found(combine, {"phone": " 22 ", "email": "BOB@X"}, tx)
    assert tx.changes() == []


@pytest.mark.parametrize(
    ("values", "mismatches"),
    [
        pytest.param({"phone": "11", "email": "ADA@X"}, (), id="the other key fits too"),
        pytest.param(
            {"phone": "11", "email": "BOB@X"},
            (Mismatch("email", "BOB@X", 1, "ada@x"),),
            id="a key after the one that decided",
        ),
        pytest.param(
            {"phone": "99", "email": "ada@x"},
            (Mismatch("phone", "99", 1, "11"),),
            id="a key before the one that decided",
        ),
        pytest.param(
            {"phone": "22", "email": "bob@x"},
            (Mismatch("email", "bob@x", 3, "bea@x"),),
            id="one of several rows",
        ),
        pytest.param({"phone": "11", "email": None}, (), id="a key that is not given"),
        pytest.param({"phone": "99", "email": "zed@x"}, (), id="nobody was found"),
    ],
)
def test_a_match_notes_given_keys_that_a_row_has_otherwise(
    values: dict[str, Any], mismatches: tuple[Mismatch, ...], tx: Transaction
) -> None:
    rule = replace(RULE, combine="first that matches")
    assert find(rule, values, tx).trace.mismatches == mismatches


def test_of_many_rows_the_first_ids_are_kept_and_all_are_counted(tx: Transaction) -> None:
    for number in range(10, 210):
        tx.put("people", {"id": number, "email": "many@x", "phone": "33"})
    trace = find(RULE, {"phone": "33"}, tx).trace
    assert (trace.ids, trace.found) == (tuple(range(10, 110)), 200)
    assert (trace.trials[0].ids, trace.trials[0].found) == (trace.ids, 200)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        pytest.param(NO_PHONE, "not given", id="not sent"),
        pytest.param(BLANK_EMAIL, "not given", id="sent empty"),
        pytest.param(PHONE_99, "matches none", id="sent, and nobody has it"),
        pytest.param(PHONE_22, "matches", id="sent, and three have it"),
    ],
)
def test_a_step_tells_its_verdict(step: KeyTrial, said: str) -> None:
    assert step.verdict == said
