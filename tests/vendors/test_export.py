"""A workspace that is exported and loaded again is the same workspace: rows, their order, the next ids, settings and clock."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.fixtures import BUNDLED, Fixture, export, fixture_file
from mockserver.vendor import Setting
from tests.samples import NAMES, READS, SAMPLES, Sample, ask, of_vendor
from tests.vendors.exports import (
    MOMENTS,
    NOW,
    SWITCHES,
    VENDORS,
    Switches,
    check_that_an_export_is_the_same_workspace,
    contents,
    fresh,
    made_from,
)
from tests.world import shift, switch

REQUESTS = st.sampled_from(SAMPLES)


@pytest.mark.parametrize("vendor", NAMES)
def test_after_every_operation_an_export_is_the_same_workspace(vendor: str) -> None:
    asked: list[tuple[Sample, Switches]] = [(sample, {}) for sample in of_vendor(vendor)]
    later = [*of_vendor(vendor), *of_vendor(vendor, READS)]
    check_that_an_export_is_the_same_workspace(asked, {}, NOW, later)


@given(
    st.lists(st.tuples(REQUESTS, SWITCHES), min_size=4, max_size=20),
    SWITCHES,
    MOMENTS,
    st.lists(REQUESTS, min_size=2, max_size=5),
)
def test_whatever_was_asked_of_a_workspace_its_export_is_the_same_workspace(
    asked: list[tuple[Sample, Switches]], switches: Switches, moment: datetime, later: list[Sample]
) -> None:
    check_that_an_export_is_the_same_workspace(asked, switches, moment, [*later, *READS])


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_fixture_survives_its_export(name: str) -> None:
    workspace = Fixture(fixture_file(name), VENDORS, seed=1).workspace
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)


@pytest.mark.parametrize("vendor", NAMES)
def test_an_export_says_which_settings_have_no_default(vendor: str) -> None:
    workspace = fresh("switched")
    changed = {
        setting.name: value
        for setting in settings_of(vendor)
        for value in setting.values
        if value != setting.default
    }
    switch(workspace, vendor, **changed)
    expected = {vendor: changed} if changed else {}
    assert export(workspace, VENDORS).get("settings", {}) == expected


def settings_of(vendor: str) -> tuple[Setting, ...]:
    (settings,) = [each.settings for each in VENDORS if each.name == vendor]
    return settings


@pytest.mark.parametrize("vendor", NAMES)
def test_an_emptied_workspace_hands_out_no_id_again(vendor: str) -> None:
    workspace = fresh("emptied")
    for sample in of_vendor(vendor):
        ask("emptied", sample)
    tx = workspace.transaction(vendor)
    for table, store in workspace.tables[vendor].items():
        for id in [*store.rows]:
            tx.delete(table, id)
    workspace.apply(tx.changes())
    serials = {name: table.last_number for name, table in workspace.tables[vendor].items()}
    loaded = made_from(export(workspace, VENDORS))
    assert {name: table.last_number for name, table in loaded.tables[vendor].items()} == serials


def test_a_shifted_clock_is_told_by_its_shift_and_a_real_one_not_at_all() -> None:
    workspace = made_from({"clock": NOW.isoformat()})
    shift(workspace, timedelta(days=-1, seconds=0.5))
    assert export(workspace, VENDORS)["clock"] == {"shift_seconds": -86399.5}
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)
    shift(workspace, timedelta())
    assert "clock" not in export(workspace, VENDORS)
