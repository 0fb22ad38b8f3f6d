"""Who a lead of Sela is. Its name stands in its metadata, where the lead type puts it."""

from typing import Any

from mockserver.life.people import Facts, Profile, Profiles, State, given, text_or_none, words_of
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendors.sela.rows import call_count

_STATES: dict[str, State] = {
    "NEW": "new",
    "OPEN": "calling",
    "CALLBACK_TO_TRANSFER": "calling",
    "CLOSED": "won",
    "CLOSED_INCOMPLETE": "ended",
    "SCHEDULE_COMPLETED": "ended",
    "LOST": "lost",
    "OUT_OF_TERRITORY": "lost",
    "BAD_NUMBER": "lost",
    "CANCELLED": "lost",
}


class SelaProfiles(Profiles):
    """Reads Sela's leads."""

    def profile(self, lead: Row) -> Profile:
        """See `Profiles`."""
        status = lead["status"]
        return Profile(
            _name(lead["metadata"]),
            lead["email"],
            text_or_none(lead["phone_number"]),
            lead["external_id"],
            status,
            words_of(status),
            _STATES.get(status, "open"),
            lead["modified_time"],
        )

    def facts(self, lead: Row, tx: Transaction) -> Facts:
        """See `Profiles`."""
        lead_type = tx.get("lead_types", lead["lead_type"] or 0)
        return given(
            [
                ("next call", lead["next_call_time"]),
                ("detail", lead["status_detail"]),
                ("calls", call_count(lead["id"], tx)),
                ("lead type", lead_type["name"] if lead_type is not None else None),
                ("re-engaged", lead["reengagements_count"]),
                ("source", lead["lead_source"]),
            ]
        )


def _name(metadata: Any) -> str | None:
    if not isinstance(metadata, dict):
        return None
    parts = [metadata.get("first_name"), metadata.get("last_name")]
    return text_or_none(" ".join(str(part) for part in parts if part))
