"""Browser clients: the setting `cors` of each vendor, which is off unless set."""

from collections.abc import Iterator

import httpx
import pytest

from mockserver import MockServer
from tests.samples import NAMES

PAGE = {"Origin": "https://shop.example"}
ASKS = PAGE | {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "x-api-key, content-type",
}
GIVEN = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
}


@pytest.fixture(scope="module")
def allowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    file = tmp_path_factory.mktemp("cors") / "open.yaml"
    lines = [f"  {name}: {{cors: 'on'}}\n" for name in NAMES]
    file.write_text("settings:\n" + "".join(lines), "utf-8")
    with MockServer(fixtures=str(file)) as server:
        yield server


def url(server: MockServer, name: str) -> str:
    """A path that the vendor does not have."""
    return str(server.client.health()["base_urls"][name]) + "/nothing/here"


def allowed(answer: httpx.Response) -> dict[str, str]:
    """The headers of the answer that are for browsers."""
    return {name: value for name, value in answer.headers.items() if "access-control" in name}


@pytest.mark.parametrize("name", NAMES)
def test_a_preflight_is_answered_as_a_permissive_api_does(allowing: MockServer, name: str) -> None:
    answer = httpx.options(url(allowing, name), headers=ASKS)
    assert (answer.status_code, answer.content) == (204, b"")
    assert allowed(answer) == GIVEN | {
        "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        "access-control-allow-headers": "x-api-key, content-type",
        "access-control-max-age": "86400",
    }


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_and_a_refusal_let_the_page_read_them(allowing: MockServer, name: str) -> None:
    workspace = allowing.workspace()
    credential = workspace.credentials[name]
    answers = [httpx.get(url(allowing, name), headers=PAGE | each) for each in (credential, {})]
    assert [allowed(answer) for answer in answers] == [GIVEN, GIVEN]
    assert allowed(httpx.get(url(allowing, name), headers=credential)) == {}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_off_unless_set(server: MockServer, name: str) -> None:
    answers = [
        httpx.options(url(server, name), headers=ASKS),
        httpx.get(url(server, name), headers=PAGE),
    ]
    assert [allowed(answer) for answer in answers] == [{}, {}]


def test_a_workspace_may_allow_it_alone(server: MockServer) -> None:
    workspace = server.workspace()
    workspace.set("octanist", cors="on")
    leads = f"{server.url}/octanist/api/leads"
    answers = [
        httpx.get(leads, headers=PAGE | {"X-API-KEY": key}) for key in (workspace.name, "another")
    ]
    assert [allowed(answer) for answer in answers] == [GIVEN, {}]
    workspace.delete()


def test_a_fault_lets_the_page_read_it_too(allowing: MockServer) -> None:
    headers = PAGE | {"X-API-KEY": "demo", "Prefer": "code=429"}
    answer = httpx.get(f"{allowing.url}/octanist/api/leads", headers=headers)
    assert (answer.status_code, allowed(answer)) == (429, GIVEN)


def test_the_control_api_never_allows_it(allowing: MockServer) -> None:
    workspaces = f"{allowing.url}/__admin/workspaces"
    answers = [httpx.options(workspaces, headers=ASKS), httpx.get(workspaces, headers=PAGE)]
    assert [(answer.status_code, allowed(answer)) for answer in answers] == [(403, {}), (403, {})]


def test_a_preflight_belongs_to_no_workspace(allowing: MockServer) -> None:
    before = len(allowing.client.unclaimed())
    httpx.options(url(allowing, "octanist"), headers=ASKS)
    assert [entry["method"] for entry in allowing.client.unclaimed()[before:]] == ["OPTIONS"]
