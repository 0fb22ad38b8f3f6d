"""The clock of a workspace: real, frozen, shifted, advanced."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.samples import SAMPLES, send

STILL: dict[str, Any] = {
    "steps": 0,
    "after": 0,
    "events": 0,
    "deliveries": 0,
    "failed": 0,
    "stopped": None,
    "first": [],
    "next_due": None,
}
"""What an answer says beside the clock where nothing fell due on its way."""

NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}


def test_a_clock_is_real_at_first(control: httpx.Client) -> None:
    shown = control.get("/clock").json()
    assert abs(datetime.fromisoformat(shown["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert shown | {"now": ""} == {"mode": "real", "now": "", "shift_seconds": 0}


@pytest.mark.parametrize(
    ("at", "now"),
    [
        pytest.param("2025-01-31T12:00:00Z", "2025-01-31T12:00:00.000Z", id="UTC"),
        pytest.param(
            "2025-01-31T12:00:00.5+02:00", "2025-01-31T10:00:00.500Z", id="offset and fraction"
        ),
        pytest.param("2024-02-29T23:59:59-08:00", "2024-03-01T07:59:59.000Z", id="leap day"),
    ],
)
def test_a_frozen_clock_stands_still(at: str, now: str, control: httpx.Client) -> None:
    frozen = {"mode": "frozen", "now": now, "shift_seconds": 0}
    answer = control.put("/clock", json={"mode": "frozen", "at": at}).json()
    assert answer == frozen | STILL
    assert control.get("/clock").json() == frozen


def test_a_clock_is_frozen_at_the_present_moment_where_no_other_is_named(
    control: httpx.Client,
) -> None:
    control.put("/clock", json={"mode": "shifted", "shift_seconds": -86_400})
    first = control.put("/clock", json={"mode": "frozen"}).json()
    assert datetime.now(UTC) - datetime.fromisoformat(first["now"]) > timedelta(hours=23)
    assert control.get("/clock").json() | STILL == first


@pytest.mark.parametrize("seconds", [3600, -0.5, 0])
def test_a_shifted_clock_goes_on_ahead_of_the_real_time_or_behind_it(
    seconds: float, control: httpx.Client
) -> None:
    shown = control.put("/clock", json={"mode": "shifted", "shift_seconds": seconds}).json()
    ahead = datetime.fromisoformat(shown["now"]) - datetime.now(UTC)
    assert abs(ahead.total_seconds() - seconds) < 60
    assert (shown["mode"], shown["shift_seconds"]) == ("shifted" if seconds else "real", seconds)


def test_the_real_time_comes_back(control: httpx.Client) -> None:
    control.put("/clock", json=NOON)
    assert control.put("/clock", json={"mode": "real"}).json()["mode"] == "real"


def test_advancing_a_frozen_clock_leaves_it_standing_later(control: httpx.Client) -> None:
    control.put("/clock", json=NOON)
    later = {"mode": "frozen", "now": "2025-01-31T12:01:30.250Z", "shift_seconds": 0}
    assert control.post("/clock/advance", json={"seconds": 90.25}).json() == later | STILL
    assert control.get("/clock").json() == later


def test_advancing_a_real_clock_shifts_it(control: httpx.Client) -> None:
    control.post("/clock/advance", json={"seconds": 60})
    shown = control.post("/clock/advance", json={"seconds": 30}).json()
    assert (shown["mode"], shown["shift_seconds"]) == ("shifted", 90)


def test_vendors_tell_the_time_by_it(control: httpx.Client, octanist: httpx.Client) -> None:
    control.put("/clock", json=NOON)
    control.post("/clock/advance", json={"seconds": 1})
    answer = octanist.get("/leads")
    assert answer.json()["meta"]["timestamp"] == "2025-01-31T12:00:01.000Z"
    assert answer.headers["date"] == "Fri, 31 Jan 2025 12:00:01 GMT"


MODES = "must be one of real, frozen, shifted"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({}, {"/mode": "is required"}, id="empty"),
        pytest.param({"mode": "forward"}, {"/mode": MODES}, id="unknown mode"),
        pytest.param({"mode": "forward", "at": 5}, {"/mode": MODES}, id="unknown mode first"),
        pytest.param({"mode": "shifted"}, {"/shift_seconds": "is required"}, id="no shift"),
        pytest.param({"mode": "real", "at": "2025-01-31T12:00:00Z"}, {"/at": "is no property here; known are mode, fire, wait, quiet, at, shift_seconds"}, id="of another mode"),
        pytest.param({"mode": "frozen", "at": "noon"}, {"/at": "must be a date and time with its offset, like 2025-01-31T12:00:00Z"}, id="no time"),
        pytest.param({"mode": "frozen", "at": "0001-01-01T00:00:00+01:00"}, {"/at": "must lead to a time from the year 2 to the year 9998"}, id="before the year 1"),
        pytest.param({"mode": "shifted", "shift_seconds": "1"}, {"/shift_seconds": "must be a number"}, id="text"),
        pytest.param({"mode": "shifted", "shift_seconds": 10**12}, {"/shift_seconds": "must be at most 315576000000"}, id="too far"),
        pytest.param({"mode": "shifted", "shift_seconds": 300_000_000_000}, {"/shift_seconds": "must lead to a time from the year 2 to the year 9998"}, id="past 9999"),
        pytest.param({"mode": "frozen", "at": "9999-12-31T23:59:57Z"}, {"/at": "must lead to a time from the year 2 to the year 9998"}, id="just before the end"),
        pytest.param([], {"": "must be a JSON object"}, id="list"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_clock_that_cannot_be_is_refused(
    body: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    control.put("/clock", json=NOON)
    answer = control.put("/clock", json=body)
    assert (
        answer.status_code,
        {each["pointer"]: each["detail"] for each in answer.json()["errors"]},
    ) == (400, errors)
    assert control.get("/clock").json()["now"] == "2025-01-31T12:00:00.000Z"


@pytest.mark.parametrize("at", ["0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z"])
def test_requests_are_answered_at_both_ends_of_the_calendar(
    at: str, control: httpx.Client, http: httpx.Client, account: str
) -> None:
    assert control.put("/clock", json={"mode": "frozen", "at": at}).status_code == 200
    answers = [send(http, account, sample) for sample in SAMPLES]
    assert [answer.url for answer in answers if answer.status_code >= 500] == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param({"seconds": -1}, "must be at least 0", id="back"),
        pytest.param(
            {"seconds": 300_000_000_000},
            "must lead to a time from the year 2 to the year 9998",
            id="past 9999",
        ),
        pytest.param({"seconds": True}, "must be a number", id="true"),
        pytest.param({}, "is required, or to", id="empty"),
    ],
)
def test_time_that_cannot_pass_is_refused(body: Any, detail: str, control: httpx.Client) -> None:
    answer = control.post("/clock/advance", json=body)
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"pointer": "/seconds", "detail": detail}],
    )
