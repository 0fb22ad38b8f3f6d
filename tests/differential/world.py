"""What both sides of the comparison begin with: a few leads, and the moment at which all happens.

It is plain data, so that an environment without this project's own dependencies can read it.
"""

from typing import Any

ZONE = "America/Los_Angeles"
NOW = "2025-06-01T19:00:00.250000+00:00"
HOST = "api.trysela.com"
TOKEN = "differential"

PAGE_SIZE = 3
MAX_PAGE_SIZE = 5

LEAD_TYPES: list[dict[str, Any]] = [
    {"id": 123, "name": "Refinance", "lead_metadata_fields": [], "outbound_calling": True},
    {"id": 124, "name": "Home Insurance", "lead_metadata_fields": [], "outbound_calling": False},
]
REPRESENTATIVES: list[dict[str, Any]] = [{"id": 456, "name": "Margaret"}]
WEBHOOKS: list[dict[str, Any]] = [
    {"id": 1, "url": "https://api.example.com/leads/{{id}}/notify", "trigger": "CALL_COMPLETE"}
]


def _lead(id: int, phone: str, **fields: Any) -> dict[str, Any]:
    time = "2025-02-10T17:01:00+00:00"
    lead = {
        "id": id,
        "email": f"lead{id}@example.com",
        "phone_number": phone,
        "metadata": {"first_name": "First"},
        "modified_time": time,
        "created_time": time,
        "status": "OPEN",
        "lead_type": 123,
        "next_call_time": None,
        "next_call_time_reason": None,
        "received_time": time,
        "us_state": "CA",
    }
    return lead | fields


LEADS: list[dict[str, Any]] = [
    _lead(28007, "+16505550107", lead_type=124, status="NEW"),
    _lead(28008, "+16175550108", email=None, metadata=None),
    _lead(28009, "+12065550109", external_id="crm-9", lead_source="demo"),
    _lead(28010, "+14255550110", call_dnc=True, status="LOST"),
    _lead(28011, "+12155550111", representative=456),
    _lead(28012, "+13125550112", created_time="2025-07-04T12:00:00.000001+00:00"),
    _lead(
        28013,
        "+18042221111",
        email="first_name@trysela.com",
        modified_time="2025-02-28T23:09:03.139554+00:00",
        call_schedule_start_time="2025-03-01T08:00:00+00:00",
        external_id="id_in_your_crm_123",
    ),
]
