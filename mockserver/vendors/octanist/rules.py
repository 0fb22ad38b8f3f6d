"""What is known of Octanist's behaviour.

Matching rules, settings and sentences, each with how sure it is and the page it stands on.
"""

from collections.abc import Mapping
from dataclasses import replace

from mockserver.identity import email_key, phone_key
from mockserver.matching import Key, MatchingRule, Spelling
from mockserver.vendor import Behaviour, Setting, phone_region

_INTRODUCTION = "api-reference/introduction"
_AUTHENTICATION = "api-reference/authentication"
_OLD_AUTHENTICATION = "docs.octanist.com/api-reference/authentication"
_OLD_CREATE = "docs.octanist.com/api-reference/endpoint/create"
_CHECK = "api-reference/endpoint/check"
_LIST = "api-reference/endpoint/get-leads"
_GET = "api-reference/endpoint/get-lead"
_CREATE = "api-reference/endpoint/create-lead"
_UPDATE = "api-reference/endpoint/update-lead"
_STATS = "api-reference/endpoint/stats"
_FRAMEWORK = "JavaScript"


def phone_index(text: str | None, region: str) -> str | None:
    """E.164, or digits; text that has none is compared as it is."""
    return phone_key(text, region) or trimmed(text)


def trimmed(text: str | None) -> str | None:
    """The text without the white space around it; None where nothing is left."""
    return (text or "").strip() or None


_BY_NUMBER = Key(
    "phone",
    "phone",
    phone_index,
    settings=("phone_region",),
    spelling=Spelling(
        "with the setting phone_match: e164 phones are compared as E.164 numbers, those without a "
        "country code in the region of the setting phone_region",
        "chosen",
    ),
)
_BY_TEXT = Key(
    "phone",
    "exact phone",
    trimmed,
    spelling=Spelling("phones are compared trimmed", "inferred"),
    near=_BY_NUMBER,
)

BY_IDENTIFIER = MatchingRule(
    name="Lead by identifier",
    operations=("update_lead",),
    table="leads",
    keys=(
        Key("id", "id", str),
        Key(
            "email",
            "email",
            email_key,
            spelling=Spelling("e-mails are compared trimmed and in any letter case", "inferred"),
        ),
        _BY_TEXT,
    ),
    combine="first given",
    none="404 NOT_FOUND",
    several="all of them with the setting allow_bulk_updates, else 409 CONFLICT and nothing "
    "changed",
    provenance="documented",
    source=_UPDATE,
    setting="allow_bulk_updates",
)
_FALLING_THROUGH = replace(
    BY_IDENTIFIER,
    name="Lead by identifier, with the setting identifier_fallback",
    combine="first that matches",
    provenance="chosen",
)


def _with_numbers(rule: MatchingRule) -> MatchingRule:
    keys = (*rule.keys[:2], _BY_NUMBER)
    return replace(rule, name=f"{rule.name}; phone_match e164", keys=keys, provenance="chosen")


RULES: Mapping[tuple[bool, str], MatchingRule] = {
    (False, "exact"): BY_IDENTIFIER,
    (False, "e164"): _with_numbers(BY_IDENTIFIER),
    (True, "exact"): _FALLING_THROUGH,
    (True, "e164"): _with_numbers(_FALLING_THROUGH),
}
"""How an update finds its leads, by the settings identifier_fallback and phone_match."""

SETTINGS = (
    Setting(
        "allow_bulk_updates",
        False,
        "Several leads match an update: all are updated, instead of a 409.",
        "documented",
        _UPDATE,
        (False, True),
    ),
    Setting(
        "identifier_fallback",
        False,
        "An identifier that finds nothing gives way to the next one given.",
        "chosen",
        _UPDATE,
        (False, True),
    ),
    Setting(
        "phone_match",
        "exact",
        "Phones are compared as the trimmed texts, or as E.164 numbers.",
        "inferred",
        _UPDATE,
        ("exact", "e164"),
    ),
    phone_region(_UPDATE),
    Setting(
        "nulls",
        "refuse",
        "A field of a body that is null: a 400, or as if it were absent.",
        "inferred",
        _UPDATE,
        ("refuse", "absent"),
    ),
    Setting(
        "note_update",
        "replace",
        "The note of an update replaces the old one, or is put on a new line below it.",
        "inferred",
        _UPDATE,
        ("replace", "append"),
    ),
    Setting(
        "leaving_lost",
        "clear",
        "What becomes of lossReason when a lead is lost no more.",
        "chosen",
        _UPDATE,
        ("clear", "keep"),
    ),
    Setting(
        "create_status", 200, "Status of the answer to a new lead.", "inferred", _CREATE, (200, 201)
    ),
    Setting(
        "unknown_session",
        "ignore",
        "A new lead names an unknown session: the name is ignored, or a 400.",
        "chosen",
        _CREATE,
        ("ignore", "refuse"),
    ),
    Setting(
        "reject_email_domains",
        "",
        "The lead filtering rules: domains, separated by commas, whose e-mails make a new lead a "
        "403.",
        "chosen",
        _OLD_AUTHENTICATION,
    ),
    Setting(
        "unknown_parameters",
        "refuse",
        "An unknown query parameter: 400 INVALID_FILTER, or ignored.",
        "inferred",
        _LIST,
        ("refuse", "ignore"),
    ),
    Setting(
        "subscription",
        "active",
        "Without a subscription the stats have null for periodStart and periodEnd.",
        "documented",
        _STATS,
        ("active", "none"),
    ),
    Setting("leads_limit", 500, "leadsLimit of the stats.", "chosen", _STATS, least=0),
)

BEHAVIOURS = (
    Behaviour(
        "The header X-API-KEY is the credential and chooses the workspace; an empty one is "
        "missing.",
        "documented",
        _AUTHENTICATION,
    ),
    Behaviour(
        "Answers are `success`, `data` or `error`, and `meta`; only the success of check is bare.",
        "documented",
        _INTRODUCTION,
    ),
    Behaviour(
        "requestId is req_ and 12 hex digits, new for each request; timestamp has milliseconds and "
        "a Z.",
        "inferred",
        _INTRODUCTION,
    ),
    Behaviour(
        "`error.details` is always there and maps each bad field to sentences; it is empty where "
        "no field is to blame.",
        "chosen",
        _INTRODUCTION,
    ),
    Behaviour("The messages of errors.", "chosen", _INTRODUCTION),
    Behaviour(
        "Of more than 100 problems the others are counted, under `body`.", "chosen", _INTRODUCTION
    ),
    Behaviour(
        "The message of a 401 is `Invalid or missing API key`, as in the older documentation.",
        "inferred",
        _OLD_AUTHENTICATION,
    ),
    Behaviour(
        "A 400 for several reasons has the code VALIDATION_ERROR before INVALID_FILTER before "
        "INVALID_DATE.",
        "chosen",
        _INTRODUCTION,
    ),
    Behaviour(
        "A text that is no date is INVALID_DATE, a bad filter INVALID_FILTER, bad limit, page, "
        "sort and fields VALIDATION_ERROR.",
        "inferred",
        _LIST,
    ),
    Behaviour("limit and page out of range are refused, not clamped.", "chosen", _INTRODUCTION),
    Behaviour(
        "An unknown route is 404 NOT_FOUND in the envelope; a slash at the end makes a path "
        "another one.",
        "inferred",
        _INTRODUCTION,
    ),
    Behaviour(
        "A wrong method is 405 METHOD_NOT_ALLOWED with Allow, before the key is looked at.",
        "chosen",
        _INTRODUCTION,
    ),
    Behaviour("HEAD is answered like GET.", "inferred", "RFC 9110"),
    Behaviour("A body that is too large is 413 PAYLOAD_TOO_LARGE.", "chosen", _INTRODUCTION),
    Behaviour(
        "A Content-Type that is not JSON is 415 UNSUPPORTED_MEDIA_TYPE; a missing one is read as "
        "JSON.",
        "chosen",
        _INTRODUCTION,
    ),
    Behaviour("No body, and one that is no JSON, is VALIDATION_ERROR.", "documented", _STATS),
    Behaviour("A body that is not an object is VALIDATION_ERROR.", "inferred", _STATS),
    Behaviour(
        "A body that nests deeper than 128 levels is VALIDATION_ERROR, though JSON.parse has no "
        "such limit.",
        "chosen",
        _FRAMEWORK,
    ),
    Behaviour(
        "Of a body that is no JSON `details` have what JSON.parse of Node 20 says.",
        "chosen",
        _FRAMEWORK,
    ),
    Behaviour(
        "Bytes of a body that are no UTF-8 are read as U+FFFD, and a byte order mark is passed "
        "over.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "NUL characters, lone surrogates and endless numbers are refused.", "chosen", _FRAMEWORK
    ),
    Behaviour(
        "Half a surrogate pair in an answer is written as JSON.stringify of Node 20 writes it: "
        "`\\ud83d`.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Numbers are doubles: past 2**53 the nearest one is stored, and 5000.0 comes back as 5000.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour("Fields of a body that are not described are ignored.", "inferred", _CREATE),
    Behaviour(
        "No field of a body may be null, except custom, where null is nothing.", "inferred", _UPDATE
    ),
    Behaviour("The body of check is not read.", "documented", _CHECK),
    Behaviour(
        "Of several identifiers the first of id, email and phone decides; an empty one is not "
        "given.",
        "inferred",
        _UPDATE,
    ),
    Behaviour("E-mails are compared trimmed and in any letter case.", "inferred", _UPDATE),
    Behaviour(
        "Phones are compared as trimmed texts: the documentation's own example, +1234567890, is no "
        "valid number, so nothing suggests that they are parsed.",
        "inferred",
        _UPDATE,
    ),
    Behaviour(
        "Identifiers are for looking up only: an update never changes e-mail or phone.",
        "inferred",
        _UPDATE,
    ),
    Behaviour(
        "An update of an unknown lead is 404 NOT_FOUND, and creates none.", "documented", _UPDATE
    ),
    Behaviour(
        "A bulk update changes every match with one timestamp; leadId is the oldest match.",
        "chosen",
        _UPDATE,
    ),
    Behaviour("status wins over changedTo; changedTo alone is a status.", "documented", _UPDATE),
    Behaviour(
        "An unknown status in changedTo is refused, even beside a good status.", "chosen", _UPDATE
    ),
    Behaviour(
        "Statuses may follow each other in any order; open cannot be set.", "inferred", _UPDATE
    ),
    Behaviour("value may be a text and is stored as a number.", "documented", _UPDATE),
    Behaviour(
        "A text for value that is no number, thousands separators included, is refused; a negative "
        "number is not.",
        "inferred",
        _UPDATE,
    ),
    Behaviour("lossReason is stored only when the lead is lost.", "documented", _UPDATE),
    Behaviour(
        "A lead that is lost already takes a lossReason without a status.", "chosen", _UPDATE
    ),
    Behaviour(
        "qualifiedAt is set when a lead first becomes qualified or won, and stays.",
        "inferred",
        _UPDATE,
    ),
    Behaviour(
        "updatedAt moves with every update, even one that names nothing but the lead.",
        "inferred",
        _UPDATE,
    ),
    Behaviour("Won and qualified need no value.", "documented", _UPDATE),
    Behaviour("A new lead needs one of name, email, phone and custom.", "documented", _CREATE),
    Behaviour(
        "Of these an empty text, and null for custom, are as good as nothing.", "inferred", _CREATE
    ),
    Behaviour(
        "A new lead is open, from the source api, and expires 90 days after it was created.",
        "inferred",
        _GET,
    ),
    Behaviour("Every creation makes a new lead: nothing is de-duplicated.", "inferred", _CREATE),
    Behaviour(
        "custom that is no text is stored as JSON.stringify writes it.", "documented", _CREATE
    ),
    Behaviour(
        "With a sessionId the lead has that session's attribution, and that of the request is "
        "ignored.",
        "documented",
        _CREATE,
    ),
    Behaviour(
        "A lead has its session's attribution as it is when the lead is created.", "chosen", _CREATE
    ),
    Behaviour(
        "Consent may be said as `granted` and `denied`; what is not said is denied.",
        "documented",
        _OLD_CREATE,
    ),
    Behaviour("Ids are lead_ and 12 hex digits.", "chosen", _GET),
    Behaviour("Fields without a value are null; the sessionId is not shown.", "inferred", _GET),
    Behaviour(
        "dclid, wbraid, gbraid and epik are shown, after the fields of the example.",
        "inferred",
        _GET,
    ),
    Behaviour("Filters are combined with AND, and a null fits none of them.", "inferred", _LIST),
    Behaviour("Equality of texts minds the letter case.", "chosen", _LIST),
    Behaviour("exists is true for a field that is neither null nor empty.", "chosen", _LIST),
    Behaviour(
        "Dates have the forms of ECMA-262: a year, a month or a day is its first moment, 24:00 the "
        "end of a day, and a space may stand for the T. What has no offset is in UTC.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Other texts that V8 takes for dates (`Jan 1 2026`, `2026-02-30`) are none.",
        "chosen",
        _FRAMEWORK,
    ),
    Behaviour(
        "search looks for the text in name, email and phone, in any letter case.", "inferred", _LIST
    ),
    Behaviour(
        "sort takes any field of a lead, several by commas, ascending unless told otherwise; nulls "
        "come last.",
        "chosen",
        _LIST,
    ),
    Behaviour(
        "Leads that sort equal stand in the order in which they were added, newest first where the "
        "first direction is desc.",
        "chosen",
        _LIST,
    ),
    Behaviour("fields gives just those fields, in the order asked for.", "chosen", _LIST),
    Behaviour(
        "totalPages is total by limit, rounded up, 0 for no lead; hasMore while page is below it.",
        "inferred",
        _INTRODUCTION,
    ),
    Behaviour(
        "The stats count the leads created within the period, ends included.", "chosen", _STATS
    ),
    Behaviour(
        "The current period is the calendar month in UTC, the previous one the month before; dates "
        "count only when it is custom.",
        "chosen",
        _STATS,
    ),
    Behaviour("A custom period that ends before it starts has no leads.", "chosen", _STATS),
    Behaviour(
        "conversion.qualified is qualified and won leads; winRate is won by those, "
        "qualificationRate what is not open by total.",
        "inferred",
        _STATS,
    ),
    Behaviour(
        "totalValue is the sum of won values, averageValue that sum by won leads; a rate of "
        "nothing is 0.",
        "inferred",
        _STATS,
    ),
    Behaviour("bySource names only the sources that occur.", "inferred", _STATS),
    Behaviour("lockedLeads is how many leads are past leadsLimit.", "chosen", _STATS),
    Behaviour(
        "Nothing happens to a lead by itself: no calls and no webhooks are documented. An operator "
        "qualifies, wins or loses it by the control API, as an update would.",
        "chosen",
        _UPDATE,
    ),
)
