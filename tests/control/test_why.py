"""Why a request was answered as it was, as the control API says it."""

import httpx
import pytest

SHOP = "+12025550177"
UPDATED = (
    "Updated lead lead_demo01 (updatedAt, status, qualifiedAt); "
    "email ada@example.com matched lead lead_demo01."
)
NOBODY = (
    "Nothing found, answered 404: id was not given; email nobody@example.com matched none; "
    "the first key given decides: nothing matched."
)
A_SLASH_TOO_MANY = (
    "octanist has no operation GET /octanist/api/leads/: it has a slash too many at the end of its "
    "path. Probably meant: GET /octanist/api/leads (list_leads)."
)


def why(control: httpx.Client, number: int = 1) -> tuple[str, str]:
    """What happened to a request, and the sentence."""
    found = control.get(f"/requests/{number}").json()["why"]
    return found["what"], found["sentence"]


def test_a_new_lead(control: httpx.Client, sela: httpx.Client) -> None:
    id = sela.post("/api/leads/", json={"phone_number": SHOP}).json()["id"]
    assert why(control) == ("created", f"Created lead {id}.")


def test_an_updated_lead_and_how_it_was_found(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    octanist.patch("/leads", json={"email": "ada@example.com", "status": "won"})
    assert why(control) == (
        "updated",
        UPDATED,
    )


def test_a_lead_that_came_in_once_more(control: httpx.Client, sela: httpx.Client) -> None:
    lead = {"phone_number": SHOP, "email": "shop@example.com", "min_reengagement_days": 0}
    sela.post("/api/leads/", json=lead)
    sela.post("/api/leads/", json=lead)
    what, sentence = why(control, 2)
    assert (what, sentence.partition(" (")[0]) == ("updated", "Re-engaged: updated lead 28014")


def test_nothing_found(control: httpx.Client, octanist: httpx.Client) -> None:
    octanist.patch("/leads", json={"email": "nobody@example.com", "status": "won"})
    assert why(control) == (
        "nothing found",
        NOBODY,
    )


def test_several_found_and_none_changed(control: httpx.Client, octanist: httpx.Client) -> None:
    for _ in range(2):
        octanist.post("/leads", json={"email": "two@example.com"})
    octanist.patch("/leads", json={"email": "two@example.com", "status": "won"})
    found = control.get("/requests/3").json()["why"]
    first, second = found["parts"]["candidates"]
    assert found == {
        "what": "several found",
        "sentence": "Refused with 409: 2 leads match, and none was changed: id was not given; "
        f"email two@example.com matched leads {first}, {second}; "
        f"the first key given decides: leads {first}, {second} matched.",
        "parts": {
            "status": 409,
            "rule": "Lead by identifier",
            "found": 2,
            "candidates": [first, second],
            "chosen": [],
            "decided_by": "all of them with the setting allow_bulk_updates, else 409 CONFLICT and "
            "nothing changed",
            "setting": "allow_bulk_updates",
            "provenance": "documented",
        },
    }


def test_the_candidate_that_was_chosen(control: httpx.Client, sela: httpx.Client) -> None:
    lead = {"phone_number": SHOP}
    sela.post("/api/leads/", json=lead | {"email": "a@example.com"})
    newest = sela.post("/api/leads/", json=lead | {"email": "b@example.com"}).json()["id"]
    sela.put("/api/leads/update/", json=lead | {"status": "NEW"})
    parts = control.get("/requests/3").json()["why"]["parts"]
    chosen = {name: parts[name] for name in ("candidates", "chosen", "setting", "provenance")}
    assert chosen == {
        "candidates": [newest - 1, newest],
        "chosen": [newest],
        "setting": "several_matches",
        "provenance": "documented",
    }


def test_refused_fields(control: httpx.Client, sela: httpx.Client) -> None:
    sela.put("/api/leads/update/", json={"phone_number": SHOP, "status": "NOPE"})
    found = control.get("/requests/1").json()["why"]
    assert (found["what"], [each["field"] for each in found["parts"]["fields"]]) == (
        "refused",
        ["status"],
    )


def test_a_fault_and_how_many_are_left(control: httpx.Client, octanist: httpx.Client) -> None:
    control.post("/faults", json={"fault": "server_error", "times": 2})
    octanist.post("/check")
    assert why(control) == (
        "fault",
        "The fault server_error (rule 1) answered 500; 1 more request gets it.",
    )


@pytest.mark.parametrize(
    ("path", "headers", "wanted", "sent"),
    [
        pytest.param("/sela/api/leads/", {}, "Authorization: Token <key>", "no credential", id="none"),
        pytest.param("/sela/api/leads/", {"Authorization": "Bearer key"}, "Authorization: Token <key>", "`authorization: Bearer ***`", id="another scheme"),
        pytest.param("/sela/api/leads/", {"Authorization": "Token"}, "Authorization: Token <key>", "`authorization: Token (empty)`", id="an empty key"),
        pytest.param("/octanist/api/leads", {"Authorization": "key"}, "X-API-KEY: <key>", "`authorization: ***`", id="another header"),
        pytest.param("/octanist/api/leads", {"X-API-KEY": ""}, "X-API-KEY: <key>", "`x-api-key: (empty)`", id="an empty header"),
        pytest.param("/octanist/api/leads?api_key=key", {}, "X-API-KEY: <key>", "`?api_key=***`", id="in the query"),
        pytest.param("/nlpearl/v2/Pearl", {"Authorization": "Bearer key"}, "Authorization: Bearer <account>:<secret>", "`authorization: Bearer ***`", id="a part is missing"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_signed_in_as_nobody(
    path: str, headers: dict[str, str], wanted: str, sent: str, *, admin: httpx.Client
) -> None:
    httpx.get(f"{admin.base_url.copy_with(path='/')}{path[1:]}", headers=headers)
    (entry,) = admin.get("/requests?order=desc&limit=1").json()["requests"]
    vendor = path.split("/")[1]
    assert (entry["why"]["what"], entry["why"]["sentence"]) == (
        "no credential",
        f"Signed in as nobody, answered 401: {vendor} reads `{wanted}`, and the request has {sent}.",
    )


def test_no_such_operation_and_the_one_that_was_meant(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    octanist.get("/leads/")
    assert why(control) == (
        "unknown operation",
        A_SLASH_TOO_MANY,
    )


def test_a_method_that_the_path_does_not_take(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    octanist.delete("/leads")
    assert why(control) == (
        "unknown operation",
        "/octanist/api/leads takes GET, HEAD, POST, PATCH, and not DELETE.",
    )


def test_remarks_by_field(control: httpx.Client, sela: httpx.Client) -> None:
    lead = {"phone_number": SHOP, "us_stat": "CA", "id": 7}
    sela.post("/api/leads/", json=lead)
    assert control.get("/requests/1").json()["remarks"] == [
        {"field": "us_stat", "text": "is no field: kept in metadata (did you mean us_state?)"},
        {"field": "id", "text": "cannot be set here: ignored"},
    ]


def test_a_misspelt_field_that_is_dropped(control: httpx.Client, octanist: httpx.Client) -> None:
    octanist.patch("/leads", json={"email": "ada@example.com", "vaule": 12})
    assert control.get("/requests/1").json()["remarks"] == [
        {"field": "vaule", "text": "is no field: ignored (did you mean value?)"}
    ]


def test_the_body_as_it_came(control: httpx.Client, octanist: httpx.Client) -> None:
    raw = '{"email":  "ada@example.com", "email": "ada@example.com"}'
    octanist.post("/leads", content=raw, headers={"Content-Type": "application/json"})
    assert control.get("/requests/1").json()["request"]["raw"] == raw


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        pytest.param("?format=text", {}, id="by the query"),
        pytest.param("", {"Accept": "text/plain"}, id="by the Accept header"),
    ],
)
def test_the_journal_as_text(
    control: httpx.Client, octanist: httpx.Client, query: str, headers: dict[str, str]
) -> None:
    octanist.delete("/leads")
    answer = control.get(f"/requests{query}", headers=headers)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    why, answered, hint = answer.text.splitlines()[1:]
    assert why == "     why: /octanist/api/leads takes GET, HEAD, POST, PATCH, and not DELETE."
    assert answered.startswith('     answered: {"success": false')
    assert hint.startswith("     hint: Compare the base URL")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param("application/json, text/plain, */*", "application/json", id="axios"),
        pytest.param("text/plain, application/json", "text/plain; charset=utf-8", id="text first"),
        pytest.param("text/plain;q=0", "application/json", id="text refused"),
        pytest.param("text/plain;q=0.1, */*", "application/json", id="anything sooner"),
        pytest.param(
            "application/json;q=0.1, text/plain", "text/plain; charset=utf-8", id="sooner"
        ),
        pytest.param("text/plain, */*", "text/plain; charset=utf-8", id="text or else"),
    ],
)
def test_the_journal_is_text_for_who_prefers_that(
    accept: str, media_type: str, control: httpx.Client
) -> None:
    answer = control.get("/requests", headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type


def test_a_text_keeps_the_newest_and_counts_the_rest(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    for _ in range(6):
        octanist.post("/check")
    lines = control.get("/requests?format=text&lines=3").text.splitlines()
    assert [line.partition("  check")[0] for line in lines] == [
        "(4 requests before these)",
        "  5  POST /octanist/api/check  200",
        "  6  POST /octanist/api/check  200",
    ]
