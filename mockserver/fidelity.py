"""How sure each rule is.

The provenance tables of `docs/fidelity.md`, made from the documents and the vendors' own data.
"""

from collections.abc import Iterator, Sequence

from mockserver.app import create_app
from mockserver.dispatch import Site
from mockserver.vendor import Setting

_HEAD = """# Fidelity

How far to trust a green test: every rule the server follows, with how sure it is.
This page is generated (`make fidelity`); a test holds it to the code.

| mark | meaning |
|---|---|
| `documented` | the vendor's own words |
| `client` | the vendor's SDK |
| `observed` | public client code |
| `inferred` | what the framework behind the API does, or plain reasoning |
| `chosen` | nothing says; where a user could need the other, a setting switches it |

A setting is switched in a fixture, `settings: {<vendor>: {<name>: <value>}}`, or while the
server runs ([control.md](control.md)).
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield (
            "| "
            + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row)
            + " |"
        )


def _site(site: Site) -> Iterator[str]:
    vendor, operations = site.vendor, site.document.operations
    yield from (f"## {site.document.title}", "", "### Operations", "")
    yield from _table(
        ("operation", "", "mark", "source"),
        [(f"`{o.method} {o.path}`", o.summary, f"`{o.provenance}`", o.source) for o in operations],
    )
    yield from ("", "### Answers", "")
    yield from _table(
        ("operation", "status and mark of each answer"),
        [
            (f"`{o.id}`", ", ".join(f"{a.status} `{a.provenance}`" for a in o.answers.values()))
            for o in operations
        ],
    )
    yield from ("", "### Matching", "")
    yield from _table(
        ("rule", "keys", "none matches", "several match", "mark", "source"),
        [
            (
                r.name,
                f"{r.combine}: " + ", ".join(k.field for k in r.keys),
                r.none,
                r.several,
                f"`{r.provenance}`",
                r.source,
            )
            for r in vendor.rules
        ],
    )
    yield from ("", "### Behaviour", "")
    yield from _table(
        ("rule", "mark", "source"),
        [(b.rule, f"`{b.provenance}`", b.source) for b in vendor.behaviours],
    )
    yield from ("", "### Settings", "")
    yield from _table(
        ("setting", "default", "choices", "", "mark", "source"),
        [
            (f"`{s.name}`", f"`{s.default}`", _choices(s), s.help, f"`{s.provenance}`", s.source)
            for s in vendor.settings
        ],
    )


def _choices(setting: Setting) -> str:
    return (
        f"`{setting.least}` or more"
        if setting.least is not None
        else ", ".join(f"`{value}`" for value in setting.values)
    )


def render() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD]
    for site in create_app(fixtures="empty").sites:
        lines += [*_site(site), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(), end="")
