"""Who a lead of Octanist is."""

from mockserver.life.people import Facts, Profile, Profiles, State, given, text_or_none, words_of
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendors.octanist.rows import LOST, WON

_STATES: dict[str, State] = {WON: "won", LOST: "lost"}


class OctanistProfiles(Profiles):
    """Reads Octanist's leads. They have no external id."""

    def profile(self, lead: Row) -> Profile:
        """See `Profiles`."""
        status = lead["status"]
        return Profile(
            text_or_none(lead["name"]),
            text_or_none(lead["email"]),
            text_or_none(lead["phone"]),
            None,
            status,
            words_of(status),
            _STATES.get(status, "open"),
            lead["updatedAt"],
        )

    def facts(self, lead: Row, tx: Transaction) -> Facts:
        """See `Profiles`."""
        return given(
            [
                ("value", lead["value"]),
                ("loss reason", lead["lossReason"]),
                ("source", lead["source"]),
                ("qualified", lead["qualifiedAt"]),
                ("expires", lead["expiresAt"]),
            ]
        )
