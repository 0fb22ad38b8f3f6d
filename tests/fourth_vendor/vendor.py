"""Acme Contacts: one account's contacts, found by their e-mail addresses."""

from datetime import datetime
from types import MappingProxyType
from typing import Any

from mockserver.call import Call
from mockserver.collection import find_or_refuse, new_id, page, page_count
from mockserver.credential import Credential
from mockserver.dialects.plain_json import STATUSES, PlainJson
from mockserver.errors import Refusal
from mockserver.identity import email_key
from mockserver.matching import Key, MatchingRule, find
from mockserver.sections import ID, NOW, TEXT_OR_NULL, TIME, Section, SectionTable
from mockserver.state.changes import Row
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Behaviour, Reply, Setting, Vendor


class AcmeJson(PlainJson):
    """Plain JSON that refuses a bad value with 422, and lists errors (`errors`)."""

    statuses = MappingProxyType({**STATUSES, "invalid": 422})

    def error(self, refusal: Refusal, call: Call) -> Any:
        """A list with each field and what is wrong with it; `null` is the request as a whole."""
        errors: list[dict[str, Any]] = []
        for field, messages in self.fields(refusal.problems).items():
            errors += [{"field": field, "message": message} for message in messages]
        if not errors:
            errors = [{"field": None, "message": self.sentence(refusal, call)}]
        return {"errors": errors}


def instant(moment: datetime) -> str:
    """A moment in UTC as the API writes it: to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


CONTACT: Row = {
    "id": 0,
    "email": "",
    "name": None,
    "phone": None,
    "status": "lead",
    "created_at": NOW,
}
"""A contact as it is stored and answered, with the value of each field that nobody gave."""

BY_EMAIL = MatchingRule(
    name="Contact by e-mail",
    operations=("update_contact",),
    table="leads",
    keys=(Key("email", "email", email_key),),
    combine="first given",
    none="404",
    several="the oldest",
    provenance="documented",
    source="contacts/update",
)

vendor = Vendor(
    name="acme",
    dialect=AcmeJson(),
    credential=Credential("api_key", "query"),
    # The control API shows the table `leads` of every vendor.
    tables=(TableSpec("leads", {"email": Index("email", email_key)}),),
    section=Section(
        (
            SectionTable(
                "leads",
                {
                    "id": ID,
                    "email": {"type": "string", "format": "email"},
                    "name": TEXT_OR_NULL,
                    "phone": TEXT_OR_NULL,
                    "status": {"enum": ["lead", "customer"]},
                    "created_at": TIME,
                },
                required=("email",),
                defaults=CONTACT,
                times={"created_at": instant},
            ),
        )
    ),
    settings=(
        Setting(
            "duplicates",
            "refuse",
            "A new contact whose e-mail address is there already: refused with 409, or stored too.",
            "chosen",
            "contacts/create",
            ("refuse", "store"),
        ),
    ),
    rules=(BY_EMAIL,),
    behaviours=(
        Behaviour("The id of a deleted contact is not used again.", "inferred", "contacts/delete"),
    ),
    curl="curl '{url}/contacts?api_key=demo'",
)


@vendor.operation
def list_contacts(call: Call, tx: Transaction) -> Reply:
    """GET /contacts: a page, oldest first (`contacts/list`)."""
    number, size = call.query.get("page", 1), call.query.get("per_page", 20)
    rows = [*tx.rows("leads")]
    contacts = page(rows, number, size)
    return Reply({"contacts": contacts, "page": number, "pages": page_count(len(rows), size)})


@vendor.operation
def create_contact(call: Call, tx: Transaction) -> Reply:
    """POST /contacts: an e-mail address is there once, unless a setting says otherwise."""
    key = email_key(call.body["email"])
    if call.settings["duplicates"] == "refuse" and tx.find("leads", "email", key):
        raise Refusal("conflict", "There is a contact with this e-mail address")
    added = {"id": new_id(tx, "leads", int), "created_at": instant(call.now)}
    return Reply(tx.put("leads", CONTACT | call.body | added), 201)


@vendor.operation
def update_contact(call: Call, tx: Transaction) -> Reply:
    """PUT /contacts: the contact with this e-mail address (`contacts/update`)."""
    match = find(BY_EMAIL, call.body, tx)
    if not match.rows:
        raise Refusal("not_found", "There is no contact with this e-mail address")
    # The address only finds the contact: it stays as it was written first.
    changes = {name: value for name, value in call.body.items() if name != "email"}
    return Reply(tx.put("leads", match.rows[0] | changes))


@vendor.operation
def get_contact(call: Call, tx: Transaction) -> Reply:
    """GET /contacts/{id}."""
    return Reply(find_or_refuse(tx, "leads", call.path_parameters["id"]))


@vendor.operation
def delete_contact(call: Call, tx: Transaction) -> Reply:
    """DELETE /contacts/{id}: answers the contact as it was (`contacts/delete`)."""
    contact = find_or_refuse(tx, "leads", call.path_parameters["id"])
    tx.delete("leads", contact["id"])
    return Reply(contact)
