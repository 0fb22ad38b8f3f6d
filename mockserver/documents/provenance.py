"""How sure a rule is."""

from typing import Literal, get_args

Provenance = Literal["documented", "client", "observed", "inferred", "chosen"]
"""`documented`: the vendor's own words. `client`: the vendor's SDK.

`observed`: public client code. `inferred`: what the framework behind the API does, or plain
reasoning. `chosen`: nothing says; where a user could need the other, a setting switches it.
"""

PROVENANCES: tuple[str, ...] = get_args(Provenance)
