"""The operations and matching rules that records name, and the vendors' credentials."""

from collections.abc import Mapping, Sequence

from mockserver.credential import Credential
from mockserver.documents.spec import Operation
from mockserver.journal.records import Record
from mockserver.matching import MatchingRule

Operations = Mapping[str, Sequence[Operation]]
"""The operations of each vendor."""

Rules = Mapping[str, Sequence[MatchingRule]]
"""The matching rules of each vendor."""

Credentials = Mapping[str, Credential]
"""The credential of each vendor."""

_NONE: Credentials = {}


class Directory:
    """Finds what a record names.

    A record is plain data: it has the names of its operation and rules, and not these themselves.
    """

    __slots__ = ("_by_id", "_keys", "_rules", "credentials", "operations")

    def __init__(
        self, operations: Operations, rules: Rules, credentials: Credentials = _NONE
    ) -> None:
        self.operations = operations
        self.credentials = credentials
        self._by_id: dict[tuple[str, str | None], Operation] = {}
        for vendor, group in operations.items():
            for operation in group:
                self._by_id[vendor, operation.id] = operation
        self._rules: dict[tuple[str, str], MatchingRule] = {}
        for vendor, known in rules.items():
            for rule in known:
                self._rules[vendor, rule.name] = rule
        self._keys = {
            vendor: frozenset(name for rule in known for name in rule.key_names)
            for vendor, known in rules.items()
        }

    def operation(self, record: Record) -> Operation | None:
        """The operation that answered the request, or None where none did."""
        return self._by_id.get((record.vendor, record.operation))

    def rule(self, vendor: str, name: str) -> MatchingRule | None:
        """The vendor's matching rule of that name."""
        return self._rules.get((vendor, name))

    def keys(self, vendor: str) -> frozenset[str]:
        """The fields by which the vendor's matching rules find rows."""
        return self._keys.get(vendor, frozenset())
