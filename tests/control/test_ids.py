"""The ids of new rows: in a row from those of the seed, or from numbers that a text decides."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from mockserver.app import load_vendors
from mockserver.client import Client, ControlError, WorkspaceClient
from mockserver.fixtures import empty_workspace, export, merge, replace
from mockserver.serving.server import MockServer
from mockserver.state.clock import frozen_at
from mockserver.state.ids import ROOM, number_before_first
from mockserver.state.tables import Table, TableSpec
from mockserver.vendors.nlpearl.rows import stamp_of
from mockserver.workspaces import Workspace
from tests.samples import APP, VENDORS, new_account
from tests.world import PEOPLE

NOON = "2026-03-02T14:00:00Z"
PEARL = "66a1f0c2d60e456235eae601"
PLACES = [
    (vendor.name, spec) for vendor in load_vendors() for spec in vendor.tables if spec.highest
]
TEXTS = [f"run tests/test_{file}.py::test_{test}" for file in range(20) for test in range(50)]

Made = dict[str, list[Any]]


def ask(workspace: WorkspaceClient, vendor: str, method: str, path: str, body: Any) -> Any:
    """The JSON of an answer of the vendor."""
    url = workspace.base_urls[vendor] + path
    answer = httpx.request(method, url, json=body, headers=workspace.credentials[vendor])
    assert answer.is_success, answer.text
    return answer.json()


def make(workspace: WorkspaceClient) -> Made:
    """The ids of what the vendors' operations make, two of each kind."""
    made: Made = {"sela": [], "webhooks": [], "octanist": [], "nlpearl": []}
    for phone in ("+12025550171", "+12025550172"):
        lead = ask(workspace, "sela", "POST", "/api/leads/", {"phone_number": phone})
        made["sela"].append(lead["id"])
        hook = {"url": "https://example.com/"}
        made["webhooks"].append(ask(workspace, "sela", "POST", "/api/webhooks/", hook)["id"])
        lead = ask(workspace, "octanist", "POST", "/leads", {"phone": phone})
        made["octanist"].append(lead["data"]["id"])
        path = f"/v2/Outbound/{PEARL}/Lead"
        lead = ask(workspace, "nlpearl", "POST", path, {"phoneNumber": phone})
        made["nlpearl"].append(lead["leadId"])
    return made


def all_of(made: Iterable[Made]) -> list[Any]:
    return [id for each in made for ids in each.values() for id in ids]


@pytest.fixture
def create(server: MockServer) -> Callable[..., WorkspaceClient]:
    """Makes a workspace whose clock stands still."""

    def create(ids: str | None = None) -> WorkspaceClient:
        return server.client.create(at=NOON, ids=ids)

    return create


Create = Callable[..., WorkspaceClient]


def test_workspaces_with_different_ids_give_no_id_twice(create: Create) -> None:
    ids = all_of([make(create()), *[make(create(text)) for text in ("a", "b", "c d\n", "é")]])
    assert len(set(ids)) == len(ids)


def test_the_same_text_gives_the_same_ids_in_another_server(create: Create) -> None:
    with MockServer(fixtures=PEOPLE) as other:
        again = make(other.client.create("other-name", at=NOON, ids="a"))
    assert again == make(create("a"))


def test_another_seed_gives_other_ids(create: Create) -> None:
    with MockServer(fixtures=PEOPLE, seed=2) as other:
        again = make(other.client.create(at=NOON, ids="a"))
    assert set(all_of([again])).isdisjoint(all_of([make(create("a"))]))


def test_without_ids_and_with_sequence_they_follow_those_of_the_seed(create: Create) -> None:
    plain, sequence = make(create()), make(create("sequence"))
    assert plain == sequence
    assert plain["sela"] == [28014, 28015]


def test_each_id_follows_the_one_before_and_has_its_usual_form(create: Create) -> None:
    made = make(create("a"))
    first, second = made["sela"]
    assert 0 < first == second - 1 < 2**31
    lead = made["nlpearl"][0]
    assert (len(lead), lead[:8]) == (24, "69a597e0")
    assert int(made["nlpearl"][1], 16) == int(lead, 16) + 1
    assert [len(id) for id in made["octanist"]] == [len("lead_") + 12] * 2


def test_after_a_reset_the_first_ids_are_the_same_again(create: Create) -> None:
    workspace = create("a")
    first = make(workspace)
    workspace.reset()
    assert make(workspace) == first


def test_a_seed_and_a_snapshot_keep_to_the_numbers_of_the_workspace(create: Create) -> None:
    workspace = create("a")
    first = make(workspace)
    workspace.seed("demo")
    assert make(workspace) == first
    workspace.seed("demo")
    workspace.save("kept")
    assert make(workspace) == first
    workspace.restore("kept")
    assert make(workspace) == first


def test_rows_of_a_seed_without_ids_have_the_numbers_of_the_workspace(create: Create) -> None:
    fixture = {"sela": {"leads": [{"phone_number": "+12025550171"}]}}
    told = []
    for text in ("a", "b", "sequence"):
        workspace = create(text)
        workspace.seed(fixture)
        told.append(workspace.leads("sela")[0]["id"])
    assert len(set(told)) == 3
    assert told[2] == 1


def test_nothing_but_ids_comes_of_the_text(create: Create) -> None:
    told = []
    for text in ("a", "b"):
        workspace = create(text)
        workspace.add_fault("server_error", vendor="octanist", probability=0.5)
        answers = []
        for _ in range(20):
            url = workspace.base_urls["octanist"] + "/leads"
            answer = httpx.get(url, headers=workspace.credentials["octanist"])
            answers.append((answer.status_code, answer.content))
        told.append(answers)
    assert told[0] == told[1]
    assert {status for status, _ in told[0]} == {200, 500}


def test_two_worlds_have_other_calls_that_are_alike(create: Create) -> None:
    calls = []
    for workspace in map(create, ("a", "b")):
        path = f"/v2/Outbound/{PEARL}/Lead"
        body = {"phoneNumber": "+12025550171", "externalId": "crm-41"}
        lead = ask(workspace, "nlpearl", "POST", path, body)["leadId"]
        call = workspace.simulate("nlpearl", lead, "success").call
        assert call is not None
        calls.append(call)
    first, second = calls
    assert {first["id"], first["leadId"]}.isdisjoint({second["id"], second["leadId"]})
    # How long it took, and how it went, are of the seed alone.
    alike = first.keys() - {"id", "leadId", "recording"}
    assert [first[name] for name in alike] == [second[name] for name in alike]


def test_a_workspace_tells_its_ids(create: Create, server: MockServer) -> None:
    named = [create(text).name for text in (None, "a")]
    answers = [server.client.call("GET", f"/workspaces/{name}") for name in named]
    assert [each["ids"] for each in answers] == ["sequence", "a"]


@pytest.mark.parametrize(
    ("ids", "detail"),
    [
        pytest.param("", "must not be empty", id="empty"),
        pytest.param(5, "must be a string", id="number"),
        pytest.param("a" * 4097, "must have at most 4096 characters", id="long"),
    ],
)
def test_ids_that_are_no_text_are_refused(ids: Any, detail: str, server: MockServer) -> None:
    with pytest.raises(ControlError) as caught:
        Client(server.url).create(ids=ids)
    assert caught.value.errors == ({"pointer": "/ids", "detail": detail},)


# Numbers


def workspace_of(ids: str) -> Workspace:
    """A workspace without rows."""
    return empty_workspace(load_vendors(), frozen_at(APP.workspaces.unclaimed.now()), 1, ids)


def numbers(workspace: Workspace) -> dict[tuple[str, str], int]:
    return {
        (vendor, name): table.last_number
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
    }


@pytest.mark.parametrize(
    ("vendor", "spec"),
    [pytest.param(name, spec, id=f"{name} {spec.name}") for name, spec in PLACES],
)
def test_a_million_new_rows_have_a_number_that_the_ids_can_hold(
    vendor: str, spec: TableSpec
) -> None:
    starts = [number_before_first(1, text, f"{vendor}.{spec.name}", spec.highest) for text in TEXTS]
    assert len(set(starts)) == len(TEXTS)
    assert min(starts) > 0
    assert max(starts) + ROOM <= spec.highest
    # The whole of the room is used, not a corner of it.
    assert min(starts) < spec.highest / 100 < 99 * spec.highest / 100 < max(starts) + ROOM


def test_a_thousand_workspaces_of_ten_leads_do_not_meet() -> None:
    starts = sorted(number_before_first(1, text, "sela.leads", 2**31 - 1) for text in TEXTS)
    gaps = [after - before for before, after in pairwise(starts)]
    assert min(gaps) > 10


def test_a_table_whose_numbers_nobody_sees_counts_from_one() -> None:
    assert number_before_first(1, "a", "x.y", 0) == 0


def test_an_export_brings_the_next_ids_back_where_it_comes_from() -> None:
    workspace = workspace_of("a")
    merge(workspace, {"octanist": {"leads": [{"email": "a@example.com"}] * 3}}, load_vendors())
    before = numbers(workspace), export(workspace, load_vendors())
    replace(workspace, before[1], load_vendors())
    assert (numbers(workspace), export(workspace, load_vendors())) == before


@pytest.mark.parametrize("load", [replace, merge])
def test_rows_of_another_workspace_do_not_move_the_numbers(load: Callable[..., None]) -> None:
    vendors = load_vendors()
    sources = [workspace_of(f"source {number}") for number in range(4)]
    fixture = {"sela": {"leads": [{"phone_number": "+12025550171"}] * 2}}
    for source in sources:
        merge(source, fixture, vendors)
    workspace = workspace_of("a")
    before = numbers(workspace)
    for source in sources:
        load(workspace, export(source, vendors), vendors)
    assert numbers(workspace) == before


def test_an_id_that_a_seed_has_given_is_not_given_again() -> None:
    workspace = workspace_of("a")
    table = workspace.tables["sela"]["leads"]
    rows = [{"id": table.start + step, "phone_number": "+12025550171"} for step in (2, 1, 5)]
    merge(workspace, {"sela": {"leads": rows}}, load_vendors())
    assert table.last_number == table.start + 5


def test_a_copy_is_made_of_name_origin_and_ids_alone() -> None:
    account = new_account()
    workspace = APP.workspaces.create(account, ids="a")
    copy = Workspace(account, APP.workspaces.origin, ids="a")
    assert numbers(copy) == numbers(workspace) != numbers(Workspace(account, APP.workspaces.origin))
    APP.workspaces.delete(account)


def test_a_table_counts_from_its_start_again_when_it_was_emptied() -> None:
    table = Table(TableSpec("people"))
    table.count_from(7)
    table.put(8, {"id": 8}, 0)
    table.last_number = 8
    table.empty()
    assert (len(table.rows), table.last_number) == (0, 7)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_draws_the_numbers_of_its_leads(vendor: str) -> None:
    place = (vendor, "leads")
    drawn = [numbers(workspace_of(text))[place] for text in ("a", "b", "sequence")]
    assert len(set(drawn)) == 3
    assert drawn[2] == 0


def test_what_a_number_has_beyond_the_counter_of_an_objectid_shows_in_the_machine() -> None:
    stamp = stamp_of(datetime(2026, 3, 2, 14, tzinfo=UTC), 1)
    ids = [stamp.id(number) for number in (5, 5 + 2**24, 5 + 2**53 - 2**24)]
    assert len({id[8:18] for id in ids}) == 3
    assert {id[18:] for id in ids} == {"000005"}
