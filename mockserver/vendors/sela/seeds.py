"""Sela's section of a fixture: what its rows may hold, and how a lead is completed."""

from datetime import UTC

from mockserver.documents.relative_times import RELATIVE
from mockserver.identity import phone_e164
from mockserver.life.lifecycle import name_story, section_tables
from mockserver.sections import (
    FLAG,
    ID,
    NOW,
    TEXT,
    TEXT_OR_NULL,
    TIME,
    TIME_OR_NULL,
    Reading,
    Schema,
    Section,
    SectionTable,
    Seeding,
)
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendors.sela.rows import (
    CALL,
    CALL_FIELDS,
    FLAGS,
    LEAD,
    SET_FLAGS,
    moment_of,
    moment_shown,
    new_lead,
    time_text,
)
from mockserver.vendors.sela.webhooks import TRIGGERS, WEBHOOK, is_address
from mockserver.webhooks.base import OPTIONS, WEBHOOKS
from mockserver.webhooks.tables import outbox_section

DUE_STEPS = ("call", "outcome")
"""The kinds of due steps: a call, and what comes to a lead without one."""

_STATUSES = (
    "UNKNOWN NEW OPEN CALLBACK_TO_TRANSFER CLOSED CLOSED_INCOMPLETE LOST SCHEDULE_COMPLETED "
    "OUT_OF_TERRITORY BAD_NUMBER CANCELLED".split()
)
_STATUS_DETAILS = (
    "blind_transfer warm_transfer appointment_booked live_handoff_unavailable escalation "
    "has_call_dnc tcpa_litigator LEAD_ASSIGNED".split()
)
_STATUS_REASONS = "UNKNOWN WEBHOOK MANUAL CHAT REENGAGEMENT".split()
_STATES = (
    "AL AK AS AZ AR AA AE AP CA CO CT DE DC FL GA GU HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO "
    "MT NE NV NH NJ NM NY NC ND MP OH OK OR PA PR RI SC SD TN TX UT VT VI VA WA WV WI WY".split()
)
_SHORT_TEXT: Schema = {"type": ["string", "null"], "maxLength": 255}
_ID_OR_NULL: Schema = {"type": ["integer", "null"]}

_LEAD_COLUMNS: dict[str, Schema] = {
    "id": ID,
    "email": {"type": ["string", "null"], "format": "django-email"},
    "phone_number": {"description": "E.164 or US notation; a valid number.", "type": "string"},
    "metadata": {"type": ["object", "null"]},
    "modified_time": TIME,
    "created_time": TIME,
    "status": {"enum": _STATUSES},
    "status_detail": {"enum": [*_STATUS_DETAILS, "", None]},
    "status_reason": {"enum": [*_STATUS_REASONS, "", None]},
    "lead_type": {"description": "The id of a lead type."} | _ID_OR_NULL,
    "representative": {"description": "The id of a representative."} | _ID_OR_NULL,
    "next_call_time": {RELATIVE: True} | TEXT_OR_NULL,
    "next_call_time_reason": TEXT_OR_NULL,
    "external_id": _SHORT_TEXT,
    "us_state": {"enum": [*_STATES, "", None]},
    "lead_source": _SHORT_TEXT,
    "received_time": TIME_OR_NULL,
    "reengagements_count": {"type": "integer", "minimum": 0},
    "last_reengagement_time": TIME_OR_NULL,
    "call_schedule_start_time": TIME_OR_NULL,
    "sms_dnc": FLAG,
    "call_dnc": FLAG,
    SET_FLAGS: {
        "description": "Which flags are false because somebody has set them so: webhooks show "
        "null for one that nobody has ever set.",
        "type": "array",
        "items": {"enum": list(FLAGS)},
    },
    "story": {"description": "The story that the lead is played by."} | TEXT,
}

_CALL_COLUMNS: dict[str, Schema] = {
    "id": ID,
    "lead": {"description": "The id of the lead."} | _ID_OR_NULL,
    "started": TIME,
    "ended": {"description": "False while it runs."} | FLAG,
    "outcome": {"description": "What was played, where it was."} | TEXT_OR_NULL,
    **CALL_FIELDS,
    "collected": {"description": "What the conversation found out.", "type": "object"},
}

_NO_ADDRESS = (
    "{!r} is neither a URL with its placeholders in path and query, nor an inbox like inbox:crm"
)

_METADATA_FIELD: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["key", "label", "helpText", "type", "required"],
    "properties": {"key": TEXT, "label": TEXT, "helpText": TEXT, "type": TEXT, "required": FLAG},
}


def _phone(text: str, seeding: Seeding) -> str:
    number = phone_e164(text, seeding.settings["phone_region"])
    if number is None:
        raise ValueError(text)
    return number


def _time(text: str, seeding: Seeding) -> str:
    """A time in the account's zone. Raises OverflowError for one that has no equal in UTC."""
    moment = moment_of(text)
    moment.astimezone(UTC)
    return time_text(moment, seeding.settings)


def _complete_lead(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """The lead as it would be if the API had created it with what is given."""
    created = seeding.now
    if "created_time" in given:
        created = moment_of(given["created_time"])
    return name_story(new_lead(given["id"], given, created, seeding.settings, tx), tx)


def _address(text: str, seeding: Seeding) -> str:
    if not is_address(text):
        raise ValueError(text)
    return text


SECTION = Section(
    (
        SectionTable(
            "leads",
            _LEAD_COLUMNS,
            required=("phone_number",),
            defaults=LEAD,
            references={"lead_type": "lead_types", "representative": "representatives"},
            readings={
                "phone_number": Reading(_phone, "phone", "{!r} is no valid phone number"),
                "modified_time": Reading(_time),
                "created_time": Reading(_time),
                "received_time": Reading(_time),
                "last_reengagement_time": Reading(_time),
                "call_schedule_start_time": Reading(_time),
            },
            stated=("modified_time", "created_time", "status", "next_call_time", "received_time"),
            complete=_complete_lead,
            description="A lead as the API returns it. What is left out has the default that a "
            "lead from the API would have; without an id it gets the next one.",
        ),
        SectionTable(
            "lead_types",
            {
                "id": ID,
                "name": TEXT,
                "lead_metadata_fields": {"type": "array", "items": _METADATA_FIELD},
                "outbound_calling": FLAG,
            },
            required=("id", "name"),
            defaults={"lead_metadata_fields": [], "outbound_calling": True},
            description="A campaign. `outbound_calling` (true where it is left out) says whether "
            "its new leads are called; the API does not show it.",
        ),
        SectionTable("representatives", {"id": ID, "name": TEXT}, required=("id",)),
        SectionTable(
            "ingestion_configs",
            {
                "id": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$"},
                "name": TEXT,
                "requires_token": FLAG,
                "lead_type": _ID_OR_NULL,
                "field_map": {
                    "type": "object",
                    "additionalProperties": {"type": "string", "minLength": 1},
                },
            },
            required=("id",),
            ids=None,
            defaults={"name": "", "requires_token": True, "lead_type": None, "field_map": {}},
            references={"lead_type": "lead_types"},
            description="A lead ingestion endpoint. `field_map` leads from the sender's names "
            "(dots for nested ones) to ours; `lead_type` is that of leads that name none.",
        ),
        SectionTable(
            WEBHOOKS,
            {
                "id": ID,
                "url": {
                    "description": "An address, or an inbox of the workspace, like inbox:crm. "
                    "{{id}} and {{metadata.city}} may stand in path and query.",
                    "type": "string",
                    "maxLength": 255,
                },
                "trigger": {"enum": list(TRIGGERS)},
                "filter_condition": TEXT_OR_NULL,
                "options": OPTIONS,
            },
            required=("id", "url"),
            defaults=WEBHOOK | {"options": {}},
            readings={"url": Reading(_address, "url", _NO_ADDRESS)},
            description="What is told of a trigger. The API shows all of it but `options`.",
        ),
        SectionTable(
            "calls",
            _CALL_COLUMNS,
            required=("lead",),
            defaults=CALL | {"started": NOW},
            references={"lead": "leads"},
            times={"started": moment_shown},
            description="A call of a lead. The API shows none: its webhooks tell how many there "
            "were, and the schedule goes on after them.",
        ),
        *section_tables(ID, steps=DUE_STEPS),
        outbox_section(ID),
    ),
    unknown_references=True,
)
"""A lead may name a lead type or representative that is not there: a setting allows it."""
