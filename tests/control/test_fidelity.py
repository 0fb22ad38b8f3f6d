"""How sure the server is of its rules, as data."""

from mockserver.client import Client
from mockserver.serving.server import MockServer


def test_each_vendor_tells_its_rules_with_their_marks(server: MockServer) -> None:
    facts = server.client.fidelity()
    assert list(facts) == ["nlpearl", "octanist", "sela"]
    octanist = facts["octanist"]
    assert octanist["operations"][0] | {"answers": [], "summary": ""} == {
        "operation": "check",
        "method": "POST",
        "path": "/api/check",
        "summary": "",
        "provenance": "documented",
        "source": octanist["operations"][0]["source"],
        "answers": [],
    }
    assert {rule["setting"] for rule in octanist["rules"]} == {"allow_bulk_updates"}
    assert {each["vendor"] for each in octanist["outcomes"]} == {"octanist"}


def test_settings_are_told_with_their_choices(server: MockServer) -> None:
    settings = {each["name"]: each for each in server.client.fidelity()["octanist"]["settings"]}
    cors = settings["cors"]
    assert (cors["default"], cors["values"], cors["choices"]) == (
        "off",
        ["on", "off"],
        "`on`, `off`",
    )


def test_the_client_reads_it_without_a_workspace(server: MockServer) -> None:
    before = server.client.workspaces()
    Client(server.url).fidelity()
    assert server.client.workspaces() == before
