"""What is known of Sela's behaviour.

Matching rules, settings and sentences, each with how sure it is and the page it stands on.
"""

from mockserver.dialects.django_versions import NEWER, OLDER
from mockserver.identity import email_key, phone_key
from mockserver.matching import Key, MatchingRule, Spelling
from mockserver.vendor import Behaviour, Setting, phone_region

_INTRO = "introduction"
_UPDATE_PAGE = "leads/update-a-lead-with-phone-email-match"
_CREATE_PAGE = "leads/create-a-lead"
_BULK_PAGE = "leads/bulk-create-leads"
_WEBHOOK = "webhooks/retrieve-a-webhook"
_INGESTION_POST = "lead-ingestion/create-a-lead-from-a-custom-payload"
_INGESTION_PUT = "lead-ingestion/create-or-update-a-lead-from-a-custom-payload"


def _pair(values: tuple[str | None, str | None], region: str) -> tuple[str | None, str | None]:
    phone, email = values
    return phone_key(phone, region), email_key(email)


_SAME_NUMBER = Spelling(
    "phone numbers are compared as E.164, those without a country code in the region of the "
    "setting phone_region",
    "chosen",
)
_SAME_ADDRESS = Spelling("e-mail addresses are compared without regard to case", "chosen")
_PHONE = Key("phone_number", "phone", phone_key, ("phone_region",), spelling=_SAME_NUMBER)
_EMAIL = Key("email", "email", email_key, spelling=_SAME_ADDRESS)

UPDATE = MatchingRule(
    "update",
    ("leads_update_update",),
    "leads",
    (_PHONE, _EMAIL),
    "all given",
    none="404 (setting `no_match_status`)",
    several="the one added last (setting `several_matches`)",
    provenance="documented",
    source=_UPDATE_PAGE,
    setting="several_matches",
)
DUPLICATE = MatchingRule(
    "duplicate",
    ("leads_create", "leads_bulk_create_create", "lead_ingestion_create"),
    "leads",
    (
        Key(
            "phone_number and email",
            "pair",
            _pair,
            ("phone_region",),
            ("phone_number", "email"),
            Spelling(
                "phone numbers are compared as E.164, those without a country code in the region "
                "of the setting phone_region, and e-mail addresses without regard to case",
                "chosen",
            ),
        ),
    ),
    "all given",
    none="a new lead",
    several="the one added last; `min_reengagement_days` decides between re-engagement and refusal",
    provenance="documented",
    source=_INTRO,
)
INGESTION = MatchingRule(
    "ingestion",
    ("lead_ingestion_update",),
    "leads",
    (Key("external_id", "external_id", str), _PHONE, _EMAIL),
    "first that matches",
    none="a new lead, 201",
    several="the one added last (setting `several_matches`)",
    provenance="documented",
    source=_INGESTION_PUT,
    setting="several_matches",
)

REMOVED = {"not_found_wording": "framework_version"}
"""Settings of earlier versions, and those that take their place."""

ZONES = ("America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "UTC")

SETTINGS = (
    Setting(
        "create_status",
        201,
        "Status of the answer to a new lead.",
        "inferred",
        _CREATE_PAGE,
        (201, 200),
    ),
    Setting(
        "new_lead_status",
        "by lead type",
        "Status of a new lead; `by lead type` is OPEN where the lead type calls out, else NEW.",
        "chosen",
        _CREATE_PAGE,
        ("by lead type", "NEW", "OPEN"),
    ),
    Setting(
        "duplicate",
        "refuse",
        "A duplicate that is not re-engaged: `refuse` answers 400, `existing` answers 200 with the "
        "lead there is.",
        "chosen",
        _INTRO,
        ("refuse", "existing"),
    ),
    Setting(
        "reengagement_status",
        200,
        "Status of the answer that has the re-engaged lead.",
        "chosen",
        _INTRO,
        (200, 201),
    ),
    Setting(
        "several_matches",
        "newest",
        "Several leads match an update: `newest` changes the one added last, `refuse` answers 400.",
        "chosen",
        _UPDATE_PAGE,
        ("newest", "refuse"),
    ),
    Setting(
        "no_match_status",
        404,
        "Status where no lead matches an update.",
        "inferred",
        _UPDATE_PAGE,
        (404, 400),
    ),
    Setting(
        "framework_version",
        NEWER,
        "`django-5.2` has Django REST framework 3.18, `django-4.2` has 3.14: that one says Not "
        "found. without the model's name, refuses `tRuE`, and has no page where `?page=` is empty.",
        "inferred",
        "leads/retrieve-a-lead",
        (NEWER, OLDER),
    ),
    Setting(
        "data_upload_limit",
        0,
        "Bytes of a body, files aside, past which the answer is the framework's 400 with an HTML "
        "page; 0: no limit. A new Django project has 2621440.",
        "chosen",
        _UPDATE_PAGE,
        least=0,
    ),
    Setting(
        "form_dnc",
        "keep",
        "A form without sms_dnc or call_dnc, sent to PUT /api/leads/update/: `keep` leaves the "
        "flag as it is, as the vendor says of LOST; `false` sets it to false, as the framework "
        "does.",
        "chosen",
        _UPDATE_PAGE,
        ("keep", "false"),
    ),
    Setting(
        "metadata_update",
        "merge",
        "New metadata on an update: `merge` puts it over the old, `replace` drops the old.",
        "chosen",
        _UPDATE_PAGE,
        ("merge", "replace"),
    ),
    Setting(
        "international_phones",
        "accept",
        "Valid phone numbers outside +1: `accept` or `refuse`.",
        "chosen",
        _UPDATE_PAGE,
        ("accept", "refuse"),
    ),
    phone_region(_UPDATE_PAGE),
    Setting(
        "unknown_references",
        "refuse",
        "Ids of lead types and representatives that do not exist: `refuse` or `accept`.",
        "inferred",
        _UPDATE_PAGE,
        ("refuse", "accept"),
    ),
    Setting(
        "ingestion_duplicate",
        "refuse",
        "A duplicate in an ingestion POST: `refuse` treats it as POST /api/leads/ does, `create` "
        "makes a second lead.",
        "chosen",
        _INGESTION_POST,
        ("refuse", "create"),
    ),
    Setting(
        "list_order",
        "newest",
        "Which leads come first in the list.",
        "chosen",
        "leads/list-leads",
        ("newest", "oldest"),
    ),
    Setting(
        "page_size",
        100,
        "Entries on a page where the request names no number.",
        "chosen",
        "leads/list-leads",
        least=1,
    ),
    Setting(
        "max_page_size",
        1000,
        "The most entries a page can be asked to have.",
        "chosen",
        "leads/list-leads",
        least=1,
    ),
    Setting(
        "max_bulk_items",
        50_000,
        "The most leads that one bulk request may have.",
        "chosen",
        _BULK_PAGE,
        least=1,
    ),
    Setting(
        "time_zone",
        ZONES[0],
        "Zone of the times in answers.",
        "inferred",
        "leads/retrieve-a-lead",
        ZONES,
    ),
    Setting(
        "call_schedule",
        (0, 10_800, 21_600, 86_400, 86_400, 172_800),
        "When a played lead is called: seconds, each from the moment at which the call before fell "
        "due. After the last of them its status is SCHEDULE_COMPLETED.",
        "chosen",
        _CREATE_PAGE,
        least=0,
        most=31_536_000,
    ),
    Setting(
        "calling_hours",
        "08:00-21:00",
        "Between which hours played leads are called, in the zone of their us_state, else of their "
        "phone number, else of the account; `off`: at any hour.",
        "chosen",
        "47 CFR 64.1200(c)(1)",
        choices="hours like 08:00-21:00 or 22:00-06:00, or off",
        pattern=r"off|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d",
    ),
    Setting(
        "callback_after_seconds",
        86_400,
        "How many seconds later a person wants to be called who asked for a callback, where the "
        "test does not say when.",
        "chosen",
        _WEBHOOK,
        least=1,
        most=31_536_000,
    ),
    Setting(
        "unchanged_update",
        "silent",
        "Whether an update that changes nothing but modified_time makes the event LEAD_UPDATED.",
        "chosen",
        _WEBHOOK,
        ("silent", "event"),
    ),
    Setting(
        "api_changes_fire",
        "on",
        "Whether webhooks are told of what requests to the API change.",
        "inferred",
        _INTRO,
        ("on", "off"),
    ),
)

BEHAVIOURS = (
    Behaviour(
        "Every path ends with a slash; a request without it gets 301 to the path with it.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "A missing, malformed or refused token is 401 with `WWW-Authenticate: Token`; the word "
        "Token may be in any letter case.",
        "inferred",
        _INTRO,
    ),
    Behaviour(
        "A lead or configuration that is not there is told before anything that is wrong with the "
        "body.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "Problems with several fields come together, in one object from field to messages.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        'Values are read as the framework reads them: numbers as text, "12" as a number, "true" as '
        "a boolean, texts trimmed.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "A form is read in the encoding that its Content-Type names, else as UTF-8; bytes that are "
        "not in it are replaced. A multipart part without a name is no field; of a text and a file "
        "of one name the file counts; more than 1,000 fields are 400.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "`metadata` is a dictionary field: a form writes it as `metadata.first_name=Ada`. JSON "
        "text under the plain name `metadata` in a form is an empty dictionary.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour("A file in a form for `metadata` is left out.", "chosen", _UPDATE_PAGE),
    Behaviour(
        "Of more than 100 problems the others are counted, under `non_field_errors`.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour("JSON that nests deeper than 128 levels is 400.", "chosen", _UPDATE_PAGE),
    Behaviour(
        "NUL, lone surrogates and numbers that are not finite are 400 in every text and name: "
        "nothing is half stored.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "A body is read in UTF-8, UTF-16, UTF-32, ASCII, ISO 8859 and Windows 125x. Any other "
        "charset is refused as one that the framework does not have: to read some takes time that "
        "grows with the square of the length.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "A request on which the framework itself breaks with 500 is refused with 400 or 404, or "
        "read without the part that breaks it.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "Every answer has the security headers of a new Django project. JSON is indented where the "
        "Accept header asks for that; U+2028 and U+2029 are escaped.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "Times are printed in the zone of the account, also those that were stored before the "
        "setting `time_zone` changed; a whole second has no fraction, and UTC is `Z`.",
        "inferred",
        "leads/retrieve-a-lead",
    ),
    Behaviour(
        "A time whose offset in the zone has seconds, as before 1900, is printed in UTC: RFC 3339 "
        "cannot write such an offset.",
        "chosen",
        "leads/retrieve-a-lead",
    ),
    Behaviour(
        "OPTIONS names the view (Lead List, Lead Instance; Update and Bulk create for these two) "
        "and the fields of POST and PUT.",
        "inferred",
        "leads/list-leads",
    ),
    Behaviour(
        "An id has no dot and no slash: such a path is Django's 404 page, before the credential. "
        "`%2F` in a path is a slash.",
        "inferred",
        "leads/retrieve-a-lead",
    ),
    Behaviour("The answer to a new webhook has its `url` as Location.", "inferred", "webhook"),
    Behaviour(
        "`?format=json` is taken; any other format is 404 Not found.", "inferred", _UPDATE_PAGE
    ),
    Behaviour(
        "A field that an update does not send stays as it was, in forms too (setting `form_dnc`).",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "Read-only fields that are sent are ignored, and so are status, status_detail, sms_dnc and "
        "call_dnc when a lead is created.",
        "inferred",
        _CREATE_PAGE,
    ),
    Behaviour(
        "Keys that are no standard lead fields are stored in metadata.", "documented", _INTRO
    ),
    Behaviour(
        "Such a key is stored over one of the same name inside `metadata`.", "chosen", _INTRO
    ),
    Behaviour("`metadata: null` on an update empties it.", "chosen", _UPDATE_PAGE),
    Behaviour(
        "Phone numbers are read in E.164 or US notation (setting phone_region) and come back as "
        "E.164.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "Phone numbers are compared as E.164, e-mail addresses without regard to case.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "An empty e-mail address is null; an empty external_id, lead_source, us_state or "
        "status_detail stays empty.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "An e-mail address that is empty or null is not given to PUT /api/leads/update/: the phone "
        "number alone matches and the address "
        "stays.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "E-mail addresses and URLs are those that Django 5 takes, so `ada@localhost` and `ftp://` "
        "too; `{{variables}}` may stand in the "
        "path of a webhook.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "external_id is stored by an update and never matched by it.", "inferred", _UPDATE_PAGE
    ),
    Behaviour("LOST leaves sms_dnc and call_dnc as they are.", "documented", _UPDATE_PAGE),
    Behaviour(
        "Every other status leaves sms_dnc and call_dnc as they are, too.", "inferred", _UPDATE_PAGE
    ),
    Behaviour(
        "A closing status, call_dnc set to true, and a lead type that does not call out empty "
        "next_call_time and its reason; a call_schedule_start_time after next_call_time moves it.",
        "inferred",
        _UPDATE_PAGE,
    ),
    Behaviour("A change of status through the API empties status_reason.", "chosen", _UPDATE_PAGE),
    Behaviour(
        "A new lead of a lead type that calls out is called now, or at a later "
        "call_schedule_start_time, for the reason FIRST_CALL.",
        "inferred",
        _CREATE_PAGE,
    ),
    Behaviour(
        "A duplicate has the same combination of phone number and e-mail address, no address being "
        "equal to no address.",
        "inferred",
        _INTRO,
    ),
    Behaviour(
        "A duplicate is re-engaged where min_reengagement_days is given and so many days have "
        "passed since the lead was received or last "
        "re-engaged.",
        "inferred",
        _INTRO,
    ),
    Behaviour(
        "A re-engagement counts up reengagements_count, sets last_reengagement_time, status OPEN "
        "and status_reason REENGAGEMENT, plans a "
        "call for the reason NEXT_AVAILABLE_SLOT unless call_dnc is set or the lead type does not "
        "call out, and takes over the fields sent; metadata is merged.",
        "inferred",
        _INTRO,
    ),
    Behaviour("min_reengagement_days is used and not stored.", "inferred", _INTRO),
    Behaviour(
        "Bulk results keep the order of the request and say of each item what became of it.",
        "documented",
        _BULK_PAGE,
    ),
    Behaviour(
        "A bad bulk item fails alone; a duplicate, of an earlier item too, is an error.",
        "inferred",
        _BULK_PAGE,
    ),
    Behaviour(
        "In a form, `leads[0]phone_number` is a field of the first bulk item; without such fields "
        "there are no leads.",
        "inferred",
        _BULK_PAGE,
    ),
    Behaviour(
        "An ingestion URL asks for a token if its configuration says so.",
        "documented",
        _INGESTION_POST,
    ),
    Behaviour(
        "The ingestion endpoints are at /api/lead-ingestion/{uuid}/; keys that are not mapped are "
        "read as if they had been sent to POST "
        "/api/leads/.",
        "inferred",
        _INGESTION_POST,
    ),
    Behaviour(
        "What the field mapping leaves empty is not stored in metadata.", "chosen", _INGESTION_POST
    ),
    Behaviour(
        "A new lead of an ingestion has the configuration's lead type where the payload names "
        "none; a lead that a PUT matches keeps its own.",
        "documented",
        _INGESTION_PUT,
    ),
    Behaviour(
        "An ingestion PUT may also set status, status_detail, sms_dnc and call_dnc of a lead that "
        "it matches.",
        "chosen",
        _INGESTION_PUT,
    ),
    Behaviour(
        "Pages past the end, or no number, are 404 Invalid page; `page=last` is the last one; a "
        "bad page_size is the default.",
        "inferred",
        "lead-types/list-lead-types",
    ),
    Behaviour(
        "`search` looks in the names of the lead types, in any letter case.",
        "documented",
        "lead-types/list-lead-types",
    ),
    Behaviour(
        "Every word of `search` must be there; words in quotes stay together, and a null character "
        "is 400.",
        "inferred",
        "lead-types/list-lead-types",
    ),
    Behaviour("The trigger of a webhook is CALL_COMPLETE where none is sent.", "chosen", "webhook"),
    Behaviour(
        "The payload of a webhook is a flat lead, the same for every trigger, with call_count and "
        "last_chat, and without status_detail and representative.",
        "documented",
        "webhook",
    ),
    Behaviour(
        "Times in a payload have six decimals and the account's offset; next_call_time is in UTC, "
        "in whole seconds, with +00:00.",
        "inferred",
        "webhook",
    ),
    Behaviour(
        "sms_dnc and call_dnc of a payload are null until somebody sets them: the documentation's "
        "sample has null, the API a boolean.",
        "inferred",
        "webhook",
    ),
    Behaviour(
        "last_chat of a payload is empty: nothing is known of its fields. It is that of the last "
        "call that has one, by a fixture, an outcome or a test.",
        "chosen",
        "webhook",
    ),
    Behaviour(
        "LEAD_BEFORE_REENGAGEMENT shows the lead as it was, and BEFORE_CALLING the call_count "
        "before the call; every other payload shows the lead as it is after all of its change.",
        "inferred",
        _WEBHOOK,
    ),
    Behaviour(
        "`{{id}}` and `{{metadata.city}}` in the URL of a webhook stand for values of the payload.",
        "documented",
        _WEBHOOK,
    ),
    Behaviour(
        "The values of placeholders are percent-encoded; one that is missing or null is empty, an "
        "object or a list is JSON. They may stand in path and query: in another part of a URL they "
        "are refused as no valid URL, also where the framework takes them (user and password).",
        "chosen",
        _WEBHOOK,
    ),
    Behaviour(
        "filter_condition is stored and not evaluated: everything passes.", "chosen", _WEBHOOK
    ),
    Behaviour("Failed deliveries are not sent again (option `retries`).", "chosen", _WEBHOOK),
    Behaviour(
        "An event has the trigger of its change: a lead that is created (LEAD_CREATED) or changes "
        "(LEAD_UPDATED, beside any other), a status that has a trigger of its own, a flag that "
        "turns true, a re-engagement (LEAD_BEFORE_REENGAGEMENT and LEAD_REENGAGEMENT).",
        "inferred",
        _WEBHOOK,
    ),
    Behaviour(
        "A played call is whole at one moment. Its triggers come in this order: BEFORE_CALLING, "
        "CALL_TRANSFER_INITIATED, CALL_FAILED or CALL_ENDED, CALL_COMPLETE, that of the status, "
        "SMS_DNC, CALL_DNC, LEAD_UPDATED.",
        "chosen",
        _WEBHOOK,
    ),
    Behaviour(
        "The number of a lead's calls (call_count) is raised when a call ends, and counts calls "
        "in both directions.",
        "inferred",
        _WEBHOOK,
    ),
    Behaviour(
        "A played lead shows its plan: next_call_time is the moment of its due step, in whole "
        "seconds. A later call_schedule_start_time, a state or a phone number moves both.",
        "chosen",
        _CREATE_PAGE,
    ),
    Behaviour(
        "A closing status, call_dnc, and a lead type that does not call out remove the planned "
        "call; a played lead without a lead type is called.",
        "chosen",
        _CREATE_PAGE,
    ),
    Behaviour(
        "A re-engagement begins the call schedule of a played lead anew; its story goes on where "
        "it was.",
        "inferred",
        _INTRO,
    ),
    Behaviour(
        "A played lead that is open again, or may be called again, is called again: after the gap "
        "of the schedule since its last call.",
        "chosen",
        _UPDATE_PAGE,
    ),
    Behaviour(
        "A person's zone is that of most people of the us_state. A phone number that may be in "
        "several zones has the account's, where that is one of them.",
        "chosen",
        _CREATE_PAGE,
    ),
    Behaviour(
        "A callback that a person asked for is made beyond the end of the schedule, too.",
        "chosen",
        _WEBHOOK,
    ),
    Behaviour(
        "No call is late by itself: LEAD_LATE_CALLBACK comes of the outcome late_callback only.",
        "chosen",
        _WEBHOOK,
    ),
)
