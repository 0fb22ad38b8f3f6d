"""No credential is ever shown, whichever vendor it is for."""

import pytest

from mockserver.app import load_vendors
from mockserver.journal.redaction import CREDENTIALS
from mockserver.vendor import Vendor


@pytest.mark.parametrize(
    "vendor", [pytest.param(vendor, id=vendor.name) for vendor in load_vendors()]
)
def test_every_header_that_carries_a_credential_is_hidden(vendor: Vendor) -> None:
    assert vendor.credential.header.decode() in CREDENTIALS
