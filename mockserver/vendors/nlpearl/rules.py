"""What is known of NLPearl's behaviour.

Matching rules, settings and sentences, each with how sure it is and the page it stands on.
"""

import re

from mockserver.identity import phone_key
from mockserver.matching import Key, MatchingRule, Spelling
from mockserver.vendor import Behaviour, Setting, phone_region

_ADD = "api-reference/v2/outbound/add-lead"
_ADD_MANY = "api-reference/v2/outbound/add-leads"
_UPDATE = "api-reference/v2/outbound/update-lead"
_GET = "api-reference/outbound/get-lead"
_BY_EXTERNAL_ID = "api-reference/v2/outbound/get-lead-via-external-id"
_SEARCH = "api-reference/v1/outbound/search-leads"
_DELETE = "api-reference/v2/outbound/delete-leads"
_DELETE_EXTERNAL = "api-reference/v2/outbound/delete-leads-external-id"
_PEARL = "api-reference/v2/pearl/get-pearl"
_ACTIVE = "api-reference/v2/pearl/set-activity-state"
_CALLS = "api-reference/v2/pearl/get-calls"
_ONGOING = "api-reference/v2/pearl/get-ongoing-calls"
_ANALYTICS = "api-reference/v2/pearl/get-analytics"
_OUTBOUND = "api-reference/v2/pearlFlow/update-pearl-outbound"
_CALL = "api-reference/v2/call/get-call"
_WEBHOOKS = "pages/webhooks"
_RECEIVERS = "public receivers"
_POST_CALL = "pages/postcall"
_CLIENTS = "public client code"
_AUTHORIZATION = "api-reference/authorization"
_SDK = "nlpearl 2.2.0 (PyPI)"
_FRAMEWORK = "ASP.NET Core"

_NANP = re.compile(r"\+1[2-9]\d{9}", re.ASCII)


def phone_index(text: str | None, region: str) -> str | None:
    """`phone_key` of the text.

    North American numbers in E.164 are their own key, and need no parser.
    """
    return text if text and _NANP.fullmatch(text) else phone_key(text, region)


def _key_in_pearl(pair: tuple[str, str]) -> tuple[str, str]:
    """The pair of a pearl and a key: these keys are compared as they are."""
    return pair


def _phone_in_pearl(pair: tuple[str, str], region: str) -> tuple[str, str | None]:
    pearl, phone = pair
    return pearl, phone_index(phone, region)


BY_ID = MatchingRule(
    name="Lead by id",
    operations=("get_lead", "update_lead"),
    table="leads",
    keys=(Key("leadId", "lead", _key_in_pearl),),
    combine="first given",
    none="400, or 404 by the setting not_found_status",
    several="cannot happen",
    provenance="inferred",
    source=_GET,
)
BY_EXTERNAL_ID = MatchingRule(
    name="Lead by external id",
    operations=("get_lead_by_external_id",),
    table="leads",
    keys=(Key("externalId", "external id", _key_in_pearl),),
    combine="first given",
    none="400, or 404 by the setting not_found_status",
    several="the newest created, or the oldest by the setting several_leads",
    provenance="chosen",
    source=_BY_EXTERNAL_ID,
    setting="several_leads",
)
BY_PHONE = MatchingRule(
    name="Lead by phone number",
    operations=("get_lead_by_phone_number",),
    table="leads",
    keys=(
        Key(
            "phoneNumber",
            "phone",
            _phone_in_pearl,
            settings=("phone_region",),
            columns=("pearlId", "phoneNumber"),
            spelling=Spelling(
                "phone numbers are compared in any spelling, those without a country code in the "
                "region of the setting phone_region",
                "chosen",
            ),
        ),
    ),
    combine="first given",
    none="400, or 404 by the setting not_found_status",
    several="the newest created, or the oldest by the setting several_leads",
    provenance="chosen",
    source=f"{_SDK}, outbound.py",
    setting="several_leads",
)

SETTINGS = (
    Setting(
        "not_found_status",
        400,
        "Status of the answer for an unknown pearl, lead or call.",
        "inferred",
        _GET,
        (400, 404),
    ),
    Setting(
        "unknown_pearl",
        "refuse",
        "Adding leads to an unknown pearl: refused, or creates it.",
        "inferred",
        _ADD,
        ("refuse", "create"),
    ),
    phone_region(_ADD),
    Setting(
        "failed_leads",
        "problem_details",
        "How Add Leads names the leads that failed: `errors` by place, or a list of them.",
        "chosen",
        _ADD_MANY,
        ("problem_details", "list"),
    ),
    Setting(
        "empty_leads",
        "accept",
        "Whether Add Leads takes null or no leads.",
        "chosen",
        _ADD_MANY,
        ("accept", "refuse"),
    ),
    Setting(
        "duplicate_leads",
        "accept",
        "Whether a pearl takes a second lead with the same phone number or external id.",
        "chosen",
        _ADD,
        ("accept", "refuse"),
    ),
    Setting(
        "time_zones",
        "any",
        "Which names of time zones pass: Windows only, or IANA too.",
        "inferred",
        _FRAMEWORK,
        ("any", "windows"),
    ),
    Setting(
        "call_data_update",
        "replace",
        "What becomes of callData that an update does not name: lost, or kept.",
        "inferred",
        _UPDATE,
        ("replace", "merge"),
    ),
    Setting(
        "several_leads",
        "newest",
        "Which of several leads with one external id or phone number is meant.",
        "chosen",
        _BY_EXTERNAL_ID,
        ("newest", "oldest"),
    ),
    Setting(
        "search_limit",
        100,
        "How many leads a search without a limit returns.",
        "chosen",
        f"{_SDK}, outbound.py",
        least=1,
    ),
    Setting(
        "max_calls_limit",
        100,
        "The most calls that one page of a search may have; also how many it has without a limit.",
        "observed",
        _CLIENTS,
        least=1,
    ),
    Setting(
        "max_analytics_days",
        90,
        "The most days that one request for analytics may ask for.",
        "documented",
        _ANALYTICS,
        least=1,
    ),
    Setting(
        "max_bulk_items",
        50_000,
        "The most ids that one request to delete leads may have, as Add Leads has leads.",
        "chosen",
        _DELETE,
        least=1,
    ),
    Setting(
        "delete_result",
        "any",
        "A deletion is true when any of the leads was there, or only when all were.",
        "chosen",
        _DELETE,
        ("any", "all"),
    ),
    Setting(
        "call_attempts",
        3,
        "How often a played lead is called where its pearl has no maximumCallAttempts.",
        "chosen",
        _OUTBOUND,
        least=1,
    ),
    Setting(
        "retry_interval",
        2,
        "When a played lead is called again where its pearl has no minimumRetryIntervalHours, as "
        "that enum: 1 is 6 hours, 2 a day, 3 3 days, 4 a week, 5 a month, 6 3 hours.",
        "chosen",
        _OUTBOUND,
        (1, 2, 3, 4, 5, 6),
    ),
    Setting(
        "voicemail_retry",
        "no",
        "Whether a played lead is called again after a message was left on its machine.",
        "chosen",
        _POST_CALL,
        ("no", "yes"),
    ),
    Setting(
        "limit_agents",
        "off",
        "Whether played calls beyond totalAgents at once wait in the queue (status 20).",
        "inferred",
        _OUTBOUND,
        ("off", "on"),
    ),
    Setting(
        "call_status_8",
        "canceled",
        "What status 8 of a call means: it was canceled, as documented, or, as clients have seen, "
        "also that it is queued.",
        "documented",
        _CALL,
        ("canceled", "queued"),
    ),
    Setting(
        "call_visible_after_seconds",
        0,
        "How many seconds after its start a call can be read by its id.",
        "chosen",
        _CALL,
        least=0,
    ),
    Setting(
        "webhook_enums",
        "integer",
        "How enums stand in the payloads of webhooks: as integers, as receivers see them, or by "
        "their names, as the examples of the documentation have them.",
        "observed",
        _RECEIVERS,
        ("integer", "name"),
    ),
    Setting(
        "webhook_order",
        "call_first",
        "Which webhook comes first of a call and its lead at one moment.",
        "chosen",
        _WEBHOOKS,
        ("call_first", "lead_first"),
    ),
    Setting(
        "lead_webhook_on_add",
        "off",
        "Whether the lead webhook is told of a lead that is added, too, with the status New.",
        "chosen",
        _WEBHOOKS,
        ("off", "on"),
    ),
    Setting(
        "api_changes_fire",
        "on",
        "Whether webhooks are told of what requests to the API change.",
        "chosen",
        _WEBHOOKS,
        ("on", "off"),
    ),
    Setting(
        "webhook_hosts",
        "any",
        "Which hosts a webhook may have when it is set: any, or public ones only, as the platform "
        "refuses localhost and private hosts (400, Invalid Webhook URL).",
        "chosen",
        _RECEIVERS,
        ("any", "public"),
    ),
)

BEHAVIOURS = (
    Behaviour(
        "The credential is `Authorization: Bearer <account id>:<secret>`; the account id chooses "
        "the workspace.",
        "documented",
        _AUTHORIZATION,
    ),
    Behaviour(
        "A bearer token without a colon, or with an empty part, is answered 401.",
        "observed",
        "public client code",
    ),
    Behaviour("The body of a 401 is no JSON.", "observed", "the SDK's committed test log"),
    Behaviour("The body of a 401 is empty.", "inferred", _FRAMEWORK),
    Behaviour("A 401 has the header `WWW-Authenticate: Bearer`.", "inferred", _FRAMEWORK),
    Behaviour(
        "An unknown route (404) and a wrong method (405, with Allow) are answered without a body, "
        "before the credential is looked at.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Paths and the names of JSON members match in any letter case.", "inferred", _FRAMEWORK
    ),
    Behaviour("A slash at the end of a path means nothing.", "inferred", _FRAMEWORK),
    Behaviour(
        "A path is decoded and its `.` and `..` are resolved before it is looked up; `%2F` and "
        "escapes that are no UTF-8 stay as they were sent. NUL, and bytes beyond ASCII, are "
        "answered 400 without a body.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "A path parameter of white space only is missing: 400 under its name.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour("Methods match in any letter case.", "inferred", _FRAMEWORK),
    Behaviour(
        "Members that the schema does not have are ignored; with `--strictness document` they are "
        "refused.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Numbers may be sent as texts, enums may not; 1.0 is no integer.", "inferred", _FRAMEWORK
    ),
    Behaviour(
        "A null in callData is dropped, where the framework would keep it: the document's values "
        "of callData are texts and never null.",
        "chosen",
        _UPDATE,
    ),
    Behaviour(
        "A null among the ids of a list is taken for an id that no lead has.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "A body without a Content-Type, or with one that is not JSON, or in another charset than "
        "UTF-8 and UTF-16 by their names in .NET (`utf8` is none), is answered 415. Of several "
        "media types the first counts, and a suffix counts like a subtype: `text/x+json`.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Where the framework falls over a charset without a name, or over UTF-16 that is none "
        "(500), the request is refused: 415 or 400.",
        "chosen",
        _FRAMEWORK,
    ),
    Behaviour(
        "A form that cannot be read is answered 400 under an empty key, before anything else of "
        "the request is looked at; one that can be read is answered 415.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "An answer is `text/json` where Accept wants that more than `application/json` and has "
        "no `*/*`.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "A body of more than 30,000,000 bytes is answered 413 without a body, of less where the "
        "server reads less.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour("A body that nests deeper than 32 levels is refused.", "inferred", _FRAMEWORK),
    Behaviour("A 400 is a ValidationProblemDetails.", "documented", _UPDATE),
    Behaviour(
        "Problem details have the type and title that the framework has for their status (429 has "
        "none) and a traceId, and are `application/problem+json`.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Errors are keyed `PhoneNumber`, `Leads[0].PhoneNumber`; `$.status` where a value cannot "
        "be converted.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "A body is converted as it is read: the first thing wrong in the order of the text, of "
        "syntax or of type, is the only one told, under the path where the reader is, with the "
        "line and the byte, both counted from 0. Unknown members are skipped unread.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "Where a body does convert, all annotations that it breaks are told, and rules of the "
        "handler (time zones, statuses) only when it breaks none.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "The names of action parameters and .NET types in errors are made up from the schema "
        "names.",
        "chosen",
        _FRAMEWORK,
    ),
    Behaviour(
        "Of more than 199 errors the first 199 are told, and `The input was not valid.` under "
        "an empty key.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour("NUL characters and lone surrogates are refused.", "chosen", _FRAMEWORK),
    Behaviour(
        "In place of a literal that is none at most 16 KiB of the text are shown.",
        "chosen",
        _FRAMEWORK,
    ),
    Behaviour("Adding a lead answers 200 with its id.", "documented", _ADD),
    Behaviour("A new lead has the status New.", "inferred", _ADD),
    Behaviour(
        "A new lead has no callsId, and null for lastCall, collectedData, and for callData and "
        "externalId unless given.",
        "chosen",
        _ADD,
    ),
    Behaviour(
        "A phone number may be any text but white space, and comes back as it was sent.",
        "inferred",
        _ADD,
    ),
    Behaviour(
        "A pearl created by adding leads (setting unknown_pearl) is outbound, runs, and has the "
        "zone UTC.",
        "chosen",
        _ADD,
    ),
    Behaviour("An inbound pearl takes no leads: 400.", "chosen", _ADD),
    Behaviour(
        "An unknown time zone, and an empty one, is answered 400 on TimeZoneId.", "inferred", _ADD
    ),
    Behaviour("The zone that the document calls Türkiye Standard Time passes.", "chosen", _ADD),
    Behaviour("Two zones that Windows no longer has pass.", "chosen", _ADD),
    Behaviour(
        "timeZone is the offset of the lead's zone, else of its pearl's.", "documented", _UPDATE
    ),
    Behaviour(
        "timeZone is the standard offset, whatever the season, as the text of a float: `-5.0`.",
        "inferred",
        _UPDATE,
    ),
    Behaviour("Add Leads takes at most 50,000 leads.", "documented", _ADD_MANY),
    Behaviour("Of more than 50,000 leads none is stored.", "inferred", _FRAMEWORK),
    Behaviour(
        "Add Leads answers 200 true only when every lead was added.", "documented", _ADD_MANY
    ),
    Behaviour(
        "Add Leads stores the good leads even though it answers 400 for the others.",
        "client",
        f"{_SDK}, outbound.py",
    ),
    Behaviour(
        "Add Leads names every lead that failed, whether by an annotation or by a later rule.",
        "chosen",
        _ADD_MANY,
    ),
    Behaviour(
        "Add Leads stores none where one of them cannot be converted, a number for a text say: "
        "there is no request then.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour("Ids are 24 lower-case hex digits: seconds, machine, counter.", "inferred", _UPDATE),
    Behaviour("created is UTC with up to three decimals and a Z.", "inferred", _UPDATE),
    Behaviour("An update changes only what is given.", "documented", _UPDATE),
    Behaviour(
        "In an update null means not given, and an empty text is a value.", "inferred", _UPDATE
    ),
    Behaviour("An update sets the status to 1, 10, 100, 110 or 130.", "documented", _UPDATE),
    Behaviour(
        "An update with another number for the status is refused, though the framework by itself "
        "would take it.",
        "chosen",
        _UPDATE,
    ),
    Behaviour("Any status may follow any other.", "chosen", _UPDATE),
    Behaviour(
        "A search counts all matches and returns one page of short leads.", "documented", _SEARCH
    ),
    Behaviour(
        "skip and limit below 0 are read as 0, and a limit of 0 as none given.", "chosen", _SEARCH
    ),
    Behaviour(
        "A search sorts by any field of a lead, in any letter case; by created where the field is "
        "missing or unknown.",
        "chosen",
        _SEARCH,
    ),
    Behaviour("A search without isAscending is descending.", "inferred", _SEARCH),
    Behaviour(
        "searchInput is looked for, in any letter case, within phoneNumber, externalId and the "
        "values of callData.",
        "chosen",
        _SEARCH,
    ),
    Behaviour("Null or empty statuses filter nothing.", "chosen", _SEARCH),
    Behaviour("A deletion skips unknown ids; of no ids it is false.", "chosen", _DELETE),
    Behaviour(
        "A deletion by external id takes every lead of the pearl that has it.",
        "chosen",
        _DELETE_EXTERNAL,
    ),
    Behaviour(
        "totalLeadsCompleted counts the statuses 100, 110 and 130, totalLeadsSuccess the status "
        "100.",
        "chosen",
        _PEARL,
    ),
    Behaviour(
        "isActive true makes a pearl Running (1), false Paused (2); the answer is that number.",
        "documented",
        _ACTIVE,
    ),
    Behaviour("A missing isActive is false.", "inferred", _FRAMEWORK),
    Behaviour(
        "An unknown call is answered 400 with `wrong CallId` under `validation`, or 404 by the "
        "setting not_found_status.",
        "observed",
        _CLIENTS,
    ),
    Behaviour(
        "Other rules of calls, analytics and settings that a request breaks are told under "
        "`validation` too; their words are made up.",
        "chosen",
        _CALL,
    ),
    Behaviour(
        "What was said and found out in a call is its transcript and collectedInfo, of a lead's "
        "lastCall collectedData.transcript and .collectedInfos, and collectedData of the lead.",
        "documented",
        _CALL,
    ),
    Behaviour("A call has a leadId, which is null for an inbound one.", "observed", _CLIENTS),
    Behaviour("relatedId of a call is its pearl.", "inferred", _CALL),
    Behaviour(
        "callsId of a lead has all its calls in the order in which they started, lastCall is the "
        "last of them that has ended.",
        "inferred",
        _WEBHOOKS,
    ),
    Behaviour(
        "collectedData of a lead is, unless a fixture gives it, what its last call found out, by "
        "the id of the variable, without the variables of callData.",
        "inferred",
        _UPDATE,
    ),
    Behaviour(
        "from and to of a call are the pearl's number and the lead's; an inbound pearl is called.",
        "documented",
        _CALL,
    ),
    Behaviour(
        "name of a call is the firstName and the lastName of the lead's callData.",
        "inferred",
        _CALL,
    ),
    Behaviour("The calls of a lead stay when it is deleted.", "chosen", _DELETE),
    Behaviour(
        "A search of calls needs fromDate and toDate, and takes the calls that started between "
        "them, both included.",
        "documented",
        _CALLS,
    ),
    Behaviour(
        "A date-time without an offset is in UTC, one without a time its midnight.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour(
        "statuses of a search of calls are compared with conversationStatus; of tags one is "
        "enough; searchInput is looked for, in any letter case, within from, to, name and summary.",
        "chosen",
        _CALLS,
    ),
    Behaviour(
        "A search of calls sorts by the fields of its results, in any letter case; by startTime "
        "where the field is missing or unknown.",
        "chosen",
        _CALLS,
    ),
    Behaviour(
        "totalOngoingCalls counts the calls in progress, and totalTodayCalls those that started on "
        "the present day in the pearl's zone; the numbers of a fixture are added to both.",
        "chosen",
        _PEARL,
    ),
    Behaviour("totalOnQueue is null for an outbound pearl.", "documented", _ONGOING),
    Behaviour("In analytics a missing from or to is the year 1.", "inferred", _FRAMEWORK),
    Behaviour(
        "callsStatusOverview counts calls by conversationStatus, and totalLeads the leads that "
        "were called; needFollowUp and wrongNumber are 0, as no status is known for them.",
        "chosen",
        _ANALYTICS,
    ),
    Behaviour(
        "Days and hours of analytics are those of UTC, with Sunday as day 0; a day without a call "
        "is left out.",
        "chosen",
        _ANALYTICS,
    ),
    Behaviour(
        "callsPickupRateTimeLine is the share of calls with the status Completed (null for an "
        "inbound pearl), callsSuccessRateTimeLine of those with the conversation status Success, "
        "of all that have ended.",
        "chosen",
        _ANALYTICS,
    ),
    Behaviour(
        "callsCostTimeLine is empty, and calls cost no budget: no price is known.",
        "chosen",
        _ANALYTICS,
    ),
    Behaviour(
        "callLabelCount counts calls by tag; ids and colours of tags are null.",
        "chosen",
        _ANALYTICS,
    ),
    Behaviour(
        "Outbound settings that are null are not given, but for budgetTotal, where null is no "
        "limit; an empty text or list is a value.",
        "chosen",
        _OUTBOUND,
    ),
    Behaviour(
        "budgetTotal of outbound settings may have a fraction, which a pearl does not show.",
        "inferred",
        _FRAMEWORK,
    ),
    Behaviour("An inbound pearl has no outbound settings: 400.", "chosen", _OUTBOUND),
    Behaviour(
        "A new zone of a pearl changes timeZone of its leads that have none.", "inferred", _UPDATE
    ),
    Behaviour(
        "Webhook URLs are stored as they are sent; an empty one removes the pearl's own.",
        "chosen",
        _OUTBOUND,
    ),
    Behaviour(
        "The call webhook is told of the start and of the end of every call, the lead webhook "
        "whenever a lead of an outbound pearl changes its status.",
        "documented",
        _WEBHOOKS,
    ),
    Behaviour(
        "A webhook has no event name, no event id and no signature: the start of a call has the "
        "status 3, its end another one and the same id.",
        "observed",
        _RECEIVERS,
    ),
    Behaviour(
        "A call that nobody answers has a start and an end; one that is only queued has no "
        "webhook. A lead that is not dialled has a lead webhook alone.",
        "inferred",
        _WEBHOOKS,
    ),
    Behaviour("The fields of the call payload up to collectedInfo.", "documented", _WEBHOOKS),
    Behaviour(
        "The further fields of the call payload, and those of the lead payload.",
        "observed",
        _RECEIVERS,
    ),
    Behaviour(
        "At its start a call has the duration 0, the sentiment 3 and null for what only its end "
        "tells.",
        "chosen",
        _WEBHOOKS,
    ),
    Behaviour(
        "Version 1 of a payload (the option `version` of a webhook) is version 2 with capitals at "
        "the beginning of names, and with RelatedId for a call.",
        "inferred",
        _RECEIVERS,
    ),
    Behaviour(
        "Without retries, a failed delivery is not sent again (option `retries`): sources "
        "disagree.",
        "observed",
        _RECEIVERS,
    ),
    Behaviour(
        "A null among callingHours is dropped; days and times of them are stored as they are sent.",
        "chosen",
        _OUTBOUND,
    ),
)
