"""No credential is ever shown, whichever vendor it is for."""

import pytest

from mockserver.app import create_app, load_vendors
from mockserver.journal.har import har
from mockserver.journal.view import describe


@pytest.mark.parametrize("vendor", [vendor.name for vendor in load_vendors()])
def test_no_entry_shows_what_carries_a_credential(vendor: str) -> None:
    app = create_app()
    (site,) = (each for each in app.sites if each.vendor.name == vendor)
    credential, operation = site.vendor.credential, site.document.operations[0]
    headers = credential.headers("s3cret").items()
    query = "&".join(f"{name}={value}" for name, value in credential.query("s3cret").items())
    scope = {
        "method": operation.method,
        "path": operation.path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    site.answer(scope, b"{}")
    entries = list(app.workspaces.admit("s3cret").journal)
    assert len(entries) == 1
    assert "s3cret" not in str([describe(entries[0]), har(entries, "1")])
