"""What a client left to the framework when it sent an HTML form."""

from collections.abc import Iterable, Iterator

from mockserver.errors import Refusal
from mockserver.forms import Form
from mockserver.journal.bodies import form_of
from mockserver.journal.conduct.signs import Sign, answered, called, listed
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record


def careless_forms(records: Iterable[Record], directory: Directory) -> Iterator[Sign]:
    """Forms with JSON in a field, and forms without a flag that the operation sets."""
    for record, operation in answered(records, directory):
        if operation.body is None or record.status >= 400:
            continue
        form = _form(record)
        if form is None:
            continue
        fields = operation.body.reader.schema.get("properties", {})
        kinds = {name: part.get("type") for name, part in fields.items() if name in form}
        texts = [name for name, kind in kinds.items() if kind == "object" and form[name]]
        if texts:
            done = f"{called(record)} was sent text in a form for {listed('field', texts)}."
            yield Sign("form-json", record, frozenset(texts), done)
        # A partial update leaves alone whatever is not sent.
        if record.request.method != "PUT":
            continue
        flags = [name for name, part in fields.items() if part.get("type") == "boolean"]
        absent = [name for name in flags if name not in form]
        if absent:
            done = f"{called(record)} was sent a form without {listed('field', absent)}."
            yield Sign("form-flags", record, frozenset(absent), done)


def _form(record: Record) -> Form | None:
    try:
        return form_of(record.request)
    except Refusal:
        return None
