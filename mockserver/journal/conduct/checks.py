"""Everything the report looks for, in one table."""

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

    `meaning` says what the vendor expects and what goes wrong otherwise; in the report it follows
    the sentence that says what the client did. `advice` says what to do about it.
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
        "Retry-After says when the vendor answers again; an earlier request is refused once more "
        "and uses up the quota.",
        "Wait as long as Retry-After says, by the workspace's clock, before you send it again.",
    ),
    Check(
        "placeholder",
        "error",
        "Sent a placeholder for a credential or an id",
        "A variable was never set, or a text of an example was never replaced: this server takes "
        "any account name, and the vendor refuses it.",
        "Find where the value should come from; let your client refuse to start without it.",
    ),
    Check(
        "other-lead",
        "error",
        "Reached another lead than the one named",
        "The vendor decides by one key and ignores the others: a wrong or old key reads or "
        "changes somebody else's lead.",
        "Send keys that belong to the same lead, and compare the lead in the answer with the one "
        "you meant.",
    ),
    Check(
        "unmatched",
        "error",
        "Called an unknown operation",
        "The vendor has no such path or method and does nothing, even if the client takes the "
        "answer for a success.",
        "Compare the base URL, the path and the method with `mockserver routes`.",
    ),
    Check(
        "missing-slash",
        "error",
        "Called without the slash at the end",
        "The vendor does nothing but redirect to the path with the slash; what comes of the "
        "request is then up to the HTTP client and its method.",
        "End the path with a slash.",
    ),
    Check(
        "lost-body",
        "error",
        "Followed a redirection without the body",
        "The client takes the answer to a read for that to its write, and nothing was written.",
        "Call the path that the vendor redirects to, or let your client follow no redirections of "
        "writes.",
    ),
    Check(
        "repeated-write",
        "error",
        "Repeated a write that had taken effect",
        "An answer that is lost says nothing of the write: sent again, it makes a second lead, or "
        "a person is called twice.",
        "After a lost answer read whether the write took effect, and send it again only if not.",
    ),
    Check(
        "receiver-failed",
        "error",
        "Did not accept a webhook",
        "No vendor here is known to send an event again: what a receiver does not accept at once "
        "is lost.",
        "Answer 2xx as soon as the event is stored, and do the work that may fail afterwards.",
    ),
    Check(
        "webhook-loop",
        "error",
        "Caused the events that it was told of",
        "Each delivery makes the receiver write to the vendor, and each write makes another "
        "delivery; this server has stopped it, and no vendor might.",
        "Write only what differs, and do not react to changes of your own.",
    ),
    Check(
        "not-idempotent",
        "error",
        "Did the work of an event twice",
        "A delivery may come more than once, and the same write followed it each time: two notes, "
        "two calls, two leads.",
        "Remember what you have dealt with, by all that tells two events apart, and only answer "
        "2xx to a repetition.",
    ),
    Check(
        "taken-for-duplicate",
        "error",
        "Took a new event for a repetition",
        "The events of one call or lead have one id: whoever remembers the id alone drops the end "
        "of each call, and each status after the first.",
        "Compare the whole payload, or the id with what has changed, not the id alone.",
    ),
    Check(
        "wrong-call-id",
        "error",
        "Read a call by the id of something else",
        "The vendor refuses it: the id of a lead, of a campaign or of a request is not that of the "
        "call.",
        "Take the id from the payload of the call's webhook, or from the calls of the lead.",
    ),
    Check(
        "retried-4xx",
        "warning",
        "Repeated a refused request",
        "Nothing was written in between, so the answer to the same request stays the same; "
        "repeating it hides the reason.",
        "Retry only after 408, 429, 5xx and lost connections; correct the request after any other "
        "4xx.",
    ),
    Check(
        "page-loop-stopped",
        "warning",
        "Did not read the list to its end",
        "The vendor gives a list page by page: a client that stops early works with a part of it, "
        "which shows only with much data.",
        "Follow the pages until an answer names no next page.",
    ),
    Check(
        "unknown-fields",
        "warning",
        "Sent fields that are ignored",
        "The vendor accepts the request and drops the fields it does not know: they are not "
        "stored, though the client believes so.",
        "Correct the spelling, or leave the fields out.",
    ),
    Check(
        "read-only-fields",
        "warning",
        "Sent fields that cannot be set",
        "The record has them, but this operation does not set them: the vendor accepts the request "
        "and keeps its own values.",
        "Send only the fields that the operation sets, not the record as it was read.",
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
        "double-create",
        "warning",
        "Created the same thing twice",
        "The vendor takes the same request for another lead or call: there are two of it now, and "
        "no answer says so.",
        "Send it once; look for the lead before you create it, or keep the id of the first answer.",
    ),
    Check(
        "several-matches",
        "warning",
        "Several leads matched",
        "The vendor chooses one of them, not the client, and with other data it may choose "
        "differently.",
        "Send a key that only one lead has, or avoid creating duplicates.",
    ),
    Check(
        "spelling",
        "warning",
        "Missed a lead by its spelling",
        "A lead has the same value written in another way, and this vendor compares the texts: "
        "the request changed nothing.",
        "Write the value as you wrote it when the lead was made, or find the lead by its id.",
    ),
    Check(
        "not-seeded",
        "warning",
        "Named what the workspace does not have",
        "A workspace has what its fixture holds and what the API made: an id from the vendor's "
        "own site means nothing here, and one from an unset variable means nothing anywhere.",
        "Use an id that the workspace has, or seed the one you use.",
    ),
    Check(
        "receiver-slow",
        "warning",
        "Answered a webhook slowly",
        "A vendor waits a few seconds and then gives the event up, though the receiver may have "
        "dealt with it.",
        "Store the event, answer 2xx, and do the work afterwards.",
    ),
    Check(
        "receiver-redirects",
        "warning",
        "Answered a webhook with a redirection",
        "Nobody follows it: the event is lost.",
        "Give the vendor the address that answers, with its scheme and its slash at the end.",
    ),
    Check(
        "refused-target",
        "warning",
        "Set a webhook to where this server does not go",
        "Nothing was sent: a test server calls nobody but receivers on this machine, unless its "
        "operator names others.",
        "Give the receiver an address on this machine, or name it with `--webhook-targets`.",
    ),
    Check(
        "start-taken-for-end",
        "warning",
        "Read a call at its start, and not after its end",
        "A webhook tells the start of a call as well as its end: what was read between them is not "
        "what came of the call.",
        "Tell the two apart by the status in the payload, and read the call once it has ended.",
    ),
    Check(
        "refused",
        "warning",
        "Sent invalid data",
        "A request that the vendor cannot read or finds invalid changes nothing, and the same data "
        "fails in production too.",
        "Check the data before you send them. A test that is about the refusal needs no change.",
    ),
    Check(
        "unauthenticated-receiver",
        "note",
        "Accepted a webhook with a wrong credential",
        "Whoever knows the address can send it events.",
        "Compare the credential of each delivery with the one you have set.",
    ),
    Check(
        "polls-anyway",
        "note",
        "Asked for what a webhook tells",
        "A lead was read three times without a change while a webhook for it is set; in production "
        "that uses up the quota.",
        "Wait for the webhook, and read the lead once it has come.",
    ),
    Check(
        "chosen-event",
        "note",
        "Relied on a chosen event",
        "No source says when or with which fields the vendor sends it.",
        "Compare it once with a delivery of the vendor before you rely on it.",
    ),
    Check(
        "extra-fields",
        "note",
        "Sent extra fields",
        "The vendor stores unknown fields beside the standard ones; a misspelt field ends up there "
        "and the real one keeps its value.",
        "Check that each of them is meant as your own extra data.",
    ),
    Check(
        "form-json",
        "note",
        "Sent text in a form for an object",
        "A form has a field for each key of an object, like `metadata.first_name`; text under the "
        "plain name is read as an empty object, and what it says is lost.",
        "Send JSON, or one field for each key.",
    ),
    Check(
        "form-flags",
        "note",
        "Sent a form without a flag",
        "In a form a flag that is not sent may mean false, as of a box that is not ticked; a "
        "setting of the vendor says which it is here.",
        "Send JSON, or the flag with its value.",
    ),
    Check(
        "inferred-behaviour",
        "note",
        "Relied on an inferred behaviour",
        "The vendor's documentation does not say it, and this request would have gone otherwise "
        "without it: it follows from the framework behind the API, "
        "or from plain reasoning.",
        "Try it once against the vendor before you rely on it.",
    ),
    Check(
        "chosen-behaviour",
        "note",
        "Relied on a chosen behaviour",
        "No source says what the vendor does here, and this request would have gone otherwise with "
        "the other choice; often a setting makes it.",
        "Try it once against the vendor, and run the tests with the other choice too.",
    ),
    Check(
        "general-behaviour",
        "note",
        "Relied on what every call relies on",
        "These rules decide nearly every call, so no single request shows whether they are right; "
        "docs/fidelity.md has them all.",
        "Compare one call of each operation with the vendor.",
    ),
)
"""Every check, the worst first."""


def checks_in(text: str) -> frozenset[str]:
    """The names of the checks and levels in a text that separates them by commas.

    Raises OperatorError as `selected_checks` does.
    """
    names = {name.strip() for name in text.split(",")}
    names.discard("")
    return selected_checks(names)


def selected_checks(names: Collection[str]) -> frozenset[str]:
    """The names of these checks and levels; a level includes the worse levels.

    Raises OperatorError for an unknown name; the message lists all checks and levels.
    """
    slugs = tuple(check.slug for check in CHECKS)
    unknown = sorted(set(names) - {*LEVELS, *slugs})
    if unknown:
        known = f"the levels are {', '.join(LEVELS)}, the checks {', '.join(slugs)}"
        raise OperatorError(f"{', '.join(map(repr, unknown))}: no such check or level; {known}")
    mildest = max((index for index, level in enumerate(LEVELS) if level in names), default=-1)
    return frozenset(names) | frozenset(LEVELS[: mildest + 1])
