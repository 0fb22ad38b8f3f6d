"""What Sela has from its framework and its settings choose: with the real one's answers."""

import httpx
import pytest

from mockserver import MockServer
from mockserver.workspaces import Workspace
from tests.world import switch

LEADS = "/api/leads/"
LEAD = "/api/leads/28013/"
UPDATE = "/api/leads/update/"
PHONE = "+18042221111"
SECURITY = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.parametrize("path", [LEAD, LEADS + "999/", LEADS + "1.5/", "/api/x"])
def test_the_security_headers_stand_on_every_answer(sela: httpx.Client, path: str) -> None:
    headers = sela.get(path).headers
    assert {name: headers[name] for name in SECURITY} == SECURITY


def test_an_id_with_a_dot_is_a_page_before_the_credential(server: MockServer) -> None:
    response = httpx.get(server.url + "/sela" + LEADS + "28013.json/")
    assert (response.status_code, response.headers["content-type"]) == (
        404,
        "text/html; charset=utf-8",
    )


def test_an_escaped_slash_is_a_slash(sela: httpx.Client) -> None:
    assert sela.get("/api/leads/28013%2F").json()["id"] == 28013


def test_no_path_gets_into_the_headers(sela: httpx.Client) -> None:
    response = sela.get("/api/leads/%3F%0d%0aSet-Cookie:%20pwn=1", follow_redirects=False)
    location = response.headers["location"]
    assert (
        response.status_code,
        location.partition("/api/")[2],
        "set-cookie" in response.headers,
    ) == (
        301,
        "leads/%3F%0D%0ASet-Cookie:%20pwn%3D1/",
        False,
    )


def test_an_unknown_method_is_405_in_json(sela: httpx.Client) -> None:
    response = sela.request("FOO", LEADS)
    assert (response.status_code, response.json()) == (
        405,
        {"detail": 'Method "FOO" not allowed.'},
    )


@pytest.mark.parametrize(
    ("content_type", "detail"),
    [
        (
            "multipart/form-data; boundary=" + "B" * 202,
            "Invalid boundary in multipart: " + "B" * 202,
        ),
        (
            "Multipart/Form-Data; boundary=B",
            "Invalid Content-Type: Multipart/Form-Data; boundary=B",
        ),
        ('multipart/form-data; boundary="B "', "Invalid boundary in multipart: B "),
    ],
)
def test_a_multipart_form_without_a_good_boundary_is_refused(
    sela: httpx.Client, content_type: str, detail: str
) -> None:
    response = sela.patch(LEAD, content=b"--B--", headers={"Content-Type": content_type})
    expected = {"detail": f"Multipart form parse error - {detail}"}
    assert (response.status_code, response.json()) == (400, expected)


def test_a_boundary_of_257_characters_is_another_media_type(sela: httpx.Client) -> None:
    content_type = "multipart/form-data; boundary=" + "B" * 257
    response = sela.patch(LEAD, content=b"--B--", headers={"Content-Type": content_type})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("form", "metadata"),
    [
        ({"metadata.first_name": "Ada"}, {"first_name": "Ada"}),
        ({"metadata": '{"first_name": "Ada"}'}, {}),
        ({"status": "OPEN"}, None),
    ],
    ids=str,
)
def test_metadata_in_a_form_has_a_field_for_each_key(
    sela: httpx.Client, form: dict[str, str], metadata: dict[str, str] | None
) -> None:
    lead = sela.post(LEADS, data={"phone_number": "+12065550199"} | form).json()
    assert lead["metadata"] == metadata


@pytest.mark.parametrize(("choice", "flag"), [("keep", True), ("false", False)])
def test_a_form_without_a_flag(
    sela: httpx.Client, workspace: Workspace, choice: str, flag: bool
) -> None:
    switch(workspace, "sela", form_dnc=choice)
    sela.patch(LEAD, json={"sms_dnc": True})
    sela.put(UPDATE, json={"phone_number": PHONE})
    assert sela.get(LEAD).json()["sms_dnc"] is True
    assert sela.put(UPDATE, data={"phone_number": PHONE}).json()["sms_dnc"] is flag


def test_a_limit_of_the_body_is_a_page(sela: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "sela", data_upload_limit=20)
    files = {"external_id": ("a.txt", b"x" * 100)}
    assert sela.patch(LEAD, json={"status": "LOST"}).status_code == 200
    assert sela.patch(LEAD, files=files).json() == {"external_id": ["Not a valid string."]}
    response = sela.patch(LEAD, json={"external_id": "x" * 20})
    assert (response.status_code, response.headers["content-type"]) == (
        400,
        "text/html; charset=utf-8",
    )


def test_the_older_framework_reads_fewer_booleans_and_pages(
    sela: httpx.Client, workspace: Workspace
) -> None:
    assert sela.patch(LEAD, json={"sms_dnc": "tRuE"}).status_code == 200
    assert sela.get(LEADS + "?page=").status_code == 200
    switch(workspace, "sela", framework_version="django-4.2")
    wrong = {"sms_dnc": ["Must be a valid boolean."]}
    assert sela.patch(LEAD, json={"sms_dnc": "tRuE"}).json() == wrong
    assert sela.get(LEADS + "?page=").json() == {"detail": "Invalid page."}


def test_json_is_indented_where_the_accept_header_asks(sela: httpx.Client) -> None:
    headers = {"Accept": "application/json; indent=2"}
    response = sela.get("/api/leads/999/", headers=headers)
    assert response.text == '{\n  "detail": "No Lead matches the given query."\n}'


def test_numbers_and_separators_are_written_as_python_does(sela: httpx.Client) -> None:
    text = sela.patch(LEAD, json={"rate": 1e-07, "note": "a\u2028b"}).text
    assert '"rate":1e-07' in text
    assert '"note":"a\\u2028b"' in text


def test_a_body_is_read_in_its_charset(sela: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=ISO-8859-1"}
    lead = sela.patch(LEAD, content=b"external_id=Ren%E9", headers=headers).json()
    assert lead["external_id"] == "René"


def test_a_new_webhook_has_a_location(sela: httpx.Client) -> None:
    response = sela.post("/api/webhooks/", json={"url": "https://example.com/a"})
    assert (response.status_code, response.headers["location"]) == (201, "https://example.com/a")


def test_the_times_of_all_leads_follow_the_zone(sela: httpx.Client, workspace: Workspace) -> None:
    assert sela.get(LEAD).json()["created_time"] == "2025-02-28T15:09:03.122515-08:00"
    switch(workspace, "sela", time_zone="UTC")
    lead = sela.patch(LEAD, json={"call_schedule_start_time": "2027-01-01T10:00"}).json()
    assert (lead["created_time"], lead["call_schedule_start_time"]) == (
        "2025-02-28T23:09:03.122515Z",
        "2027-01-01T10:00:00Z",
    )


def test_the_options_of_a_list_say_what_can_be_sent(sela: httpx.Client) -> None:
    described = sela.options(LEADS).json()
    assert (described["name"], described["actions"]["POST"]["phone_number"]) == (
        "Lead List",
        {"type": "string", "required": True, "read_only": False, "label": "Phone number"},
    )
    assert sela.options(LEAD).json()["name"] == "Lead Instance"


def test_the_report_notes_what_a_form_left_to_the_framework(
    sela: httpx.Client, server: MockServer, workspace: Workspace
) -> None:
    sela.put(UPDATE, data={"phone_number": PHONE, "metadata": '{"a": 1}', "call_dnc": "true"})
    report = httpx.get(f"{server.url}/__admin/workspaces/{workspace.name}/report").json()
    found = {each["check"]: each["message"].partition(". ")[0] for each in report["findings"]}
    assert (found["form-json"], found["form-flags"]) == (
        "`leads_update_update` was sent text in a form for the field `metadata`",
        "`leads_update_update` was sent a form without the field `sms_dnc`",
    )
