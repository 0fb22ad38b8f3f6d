"""Who a lead of NLPearl is. Its name stands in its call data."""

from typing import Any

from mockserver.life.people import Facts, Profile, Profiles, State, given, text_or_none
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction

_STATUSES: dict[int, tuple[str, State]] = {
    1: ("New", "new"),
    10: ("Need retry", "open"),
    20: ("In call queue", "calling"),
    30: ("Wrong country code", "lost"),
    40: ("On call", "calling"),
    70: ("Voicemail left", "open"),
    100: ("Success", "won"),
    110: ("Not successful", "lost"),
    130: ("Completed", "ended"),
    150: ("Unreachable", "lost"),
    220: ("Blacklisted", "lost"),
    300: ("Queue abandon", "lost"),
    500: ("Error", "lost"),
}
"""The statuses of a lead in words (`api-reference/v2/outbound/update-lead`), and how it stands."""


class PearlProfiles(Profiles):
    """Reads NLPearl's leads."""

    def profile(self, lead: Row) -> Profile:
        """See `Profiles`."""
        status = lead["status"]
        title, state = _STATUSES.get(status, (str(status), "open"))
        data = lead["callData"] if isinstance(lead["callData"], dict) else {}
        return Profile(
            _name(data),
            text_or_none(data.get("email")),
            text_or_none(lead["phoneNumber"]),
            lead["externalId"],
            status,
            title,
            state,
            lead["created"],
        )

    def facts(self, lead: Row, tx: Transaction) -> Facts:
        """See `Profiles`."""
        pearl = tx.get("pearls", lead["pearlId"])
        calls = tx.find("calls", "lead", lead["id"])
        return given(
            [
                ("calls", len(calls)),
                ("last call", max((call["startTime"] for call in calls), default=None)),
                ("pearl", pearl["name"] if pearl is not None else lead["pearlId"]),
                ("time zone", lead["timeZone"]),
            ]
        )


def _name(data: dict[str, Any]) -> str | None:
    parts = [data.get("firstName"), data.get("lastName")]
    return text_or_none(" ".join(str(part) for part in parts if part))
