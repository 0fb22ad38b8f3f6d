"""NLPearl's section of a fixture: what its rows may hold, and what is decided by other rows."""

from mockserver.sections import (
    NOW,
    TEXT,
    TEXT_ID,
    TEXT_OR_NULL,
    TIME,
    Ids,
    Schema,
    Section,
    SectionTable,
    Seeding,
)
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import Transaction
from mockserver.vendors.nlpearl.rows import (
    ACCOUNT,
    LEAD,
    PEARL,
    ZONE,
    number_of,
    stamp_of,
    time_text,
    time_zone,
)

_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 2147483647}
_COUNT_OR_NULL: Schema = _COUNT | {"type": ["integer", "null"]}
_TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
_ZONE_NOTE: Schema = {"description": "A Windows or IANA zone name."}
_UNCOUNTED = dict.fromkeys(("totalLeads", "totalLeadsCompleted", "totalLeadsSuccess"))

_ACCOUNT_COLUMNS: dict[str, Schema] = {
    "name": TEXT_OR_NULL,
    "totalAgents": _COUNT,
    "creditBalance": {"type": "number"},
    "status": {
        "description": "1 FullAccess, 2 LimitedAccess, 3 NoCredits, 4 SuspendedAccount, "
        "5 DebtReached.",
        "enum": [1, 2, 3, 4, 5],
    },
}

_PEARL_COLUMNS: dict[str, Schema] = {
    "id": TEXT_ID,
    "name": TEXT_OR_NULL,
    "type": {"description": "1 Inbound, 2 Outbound.", "enum": [1, 2]},
    "status": {
        "description": "1 Running, 2 Paused, 3 Suspended, 10 TemporaryMaintenance.",
        "enum": [1, 2, 3, 10],
    },
    "phoneNumber": TEXT_OR_NULL,
    "totalAgents": _COUNT,
    "created": TIME,
    "budgetConsumed": _COUNT,
    "totalTodayCalls": _COUNT,
    "totalOngoingCalls": _COUNT,
    "totalOnQueue": _COUNT_OR_NULL,
    "totalLeads": {"description": "Counted anew, as are the next two."} | _COUNT_OR_NULL,
    "totalLeadsCompleted": _COUNT_OR_NULL,
    "totalLeadsSuccess": _COUNT_OR_NULL,
    "budgetTotal": _COUNT_OR_NULL,
    "timeZoneId": _ZONE_NOTE | {"type": "string", "format": "windows-time-zone"},
}

_TRANSCRIPT_LINE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "role": {"description": "2 Pearl, 3 Client.", "enum": [2, 3]},
        "content": TEXT_OR_NULL,
        "startTime": {"type": ["number", "null"]},
        "endTime": {"type": ["number", "null"]},
    },
}

_COLLECTED_INFO: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"id": TEXT_OR_NULL, "name": TEXT_OR_NULL, "value": {}},
}

_CALL: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": TEXT_OR_NULL,
        "startTime": TIME,
        "pearlId": TEXT_OR_NULL,
        "status": {
            "description": "3 InProgress, 4 Completed, 5 Busy, 6 Failed, 7 NoAnswer, 8 Canceled.",
            "enum": [3, 4, 5, 6, 7, 8],
        },
        "from": TEXT_OR_NULL,
        "name": TEXT_OR_NULL,
        "collectedData": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "transcript": {"type": ["array", "null"], "items": _TRANSCRIPT_LINE},
                "collectedInfos": {"type": ["array", "null"], "items": _COLLECTED_INFO},
            },
        },
        "summary": TEXT_OR_NULL,
        "duration": {"description": "In seconds."} | _COUNT,
        "recording": TEXT_OR_NULL,
        "tags": {"type": ["array", "null"], "items": TEXT},
    },
}

_LEAD_COLUMNS: dict[str, Schema] = {
    "id": {"description": "24 hex digits.", "type": "string", "pattern": "^[0-9a-f]{24}$"},
    "pearlId": {"description": "The id of a pearl.", "type": "string"},
    "externalId": TEXT_OR_NULL,
    "phoneNumber": TEXT_OR_NULL,
    "timeZoneId": _ZONE_NOTE | {"type": ["string", "null"], "format": "windows-time-zone"},
    "timeZone": {
        "description": "The zone's offset from UTC in hours; computed where it is left out.",
        "type": ["string", "null"],
        "format": "numeric",
    },
    "status": {
        "description": "1 New, 10 NeedRetry, 20 InCallQueue, 30 WrongCountryCode, 40 OnCall, "
        "70 VoiceMailLeft, 100 Success, 110 NotSuccessful, 130 Completed, 150 Unreachable, "
        "220 Blacklisted, 300 QueueAbandon, 500 Error.",
        "enum": [1, 10, 20, 30, 40, 70, 100, 110, 130, 150, 220, 300, 500],
    },
    "created": TIME,
    "callsId": {"type": ["array", "null"], "items": TEXT},
    "lastCall": {"anyOf": [{"type": "null"}, _CALL]},
    "callData": {"anyOf": [{"type": "null"}, _TEXTS]},
    "collectedData": {
        "description": "What the calls found out.",
        "type": ["object", "null"],
    },
}


def _new_id(number: int, seeding: Seeding) -> str:
    return stamp_of(seeding.now, seeding.seed).id(number)


def _number_of(id: RowId, seeding: Seeding) -> int:
    return number_of(str(id), seeding.seed)


def _uncounted(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """The pearl without counters of leads: they are counted when it is read."""
    return row | _UNCOUNTED


def _with_offset(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """The lead with the offset of its zone, or of its pearl's, unless the fixture gives one."""
    if "timeZone" not in given:
        pearl = tx.get("pearls", row["pearlId"])
        assert pearl is not None, row
        row["timeZone"] = time_zone(row["timeZoneId"], pearl)
    return row


SECTION = Section(
    (
        SectionTable(
            "account",
            _ACCOUNT_COLUMNS,
            single=True,
            defaults=ACCOUNT,
            stated=tuple(ACCOUNT),
        ),
        SectionTable(
            "pearls",
            _PEARL_COLUMNS,
            required=("id",),
            ids=None,
            defaults=PEARL | {"created": NOW, "timeZoneId": ZONE},
            times={"created": time_text},
            complete=_uncounted,
            description="A pearl as the API returns it, and the zone of its leads that have none. "
            "What is left out has a default.",
        ),
        SectionTable(
            "leads",
            _LEAD_COLUMNS,
            required=("pearlId", "phoneNumber"),
            defaults=LEAD | {"created": NOW, "timeZoneId": None},
            references={"pearlId": "pearls"},
            times={"created": time_text},
            ids=Ids(_new_id, _number_of),
            stated=("timeZone",),
            complete=_with_offset,
            description="A lead as the API returns it, with its pearl and its zone. What is left "
            "out has the default of a new lead; without an id it gets the next one.",
        ),
    )
)
