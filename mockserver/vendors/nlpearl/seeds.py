"""NLPearl's section of a fixture: what its rows may hold, and what is decided by other rows."""

from mockserver.life.lifecycle import CHOSEN, name_story, section_tables
from mockserver.sections import (
    FLAG,
    ID,
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
    CALL,
    EVENTS,
    FROM_CALLS,
    INBOUND,
    LEAD,
    PEARL,
    ZONE,
    number_of,
    stamp_of,
    time_text,
    time_zone,
)
from mockserver.vendors.nlpearl.webhooks import (
    CALL_WEBHOOK,
    LEAD_WEBHOOK,
    URL_SETTINGS,
    VERSIONS,
)
from mockserver.webhooks.base import WEBHOOKS, options_with
from mockserver.webhooks.tables import outbox_section

DUE_STEPS = ("call", "dial", "end", CHOSEN)
"""The kinds of due steps; the last one is of a lead whose pearl is gone."""

_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 2147483647}
_COUNT_OR_NULL: Schema = _COUNT | {"type": ["integer", "null"]}
_TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
_ZONE_NOTE: Schema = {"description": "A Windows or IANA zone name."}
_UNCOUNTED = dict.fromkeys(("totalLeads", "totalLeadsCompleted", "totalLeadsSuccess"))

_OBJECT_ID: Schema = {
    "description": "24 hex digits.",
    "type": "string",
    "pattern": "^[0-9a-f]{24}$",
}
_INT_OR_NULL: Schema = {
    "type": ["integer", "null"],
    "minimum": -2147483648,
    "maximum": 2147483647,
}


def _or_null(description: str, *values: int) -> Schema:
    return {"description": description, "enum": [*values, None]}


def _from_to(least: int, most: int, description: str) -> Schema:
    limits = {"minimum": least, "maximum": most}
    return {"description": description, "type": ["integer", "null"]} | limits


_CALLING_HOURS: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"day": _INT_OR_NULL, "start": TEXT_OR_NULL, "end": TEXT_OR_NULL},
}

_URL_NOTE: Schema = {
    "description": "An address, or an inbox of the workspace, like inbox:crm. It is kept as a row "
    "of `webhooks`."
}

_OUTBOUND_SETTINGS: Schema = {
    "description": "How the pearl calls, as an update of its outbound settings gives it.",
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "phoneNumberId": TEXT_OR_NULL,
        "recordingTrack": _or_null("1 Outbound, 2 Inbound, 3 Both, 4 None.", 1, 2, 3, 4),
        "isStopRecordingAfterTransferCall": {"type": ["boolean", "null"]},
        "transcriptOptions": _or_null(
            "1 FullTranscript, 2 SensitiveInfoRemoved, 3 NoTranscript.", 1, 2, 3
        ),
        "maximumCallAttempts": _from_to(1, 5, "Calls of one lead."),
        "minimumRetryIntervalHours": _or_null(
            "1 Every6Hours, 2 OnceADay, 3 OnceEvery3Days, 4 OnceAWeek, 5 OnceAMonth, "
            "6 Every3Hours.",
            1,
            2,
            3,
            4,
            5,
            6,
        ),
        "ringDuration": _from_to(10, 50, "In seconds."),
        "callTimeout": _from_to(1, 120, "In minutes."),
        "voiceMail": TEXT_OR_NULL,
        "callingHours": {"type": ["array", "null"], "items": _CALLING_HOURS},
        "callWebhookUrl": _URL_NOTE | TEXT_OR_NULL,
        "leadWebhookUrl": _URL_NOTE | TEXT_OR_NULL,
    },
}

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
    "outboundSettings": _OUTBOUND_SETTINGS,
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

_CALL_COLUMNS: dict[str, Schema] = {
    "id": _OBJECT_ID,
    "pearlId": {"description": "The id of a pearl.", "type": "string"},
    "leadId": {"description": "The id of the lead that was called.", "type": ["string", "null"]},
    "relatedId": {"description": "The pearl, unless it is given."} | TEXT_OR_NULL,
    "startTime": TIME,
    "conversationStatus": {
        "description": "10 NeedRetry, 20 InCallQueue, 40 OnCall, 70 VoiceMailLeft, 100 Success, "
        "110 NotSuccessful, 130 Completed, 150 Unreachable, 220 Blacklisted, 300 QueueAbandon, "
        "500 Error.",
        "enum": [10, 20, 40, 70, 100, 110, 130, 150, 220, 300, 500],
    },
    "status": {
        "description": "3 InProgress, 4 Completed, 5 Busy, 6 Failed, 7 NoAnswer, 8 Canceled.",
        "enum": [3, 4, 5, 6, 7, 8],
    },
    "from": TEXT_OR_NULL,
    "to": TEXT_OR_NULL,
    "name": TEXT_OR_NULL,
    "duration": {"description": "In seconds."} | _COUNT,
    "recording": TEXT_OR_NULL,
    "transcript": {"type": ["array", "null"], "items": _TRANSCRIPT_LINE},
    "summary": TEXT_OR_NULL,
    "collectedInfo": {"type": ["array", "null"], "items": _COLLECTED_INFO},
    "tags": {"type": ["array", "null"], "items": TEXT},
    "isCallTransferred": FLAG,
    "overallSentiment": {
        "description": "1 Negative, 2 SlightlyNegative, 3 Neutral, 4 SlightlyPositive, 5 Positive.",
        "enum": [1, 2, 3, 4, 5],
    },
    "events": {
        "description": "What the analytics count besides.",
        "type": "array",
        "items": {"enum": list(EVENTS)},
    },
    "outcome": {"description": "What was played, where it was."} | TEXT_OR_NULL,
}

_WEBHOOK_COLUMNS: dict[str, Schema] = {
    "id": ID,
    "kind": {"enum": [CALL_WEBHOOK, LEAD_WEBHOOK]},
    "pearl": {
        "description": "The id of a pearl; null: of all pearls that have none of their own.",
        "type": ["string", "null"],
    },
    "url": {
        "description": "An address, or an inbox of the workspace, like inbox:crm.",
        "type": "string",
        "minLength": 1,
    },
    "options": options_with(*VERSIONS),
}

_LEAD_COLUMNS: dict[str, Schema] = {
    "id": _OBJECT_ID,
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
    "callData": {"anyOf": [{"type": "null"}, _TEXTS]},
    "collectedData": {
        "description": "What the calls found out; where it is left out, what the last one did.",
        "type": ["object", "null"],
    },
    "story": {"description": "The story that the lead is played by."} | TEXT,
}


def _new_id(number: int, seeding: Seeding) -> str:
    return stamp_of(seeding.now, seeding.seed).id(number)


def _number_of(id: RowId, seeding: Seeding) -> int:
    return number_of(str(id), seeding.seed)


def _new_call_id(number: int, seeding: Seeding) -> str:
    return stamp_of(seeding.now, seeding.seed, "calls").id(number)


def _number_of_call(id: RowId, seeding: Seeding) -> int:
    return number_of(str(id), seeding.seed, "calls")


def _stored_pearl(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """The pearl without counters of leads, which are counted when it is read, and without URLs.

    Those are rows of `webhooks`.
    """
    settings = row["outboundSettings"]
    if settings is not None and not settings.keys().isdisjoint(URL_SETTINGS):
        settings = {name: settings[name] for name in settings if name not in URL_SETTINGS}
    return row | _UNCOUNTED | {"outboundSettings": settings or None}


def _with_offset(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """The lead with the offset of its zone, or of its pearl's, unless the fixture gives one."""
    if "timeZone" not in given:
        pearl = tx.get("pearls", row["pearlId"]) or {"timeZoneId": ZONE}
        row["timeZone"] = time_zone(row["timeZoneId"], pearl)
    return name_story(row, tx)


def of_pearl_and_lead(row: Row, tx: Transaction) -> Row:
    """What a call has from its pearl and its lead: who called whom.

    An outbound pearl calls its lead; an inbound one is called (`v2/call/get-call`).
    """
    inherited = {"relatedId": row["pearlId"]}
    pearl = tx.get("pearls", row["pearlId"])
    if pearl is not None:
        own = "to" if pearl["type"] == INBOUND else "from"
        inherited[own] = pearl["phoneNumber"]
    lead = tx.get("leads", row["leadId"]) if row.get("leadId") else None
    if lead is not None:
        inherited["name"] = _name_of(lead)
        other = "from" if "to" in inherited else "to"
        inherited[other] = lead["phoneNumber"]
    return inherited


def _name_of(lead: Row) -> str | None:
    """First and last name of what is known of the lead; None where neither is."""
    known = lead["callData"] or {}
    names = [known[part] for part in ("firstName", "lastName") if known.get(part)]
    return " ".join(names) or None


_STORED_LEAD = {name: value for name, value in LEAD.items() if name not in FROM_CALLS}

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
            defaults=PEARL | {"created": NOW, "timeZoneId": ZONE, "outboundSettings": None},
            times={"created": time_text},
            complete=_stored_pearl,
            description="A pearl as the API returns it, and the zone of its leads that have none. "
            "What is left out has a default.",
        ),
        SectionTable(
            "leads",
            _LEAD_COLUMNS,
            required=("pearlId", "phoneNumber"),
            defaults=_STORED_LEAD | {"created": NOW, "timeZoneId": None},
            references={"pearlId": "pearls"},
            times={"created": time_text},
            ids=Ids(_new_id, _number_of),
            stated=("timeZone",),
            complete=_with_offset,
            description="A lead as the API returns it, with its pearl and its zone. What is left "
            "out has the default of a new lead; without an id it gets the next one.",
        ),
        SectionTable(
            "calls",
            _CALL_COLUMNS,
            required=("pearlId",),
            defaults=CALL | {"startTime": NOW, "events": [], "outcome": None},
            references={"pearlId": "pearls", "leadId": "leads"},
            times={"startTime": time_text},
            ids=Ids(_new_call_id, _number_of_call),
            inherits=of_pearl_and_lead,
            description="A call as the API returns it, with what happened in it. The numbers and "
            "the name are those of its pearl and its lead, unless they are given.",
        ),
        SectionTable(
            WEBHOOKS,
            _WEBHOOK_COLUMNS,
            required=("kind", "url"),
            defaults={"id": 0, "kind": "", "pearl": None, "url": "", "options": {}},
            references={"pearl": "pearls"},
            description="Whom the calls or the leads of a pearl are told of. A pearl has one of "
            "each kind.",
        ),
        *section_tables(_OBJECT_ID, steps=DUE_STEPS),
        outbox_section(_OBJECT_ID),
    ),
    # A lead may be deleted, and its calls stay.
    unknown_references=True,
)
