"""A handler for how far to trust the server: each vendor's rules as data, with how sure each is.

`mockserver.fidelity` makes a page of the same data.
"""

from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, operation
from mockserver.dispatch import Site
from mockserver.documents.spec import DocumentedPayload, Operation
from mockserver.documents.wording import written
from mockserver.matching import MatchingRule
from mockserver.vendor import Reply, Setting

Facts = dict[str, Any]


@operation
def get_fidelity(call: Call, server: Control) -> Reply:
    """The operations, rules, behaviours, settings and outcomes of all vendors."""
    return Reply({"vendors": {name: vendor_facts(site) for name, site in server.sites.items()}})


def vendor_facts(site: Site) -> Facts:
    """What is known of a vendor, as JSON values."""
    vendor = site.vendor
    outcomes = vendor.lifecycle.built_in.values() if vendor.lifecycle is not None else ()
    return {
        "title": site.document.title,
        "operations": [_operation(each) for each in site.document.operations],
        "rules": [_rule(rule) for rule in vendor.rules],
        "behaviours": [
            {"rule": each.rule, "provenance": each.provenance, "source": each.source}
            for each in vendor.behaviours
        ],
        "settings": [setting_facts(setting) for setting in vendor.settings],
        "outcomes": [{"vendor": vendor.name} | outcome.as_json() for outcome in outcomes],
        "webhooks": [_payload(payload) for payload in site.document.webhooks.values()],
    }


def _operation(operation: Operation) -> Facts:
    return {
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "provenance": operation.provenance,
        "source": operation.source,
        "answers": [
            {"status": answer.status, "provenance": answer.provenance}
            for answer in operation.answers.values()
        ],
    }


def _payload(payload: DocumentedPayload) -> Facts:
    return {
        "name": payload.name,
        "summary": payload.summary,
        "fields": dict(payload.fields),
        "source": payload.source,
    }


def _rule(rule: MatchingRule) -> Facts:
    return {
        "name": rule.name,
        "operations": list(rule.operations),
        "keys": list(rule.key_names),
        "combine": rule.combine,
        "none": rule.none,
        "several": rule.several,
        "setting": rule.setting,
        "provenance": rule.provenance,
        "source": rule.source,
    }


def setting_facts(setting: Setting) -> Facts:
    """What is known of a setting: also, in words with values in backquotes, its choices."""
    return {
        "name": setting.name,
        "default": setting.initial,
        "values": list(setting.values),
        "choices": _choices(setting),
        "help": setting.help,
        "provenance": setting.provenance,
        "source": setting.source,
    }


def _choices(setting: Setting) -> str:
    if setting.choices:
        return setting.choices
    if isinstance(setting.default, tuple):
        fewest, most = setting.lengths
        numbers = f"{fewest} to {most} numbers"
        bounds = _range(setting)
        return f"{numbers}, each {bounds}" if bounds else numbers
    return _range(setting) or ", ".join(f"`{written(value)}`" for value in setting.values)


def _range(setting: Setting) -> str:
    """From where to where its numbers go; empty where they have no bounds."""
    if setting.least is not None and setting.most is not None:
        return f"`{setting.least}` to `{setting.most}`"
    if setting.least is not None:
        return f"`{setting.least}` or more"
    if setting.most is not None:
        return f"`{setting.most}` or less"
    return ""
