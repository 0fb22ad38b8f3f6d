"""What NLPearl stores.

The fields of leads, calls, pearls and the account, and how it writes times and ids.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from mockserver.documents.zones import offset_hours
from mockserver.state.changes import Row
from mockserver.state.ids import token

INBOUND, OUTBOUND = 1, 2
RUNNING, PAUSED = 1, 2
NEW, SUCCESS, COMPLETED = 1, 100, 130
IN_PROGRESS, ENDED, NEUTRAL = 3, 4, 3
ZONE = "UTC"

LEAD: Row = {
    "id": "",
    "externalId": None,
    "phoneNumber": None,
    "timeZone": None,
    "status": NEW,
    "created": "",
    "callsId": [],
    "lastCall": None,
    "callData": None,
    "collectedData": None,
}
"""A lead as the API returns it, keys in the order of LeadApiView, with the value of each field that
nobody gave.

`callsId` and `lastCall` are not stored: they come from the calls.
"""

FROM_CALLS = ("callsId", "lastCall")

CALL: Row = {
    "id": "",
    "pearlId": None,
    "relatedId": None,
    "startTime": "",
    "conversationStatus": COMPLETED,
    "status": ENDED,
    "from": None,
    "to": None,
    "name": None,
    "duration": 0,
    "recording": None,
    "transcript": None,
    "summary": None,
    "collectedInfo": None,
    "tags": None,
    "isCallTransferred": False,
    "overallSentiment": NEUTRAL,
    "leadId": None,
}
"""A call as the API returns it, keys in the order of CallApiView."""

EVENTS = ("takeMessage", "smsSent", "calendarBooked", "emailSent")
"""What may happen in a call and is counted, by the names of the analytics.

A stored call has those of it in the column `events`.
"""

PEARL: Row = {
    "id": "",
    "name": None,
    "type": OUTBOUND,
    "status": RUNNING,
    "phoneNumber": None,
    "totalAgents": 1,
    "created": "",
    "budgetConsumed": 0,
    "totalTodayCalls": 0,
    "totalOngoingCalls": 0,
    "totalOnQueue": None,
    "totalLeads": None,
    "totalLeadsCompleted": None,
    "totalLeadsSuccess": None,
    "budgetTotal": None,
}
"""A pearl as the API returns it, keys in the order of ProjectApiView.

The counters of leads are filled in when it is read.
"""

OUTBOUND_SETTINGS = (
    "phoneNumberId",
    "recordingTrack",
    "isStopRecordingAfterTransferCall",
    "transcriptOptions",
    "maximumCallAttempts",
    "minimumRetryIntervalHours",
    "ringDuration",
    "callTimeout",
    "voiceMail",
    "callingHours",
)
"""The settings of an outbound pearl that a pearl does not show.

Its row has those that somebody gave in the column `outboundSettings`. The addresses of its webhooks
are rows of their own.
"""

ACCOUNT: Row = {"name": "Demo account", "totalAgents": 10, "creditBalance": 1000.0, "status": 1}


_COUNTER_BITS = 24
_COUNTER = (1 << _COUNTER_BITS) - 1
HIGHEST = 2**53 - 1
"""The highest number of a row: it stands in exports, and JavaScript reads it as it is."""


class Stamp(NamedTuple):
    """What new rows of one request have in common.

    It has the text of the time, and the parts of an ObjectId of MongoDB: the seconds since 1970 and
    the machine. The counter at its end is the number of the row; what the number has beyond the
    counter's 24 bits makes another machine.
    """

    created: str
    seconds: str
    machine: str

    def id(self, number: int) -> str:
        """The id of the row with that number."""
        machine, beyond = self.machine, number >> _COUNTER_BITS
        if beyond:
            machine = f"{int(machine, 16) ^ beyond:010x}"
        return f"{self.seconds}{machine}{number & _COUNTER:06x}"


def time_text(moment: datetime) -> str:
    """A moment as .NET writes one of the database: milliseconds without zeros at their end."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23]
    return text.rstrip("0").rstrip(".") + "Z"


@lru_cache(maxsize=16)
def _machine(seed: int, table: str) -> str:
    # A call and a lead with the same number and second must not have the same id.
    return token(seed, "objectid" if table == "leads" else table, 0, 10)


@lru_cache(maxsize=16)
def stamp_of(now: datetime, seed: int, table: str = "leads") -> Stamp:
    """The stamp of the rows that come into the table now."""
    seconds = f"{int(now.timestamp()) & 0xFFFFFFFF:08x}"
    return Stamp(time_text(now), seconds, _machine(seed, table))


def number_of(id: str, seed: int, table: str = "leads") -> int:
    """The number that the id was made from; 0 for one that was not made with that seed.

    That is so for one too whose number was drawn: its machine is another one.
    """
    if id[8:18] != _machine(seed, table):
        return 0
    return int(id[18:], 16)


def time_zone(name: str | None, pearl: Row) -> str | None:
    """The text of a zone's offset, of the pearl's zone where there is no name."""
    hours = offset_hours(name or pearl["timeZoneId"])
    return None if hours is None else str(hours)
