"""No secret and no control character of a client comes out of the control API or the report."""

from collections.abc import Callable

import httpx

from mockserver.journal.redaction import HIDDEN

Serve = Callable[..., str]

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "s3cr3t-of-a-client"  # what must not be shown
VIEWS = (
    "",
    "/requests",
    "/requests/1",
    "/requests/2",
    "/har",
    "/report",
    "/report?format=markdown",
)


def test_what_a_client_sends_as_a_secret_is_shown_nowhere(serve: Serve) -> None:
    with httpx.Client(base_url=serve()) as http:
        parameters = ("token", "api_key", "apikey", "access_token", "password", "client-secret")
        query = "&".join(f"{name}={SECRET}" for name in parameters)
        headers = {
            "X-API-KEY": KEY,
            "Api-Key": SECRET,
            "X-Auth-Token": SECRET,
            "Authorization": f"KEY {SECRET}",
            "Cookie": f"session={SECRET}",
        }
        http.get(f"/octanist/api/leads?{query}", headers=headers)
        http.get("/octanist/api/leads", headers=headers | {"Authorization": f"{SECRET} foo"})
        _, workspace = http.get("/__admin/workspaces").json()["workspaces"]
        views = [http.get(f"/__admin/workspaces/{KEY}{view}") for view in VIEWS]
        assert [view.status_code for view in views] == [200] * len(VIEWS)
        shown = str(workspace) + "".join(view.text for view in views)
        assert (SECRET in shown, KEY in shown, "KEY" in views[2].text) == (False, False, False)
        assert HIDDEN in views[2].text


def test_control_characters_are_escapes_in_verdicts_and_reports(serve: Serve) -> None:
    with httpx.Client(base_url=serve()) as http:
        http.get("/octanist/api/%1b%5b31mred", headers={"X-API-KEY": "me"})
        http.patch(
            "/octanist/api/leads",
            headers={"X-API-KEY": "me"},
            json={"email": "ada@example.com", "\x1b[31mred": 1},
        )
        verdict = http.post(
            "/__admin/workspaces/me/requests/verify",
            json={"requests": [{"operation": "update_lead", "body": {"\x1b[31mblue": 1}}]},
        ).json()
        report = http.get("/__admin/workspaces/me/report?format=markdown").text
        assert verdict["passed"] is False
        assert "\x1b" not in verdict["message"] + report
        assert "body.\\x1b[31mblue: expected 1" in verdict["message"]
        assert "GET /octanist/api/\\x1b[31mred" in verdict["message"]
