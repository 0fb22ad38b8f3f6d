"""Each limit of what a server stores is a clear refusal, in the shape of whoever was asked."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.samples import NAMES, SAMPLES, VENDORS, Sample, access, send

Serve = Callable[..., str]

LEADS = (
    "A workspace may hold at most 39 leads (--max-leads). Delete some, or start the server with a "
    "greater limit."
)
FULL = (
    "This server may store at most 1 MB (--max-memory), and this would be more. Delete workspaces "
    "or snapshots, or start it with a greater limit."
)


def creating(vendor: str) -> Sample:
    """A request that creates a lead."""
    operations = {"sela": "leads_create", "octanist": "create_lead", "nlpearl": "add_lead"}
    (sample,) = [
        each for each in SAMPLES if (each.vendor, each.operation) == (vendor, operations[vendor])
    ]
    return sample


@pytest.mark.parametrize("vendor", NAMES)
def test_one_lead_too_many_is_refused_by_every_vendor(vendor: str, serve: Serve) -> None:
    with httpx.Client(base_url=serve(max_leads=39)) as http:
        refused = send(http, "me", creating(vendor))
        assert (refused.status_code, LEADS in refused.text) == (403, True)
        assert http.get("/__admin/workspaces/me").json()["leads"][vendor] == 13


def test_a_seed_with_too_many_leads_is_refused(serve: Serve) -> None:
    with httpx.Client(base_url=serve(max_leads=39) + "/__admin") as admin:
        admin.post("/workspaces", json={"name": "me"})
        fixture = {"octanist": {"leads": [{"email": "x@example.com"}]}}
        body = {"fixture": fixture, "mode": "merge"}
        refused = admin.post("/workspaces/me/seed", json=body)
        assert (refused.status_code, refused.json()["detail"]) == (403, LEADS)
        assert admin.post("/workspaces/me/seed", json={"fixture": fixture}).status_code == 200


@pytest.mark.parametrize(
    ("option", "request_of", "detail"),
    [
        pytest.param(
            "max_snapshots", lambda n: ("PUT", f"/snapshots/{n}", None),
            "A workspace may have at most 2 snapshots (--max-snapshots); delete one that you no longer need.",
            id="snapshots",
        ),
        pytest.param(
            "max_fault_rules", lambda n: ("POST", "/faults", {"fault": "reset"}),
            "A workspace may have at most 2 fault rules (--max-fault-rules); remove some first.",
            id="fault rules",
        ),
    ],
)  # fmt: skip
def test_one_thing_too_many_is_refused(
    option: str, request_of: Callable[[int], tuple[str, str, Any]], detail: str, serve: Serve
) -> None:
    with httpx.Client(base_url=serve(**{option: 2}) + "/__admin/workspaces/") as admin:
        httpx.get(str(admin.base_url.join("/octanist/api/leads")), headers={"X-API-KEY": "me"})
        answers = []
        for number in range(3):
            method, path, body = request_of(number)
            answers.append(admin.request(method, f"me{path}", json=body))
        assert [answer.is_success for answer in answers] == [True, True, False]
        assert (answers[2].status_code, answers[2].json()["detail"]) == (403, detail)


def test_a_full_memory_is_told_by_the_control_api(serve: Serve) -> None:
    with httpx.Client(base_url=serve(max_memory="1MB") + "/__admin/workspaces/") as admin:
        httpx.get(str(admin.base_url.join("/octanist/api/leads")), headers={"X-API-KEY": "me"})
        rule = {"fault": "reset", "body": {"a": "x" * 2_000_000}}
        fixture = {"octanist": {"leads": [{"email": "a@example.com", "note": "x" * 2_000_000}]}}
        for path, body in (("faults", rule), ("seed", {"fixture": fixture})):
            refused = admin.post(f"me/{path}", json=body)
            assert (refused.status_code, refused.json()["detail"]) == (507, FULL)
            assert refused.json()["title"] == "Insufficient Storage"


def test_a_full_memory_is_told_in_the_vendors_shapes(serve: Serve) -> None:
    url = serve(max_memory="1MB")
    octanist = httpx.post(
        f"{url}/octanist/api/leads",
        json={"email": "a@example.com", "name": "A", "note": "x" * 2_000_000},
        headers={"X-API-KEY": "me"},
    )
    sela = httpx.post(
        f"{url}/sela/api/leads/",
        json={
            "email": "a@example.com",
            "phone_number": "+12025550123",
            "metadata": {"x": "x" * 2_000_000},
        },
        headers={"Authorization": "Token me"},
    )
    assert (octanist.status_code, octanist.json()["error"]) == (
        507,
        octanist.json()["error"] | {"code": "SERVICE_UNAVAILABLE", "message": FULL},
    )
    assert (sela.status_code, sela.json()) == (507, {"detail": FULL})


def test_a_fixture_that_is_more_than_the_settings_allow_stops_the_start(serve: Serve) -> None:
    with pytest.raises(Exception, match=r"--fixtures \S+ has 39 leads, but --max-leads"):
        serve(max_leads=38)


def test_verification_never_passes_on_entries_that_went_for_lack_of_memory(serve: Serve) -> None:
    with httpx.Client(base_url=serve(max_memory="1MB")) as http:
        for account in ("idle", "busy"):
            for _ in range(60):
                http.get("/octanist/api/leads", headers={"X-API-KEY": account})
        answer = http.post(
            "/__admin/workspaces/idle/requests/verify",
            json={"requests": [{"operation": "create_lead"}], "times": 0},
        )
        journal = http.get("/__admin/workspaces/idle").json()["journal"]
        assert (answer.status_code, journal["dropped"] > 0) == (409, True)


def test_the_text_of_one_credential_means_one_workspace_for_every_vendor(serve: Serve) -> None:
    with httpx.Client(base_url=serve()) as http:
        for vendor in NAMES:
            headers = access(VENDORS[vendor], "é")["headers"]
            encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
            http.get(f"/{vendor}/nowhere", headers=encoded)
        listed = http.get("/__admin/workspaces").json()["workspaces"]
        assert [each["requests"] for each in listed] == [0, 3]
        assert http.get("/__admin/workspaces/é").json()["name"] == listed[1]["name"]
