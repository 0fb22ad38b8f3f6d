"""The journal by the control API: listed, read, verified, and written as an archive or a report."""

from collections.abc import Callable
from threading import Timer
from typing import Any

import httpx
import pytest

from mockserver import __version__
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.answers import end_to_end

NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}
UPDATE = {"email": "ada@example.com", "status": "won"}


@pytest.fixture
def asked(control: httpx.Client, octanist: httpx.Client, sela: httpx.Client) -> httpx.Client:
    """The control API of a workspace that was asked five things at noon."""
    control.put("/clock", json=NOON)
    octanist.get("/leads", params={"limit": 1})
    octanist.patch("/leads", json=UPDATE)
    octanist.patch("/leads", json={"status": "won"})
    octanist.put("/leads")
    sela.get("/api/lead-types/")
    return control


def numbers(page: dict[str, Any]) -> list[int]:
    return [each["number"] for each in page["requests"]]


def test_every_request_is_listed_in_a_line(asked: httpx.Client) -> None:
    page = asked.get("/requests").json()
    line = page["requests"][1]
    assert (numbers(page), page["dropped"]) == ([1, 2, 3, 4, 5], 0)
    assert line == {
        "number": 2,
        "version": line["version"],
        "time": "2025-01-31T12:00:00.000Z",
        "vendor": "octanist",
        "operation": "update_lead",
        "method": "PATCH",
        "target": "/octanist/api/leads",
        "status": 200,
        "milliseconds": line["milliseconds"],
        "fault": None,
        "matched": ["lead_demo01"],
        "why": {
            "what": "updated",
            "sentence": "Updated lead lead_demo01 (updatedAt, status, qualifiedAt); "
            "email ada@example.com matched lead lead_demo01.",
            "parts": {
                "rows": [
                    {
                        "table": "leads",
                        "id": "lead_demo01",
                        "what": "updated",
                        "fields": ["updatedAt", "status", "qualifiedAt"],
                    }
                ],
                "found_by": ["email"],
            },
        },
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("after=2", [3, 4, 5], id="after"),
        pytest.param("after=5", [], id="after the last"),
        pytest.param("limit=2", [1, 2], id="limit"),
        pytest.param("after=2&limit=2", [3, 4], id="a page"),
        pytest.param("vendor=sela", [5], id="vendor"),
        pytest.param("operation=update_lead", [2, 3], id="operation"),
        pytest.param("status=400", [3], id="status"),
        pytest.param("unmatched=true", [4], id="unmatched"),
        pytest.param("unmatched=false", [1, 2, 3, 5], id="matched"),
        pytest.param("vendor=sela&status=400", [], id="together"),
    ],
)
def test_requests_are_listed_by_what_they_are(
    query: str, found: list[int], asked: httpx.Client
) -> None:
    assert numbers(asked.get(f"/requests?{query}").json()) == found


@pytest.mark.parametrize(
    ("query", "error"),
    [
        pytest.param("vendor=sel", {"parameter": "vendor", "detail": "is 'sel', which is not known; did you mean sela?"}, id="vendor"),
        pytest.param("operation=update_leed", {"parameter": "operation", "detail": "is 'update_leed', which is not known; did you mean update_lead or create_lead or delete_leads?"}, id="operation"),
        pytest.param("status=ok", {"parameter": "status", "detail": "must match ^(0|[1-5][0-9][0-9]|[1-5]xx)$"}, id="status"),
        pytest.param("unmatched=1", {"parameter": "unmatched", "detail": "must be true or false"}, id="unmatched"),
        pytest.param("page=2", {"parameter": "page", "detail": "is no parameter here; known are after, vendor, operation, status, fault, unmatched, q, order, before, limit, format, lines"}, id="unknown"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_filter_that_finds_nothing_ever_is_refused(
    query: str, error: dict[str, str], control: httpx.Client
) -> None:
    answer = control.get(f"/requests?{query}")
    assert (answer.status_code, answer.json()["errors"]) == (400, [error])


@pytest.mark.parametrize("number", ["0", "-1"])
def test_a_number_that_no_request_has_is_not_said_to_be_dropped(
    number: str, asked: httpx.Client
) -> None:
    answer = asked.get(f"/requests/{number}")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no request {number}.")


def test_a_parameter_that_stands_twice_is_refused(control: httpx.Client) -> None:
    answer = control.get("/requests?limit=1&status=400&limit=2&status=x")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [
            {"parameter": "status", "detail": "must match ^(0|[1-5][0-9][0-9]|[1-5]xx)$"},
            {"parameter": "limit", "detail": "stands more than once"},
        ],
    )


@pytest.mark.parametrize("path", ["/requests", "/leads"])
def test_every_bad_parameter_is_told_at_once(path: str, control: httpx.Client) -> None:
    answer = control.get(f"{path}?vendor=sel&limit=0&page=2")
    assert {each["parameter"] for each in answer.json()["errors"]} == {"vendor", "limit", "page"}


def test_a_vendor_answer_says_under_which_number_it_is_found(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    octanist.get("/leads")
    answer = octanist.patch("/leads", json=UPDATE)
    told = control.get(f"/requests/{answer.headers['mockserver-request']}").json()
    assert (told["request"]["body"], told["answer"]["body"], told["answer"]["headers"]) == (
        UPDATE,
        answer.json(),
        end_to_end(answer.headers),
    )


def test_an_entry_tells_how_its_lead_was_found_and_what_was_changed(asked: httpx.Client) -> None:
    told = asked.get("/requests/2").json()
    (match,), (change,) = told["matches"], told["changes"]
    assert (match["rows"], match["verdict"].partition(" ")[0]) == (["lead_demo01"], "id")
    assert (
        change["table"],
        change["id"],
        change["before"]["status"],
        change["after"]["status"],
    ) == ("leads", "lead_demo01", "open", "won")
    assert change["fields"] == [
        name for name, value in change["before"].items() if value != change["after"][name]
    ]


def test_an_entry_says_who_came_into_question_and_who_was_chosen(
    sela: httpx.Client, control: httpx.Client
) -> None:
    family = control.get("/leads", params={"vendor": "sela", "q": "+12155550111"}).json()["leads"]
    ids = [each["id"] for each in family]
    raw = b'{"phone_number": "(215) 555-0111",  "status": "OPEN"}'
    sela.put("/api/leads/update/", content=raw, headers={"content-type": "application/json"})
    told = control.get("/requests/1").json()
    (match,) = told["matches"]
    assert [each["id"] for each in match["candidates"]] == ids
    assert all(each["name"] for each in match["candidates"])
    assert (match["chosen"], match["setting"]) == ([ids[-1]], "several_matches")
    assert match["decided_by"].startswith("the one added last")
    assert (match["provenance"], match["source"]) == (
        "documented",
        "leads/update-a-lead-with-phone-email-match",
    )
    assert match["steps"][0]["sent"] == "(215) 555-0111"
    assert told["answer"]["provenance"] == "documented"


def test_credentials_are_not_shown(asked: httpx.Client, account: str) -> None:
    headers = [asked.get(f"/requests/{number}").json()["request"]["headers"] for number in (2, 5)]
    assert (headers[0]["x-api-key"], headers[1]["authorization"]) == ("***", "Token ***")
    assert account not in asked.get("/har").text


def test_an_unknown_number_is_not_found(asked: httpx.Client) -> None:
    answer = asked.get("/requests/6")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no request 6.")


def test_an_emptied_journal_goes_on_counting(asked: httpx.Client, octanist: httpx.Client) -> None:
    assert asked.delete("/requests").status_code == 204
    assert asked.get("/requests").json() == {"requests": [], "dropped": 0}
    octanist.get("/leads")
    assert numbers(asked.get("/requests").json()) == [6]


def test_what_was_dropped_is_counted_and_said(serve: Callable[..., str]) -> None:
    url = serve(journal_entries=2)
    for _ in range(5):
        httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": "a"})
    with httpx.Client(base_url=f"{url}/__admin/workspaces/a") as control:
        page = control.get("/requests").json()
        assert (numbers(page), page["dropped"]) == ([4, 5], 3)
        assert (
            control.get("/requests/1").json()["detail"]
            == "There is no request 1 any more: the journal has dropped it."
        )
        refused = control.post(
            "/requests/verify", json={"requests": [{"operation": "list_leads"}], "times": 2}
        )
        assert (refused.status_code, refused.json()["detail"].startswith("3 entries")) == (
            409,
            True,
        )


def test_requests_without_a_workspace_are_listed_apart(serve: Callable[..., str]) -> None:
    url = serve()
    refused = [
        httpx.get(f"{url}/sela/api/leads/"),
        httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": "expired"}),
        httpx.get(f"{url}/sela/nothing/"),
    ]
    listed = httpx.get(f"{url}/__admin/requests").json()["requests"]
    assert [(each["vendor"], each["operation"], each["status"]) for each in listed] == [
        ("sela", "leads_list", 401),
        ("octanist", "list_leads", 401),
        ("sela", None, 404),
    ]
    told = httpx.get(f"{url}/__admin/requests/{refused[1].headers['mockserver-request']}").json()
    assert (told["operation"], told["request"]["headers"]["x-api-key"]) == ("list_leads", "***")
    assert httpx.get(f"{url}/__admin/requests/4").status_code == 404


def test_what_was_asked_as_expected_passes(asked: httpx.Client) -> None:
    answer = asked.post(
        "/requests/verify",
        json={"requests": [{"operation": "update_lead", "body": {"status": "won"}}], "times": 2},
    )
    verdict = answer.json()
    assert (answer.status_code, verdict["passed"], verdict["found"], verdict["nearest"]) == (
        200,
        True,
        [2, 3],
        [],
    )


def test_what_was_not_asked_fails_with_the_difference(asked: httpx.Client) -> None:
    expected = {
        "vendor": "octanist",
        "operation": "update_lead",
        "body": {"email": "ada@example.com", "status": "lost"},
    }
    verdict = asked.post("/requests/verify", json={"requests": [expected]}).json()
    assert (verdict["passed"], verdict["found"]) == (False, [])
    assert verdict["nearest"][0] == {
        "number": 2,
        "differences": ['body.status: expected "lost", was "won"'],
    }
    assert 'body.status: expected "lost", was "won"' in verdict["message"]


def test_order_and_beginning_count(asked: httpx.Client) -> None:
    filters = [{"operation": "update_lead"}, {"operation": "lead_types_list"}]
    verify = [
        {"requests": filters, "in_order": True},
        {"requests": filters[::-1], "in_order": True},
        {"requests": filters[:1], "after": 3},
    ]
    assert [asked.post("/requests/verify", json=each).json()["passed"] for each in verify] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("expectation", "pointers"),
    [
        pytest.param(
            {"requests": [{"operation": "update_leed"}]}, ["/requests/0/operation"], id="operation"
        ),
        pytest.param(
            {"requests": [{"vendor": "sela", "operation": "update_lead"}]},
            ["/requests/0/operation"],
            id="another vendor's",
        ),
        pytest.param({"requests": [{"path": "/api/lead"}]}, ["/requests/0/path"], id="path"),
        pytest.param(
            {"requests": [{"status": 200}, {"fault": "slo"}]}, ["/requests/1/fault"], id="fault"
        ),
        pytest.param(
            {"requests": [{"status": 200}], "at_least": 2, "at_most": 1}, ["/at_least"], id="bounds"
        ),
        pytest.param({"requests": []}, ["/requests"], id="no filter"),
        pytest.param({"requests": [{}]}, ["/requests/0"], id="empty filter"),
        pytest.param({"requests": [{"stauts": 200}]}, ["/requests/0/stauts"], id="misspelt"),
        pytest.param({"request": [{"status": 200}]}, ["/request", "/requests"], id="misspelt list"),
    ],
)
def test_an_expectation_that_could_never_pass_is_an_error(
    expectation: Any, pointers: list[str], asked: httpx.Client
) -> None:
    answer = asked.post("/requests/verify", json=expectation)
    assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (
        400,
        pointers,
    )


def test_the_journal_is_an_archive_too(asked: httpx.Client) -> None:
    log = asked.get("/har").json()["log"]
    assert (log["version"], log["creator"]) == (
        "1.2",
        {"name": "mockserver", "version": __version__},
    )
    assert [(each["request"]["method"], each["response"]["status"]) for each in log["entries"]] == [
        ("GET", 200),
        ("PATCH", 200),
        ("PATCH", 400),
        ("PUT", 405),
        ("GET", 200),
    ]


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        pytest.param("", "*/*", "application/json", id="whatever"),
        pytest.param(
            "",
            "text/markdown, application/json;q=0.5",
            "text/markdown; charset=utf-8",
            id="asked by header",
        ),
        pytest.param(
            "?format=markdown", "*/*", "text/markdown; charset=utf-8", id="asked by parameter"
        ),
        pytest.param("?format=json", "text/markdown", "application/json", id="the parameter wins"),
        pytest.param(
            "", "application/json, text/markdown, */*", "application/json", id="JSON comes first"
        ),
    ],
)
def test_a_report_is_json_or_markdown(
    query: str, accept: str, media_type: str, asked: httpx.Client
) -> None:
    assert (
        asked.get(f"/report{query}", headers={"Accept": accept}).headers["content-type"]
        == media_type
    )


def test_a_report_tells_what_was_done_badly_and_what_was_covered(
    asked: httpx.Client, workspace: Workspace
) -> None:
    report = asked.get("/report").json()
    assert (report["requests"], report["dropped"], set(report["coverage"])) == (
        5,
        0,
        set(workspace.tables),
    )
    assert {"refused", "unmatched"} <= {each["check"] for each in report["findings"]}
    assert asked.get("/report?format=markdown").text.startswith("# ")


def test_the_findings_about_a_request_follow_the_journal(
    control: httpx.Client, sela: httpx.Client
) -> None:
    def checks() -> set[str]:
        found = control.get("/requests/1").json()["findings"]
        return {each["check"] for each in found}

    sela.get("/api/leads/", params={"page_size": 2})
    assert "page-loop-stopped" in checks()
    sela.get("/api/leads/", params={"page_size": 2, "page": 2})
    assert "page-loop-stopped" not in checks()


def test_the_same_header_values_under_other_names_stay_what_they_were(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    for name in ("X-First", "X-Second"):
        octanist.post("/check", headers={name: "same"})
    shown = [control.get(f"/requests/{number}").json()["request"]["headers"] for number in (1, 2)]
    names = [{name for name in headers if name.startswith("x-")} for headers in shown]
    assert names == [{"x-api-key", "x-first"}, {"x-api-key", "x-second"}]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/requests/verify", {"requests": [{"operation": "check"}]}),
        ("/deliveries/verify", {"deliveries": [{"vendor": "sela"}]}),
    ],
)
def test_whoever_waits_is_told_at_once_that_the_workspace_is_deleted(
    control: httpx.Client, server: MockServer, workspace: Workspace, path: str, expected: Any
) -> None:
    later = Timer(0.1, server.client.workspace(workspace.name).delete)
    later.start()
    answer = control.post(path, json=expected | {"within": 4})
    later.join()
    assert answer.status_code == 404
    assert answer.elapsed.total_seconds() < 3
