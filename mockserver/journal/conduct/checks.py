"""Everything the report looks for, as one table."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from mockserver.errors import OperatorError

Level = Literal["error", "warning", "note"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the worst to the mildest."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a client can do badly.

    `meaning` follows the sentence that says what was done: what the vendor expects, and why it
    hurts. `advice` says what to do about it.
    """

    slug: str
    level: Level
    title: str
    meaning: str
    advice: str


CHECKS = (
    Check(
        "early-retry",
        "error",
        "Retried too early",
        "Retry-After says when the vendor answers again; whoever comes earlier is refused once "
        "more and uses up the quota.",
        "Wait as long as Retry-After says, on the clock of the workspace, before the same request "
        "goes out again.",
    ),
    Check(
        "other-lead",
        "error",
        "Another lead than the one named",
        "The vendor decides by one key and does not look at the others: a wrong or old key reads "
        "or changes somebody else's lead.",
        "Send keys that belong to one lead, and compare the lead in the answer with the one that "
        "was meant.",
    ),
    Check(
        "unmatched",
        "error",
        "No such operation",
        "The vendor does nothing for a path or method that it does not have, whatever the client "
        "makes of the answer.",
        "Compare the base URL, the path and the method with `mockserver routes`.",
    ),
    Check(
        "missing-slash",
        "error",
        "Called without the slash at the end",
        "The vendor redirects to the path with the slash, and most HTTP clients follow with a GET "
        "and no body: a write is lost.",
        "Put the slash at the end of the path.",
    ),
    Check(
        "retried-4xx",
        "warning",
        "Repeated a refused request",
        "Nothing was written in between, so a 4xx answer stays the same however often it is asked "
        "for; the repetition hides the reason.",
        "Retry after 408, 429, 5xx and lost connections only; mend the request after any other "
        "4xx.",
    ),
    Check(
        "page-loop-stopped",
        "warning",
        "Did not read the list to its end",
        "The vendor gives a list page by page: whoever stops early takes a part for the whole, "
        "which shows only with much data.",
        "Follow the pages until the answer names no next one.",
    ),
    Check(
        "unknown-fields",
        "warning",
        "Sent fields that are ignored",
        "The vendor takes the request and drops what it does not know: the client believes "
        "something stored that is not.",
        "Correct the spelling, or leave the fields out.",
    ),
    Check(
        "read-only-fields",
        "warning",
        "Sent fields that cannot be set",
        "The record has them, but this operation does not set them: the vendor takes the request "
        "and keeps its own values.",
        "Send only what the operation takes, not the record as it was read.",
    ),
    Check(
        "unknown-parameters",
        "warning",
        "Sent unknown query parameters",
        "The vendor refuses or ignores a parameter that it does not know; an ignored filter gives "
        "every record instead of a few.",
        "Correct the spelling, or leave the parameters out.",
    ),
    Check(
        "several-matches",
        "warning",
        "Several leads matched",
        "Which of them is meant is the vendor's choice and not the client's, and another copy of "
        "the data may turn out otherwise.",
        "Send a key that only one lead has, or keep duplicates from coming into being.",
    ),
    Check(
        "refused",
        "warning",
        "Sent what the vendor does not take",
        "A request that the vendor cannot read or finds invalid changes nothing, and the same data "
        "fails in production too.",
        "Check the data before they are sent; where a test is about the refusal itself, there is "
        "nothing to mend.",
    ),
    Check(
        "extra-fields",
        "note",
        "Sent extra fields that are kept aside",
        "The vendor keeps what it does not know beside the standard fields; a misspelt field ends "
        "up there, and the real one stays.",
        "See that each of them is meant as data of the caller's own.",
    ),
    Check(
        "inferred-behaviour",
        "note",
        "Relied on an inferred behaviour",
        "The vendor's documentation does not say it: it follows from the framework behind the API, "
        "or from plain reasoning.",
        "Try it once against the vendor before it is relied on.",
    ),
    Check(
        "chosen-behaviour",
        "note",
        "Relied on a chosen behaviour",
        "Nothing says what the vendor does here; this server had to choose, and a setting often "
        "switches it.",
        "Try it once against the vendor, and run the tests with the other choice too.",
    ),
)
"""Every check there is, the worst first."""


def chosen(names: Collection[str]) -> frozenset[str]:
    """The checks and levels that are named; a level stands for the worse ones too.

    Raises OperatorError naming the checks and levels there are, for a name that is none.
    """
    slugs = tuple(check.slug for check in CHECKS)
    unknown = sorted(set(names) - {*LEVELS, *slugs})
    if unknown:
        known = f"the levels are {', '.join(LEVELS)}, the checks {', '.join(slugs)}"
        raise OperatorError(f"{', '.join(map(repr, unknown))}: no such check or level; {known}")
    mildest = max((LEVELS.index(level) for level in LEVELS if level in names), default=-1)
    return frozenset({*names, *LEVELS[: mildest + 1]})
