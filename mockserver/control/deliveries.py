"""Handlers for deliveries: list, read, verify and repeat them, and settle those that are held."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, long, operation, unknown
from mockserver.control.later import Underway, Unsettled
from mockserver.control.lifecycle import named_leads
from mockserver.control.requests import MOST_IN_TEXT, check_within, is_text_wanted, plain_text
from mockserver.control.webhooks import no_webhooks, vendors_with_webhooks, webhooks_of
from mockserver.errors import Problem, Refusal
from mockserver.vendor import Reply
from mockserver.webhooks.deliveries import Delivery, DeliveryLog
from mockserver.webhooks.text import MOST_LINES, delivery_lines
from mockserver.webhooks.verification import Wanted, read_wanted, verify
from mockserver.webhooks.view import delivery_view, webhook_key
from mockserver.wire import write_json
from mockserver.workspaces import Workspace

_PAGE = 100


def _check_names(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    yield from server.unknown_names(query.get("vendor"), None, "query")
    kind, key = query.get("kind"), query.get("webhook")
    if kind is not None and kind not in _kinds(server):
        yield Problem(("kind",), "value", unknown(kind, _kinds(server)), kind, None, "query")
    # A webhook that is gone may be asked for too, so only its vendor is looked at.
    vendors = [name for name, _ in vendors_with_webhooks(server)]
    if key is not None and key.partition("/")[0] not in vendors:
        known = f"like {' or '.join(f'{name}/1' for name in vendors)}"
        text = f"is {key!r}, and must be a vendor and the webhook's id, {known}"
        yield Problem(("webhook",), "value", text, key, None, "query")


def _kinds(server: Control, vendor: str | None = None) -> list[str]:
    """Every kind of webhook of every vendor, or of the one that is named."""
    with_webhooks = vendors_with_webhooks(server, vendor)
    return [kind for _, webhooks in with_webhooks for kind in webhooks.kinds]


@operation
@checked(_check_names)
def list_deliveries(call: Call, server: Control) -> Reply:
    """A page of the deliveries, oldest first; as text the newest."""
    workspace, query = server.workspace(call), call.query
    log = workspace.deliveries
    call.works_through(len(log))
    fitting = _fitting(workspace, server, query)
    if is_text_wanted(call):
        newest = list(fitting)[-MOST_IN_TEXT:]
        return plain_text(delivery_lines(newest, query.get("lines", MOST_LINES)))
    limit = query.get("limit", _PAGE)
    page = list(islice(fitting, limit + 1))
    following = page[limit - 1].number if len(page) > limit else None
    return Reply(
        {
            "deliveries": [delivery_view(each) for each in page[:limit]],
            "dropped": log.dropped,
            "last": log.last,
            "next": following,
        }
    )


def _fitting(workspace: Workspace, server: Control, query: Mapping[str, Any]) -> Iterator[Delivery]:
    leads = named_leads(workspace, server, query)
    for each in workspace.deliveries.after(query.get("after", 0)):
        key = webhook_key(each.vendor, each.webhook)
        if (
            query.get("vendor") in (None, each.vendor)
            and query.get("webhook") in (None, key)
            and query.get("kind") in (None, each.kind)
            and query.get("state") in (None, each.state)
            and (leads is None or (each.vendor, str(each.lead)) in leads)
        ):
            yield each


@operation
def get_delivery(call: Call, server: Control) -> Reply:
    """One delivery with every attempt."""
    return Reply(delivery_view(_found(call, server.workspace(call).deliveries)))


def _found(call: Call, log: DeliveryLog) -> Delivery:
    """The delivery that the path names. Raises Refusal("not_found")."""
    number = call.path_parameters["number"]
    found = log.get(number)
    if found is None:
        text = f"There is no delivery {number}."
        if 0 < number <= log.last:
            text = f"There is no delivery {number} any more: only the newest are kept."
        raise Refusal("not_found", text)
    return found


@operation
def redeliver(call: Call, server: Control) -> Reply:
    """Try a delivery once more, at once, and answer what came of it."""
    workspace = server.workspace(call)
    delivery = _found(call, workspace.deliveries)
    server.courier.redeliver(workspace, delivery)

    async def work() -> Reply:
        await server.courier.settled(workspace, [delivery.number])
        return Reply(delivery_view(workspace.deliveries.get(delivery.number) or delivery))

    return Underway(work)


def _unfit_settlement(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    if "status" in body and "error" in body:
        yield Problem(("error",), "excess", "goes not together with status")
    if "status" not in body and "error" not in body:
        yield Problem(("status",), "value", "is required, or error")


@operation
@checked(_unfit_settlement)
def settle(call: Call, server: Control) -> Reply:
    """Keep what came of a held delivery."""
    workspace, body = server.workspace(call), call.body
    delivery = _found(call, workspace.deliveries)
    if delivery.state != "held":
        raise Refusal("conflict", f"The delivery {delivery.number} is {delivery.state}, not held.")
    headers = []
    for name, value in body.get("headers", {}).items():
        headers.append(
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        )
    settled = server.courier.settle(
        workspace,
        (delivery.vendor, delivery.number),
        status=body.get("status"),
        error=body.get("error"),
        headers=tuple(headers),
        body=_raw(body.get("body")),
    )
    return Reply(delivery_view(settled))


def _raw(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode("utf-8", "replace") if isinstance(body, str) else write_json(body)


def _unfit_expectation(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    yield from check_within(body, call, server)
    filters = body.get("deliveries", ())
    if "times" in body and len(filters) > 1:
        text = "counts the deliveries of one filter, and here are several"
        yield Problem(("times",), "exclusive", text, body["times"])
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    for index, wanted in enumerate(filters):
        if isinstance(wanted, dict) and workspace is not None:
            for name, text in _unknown_values(wanted, workspace, server):
                yield Problem(("deliveries", index, name), "unknown", text, wanted[name])


def _unknown_values(
    wanted: Mapping[str, Any], workspace: Workspace, server: Control
) -> Iterator[tuple[str, str]]:
    """What of a filter no delivery can ever have."""
    vendor, kind, key = (wanted.get(name) for name in ("vendor", "kind", "webhook"))
    if isinstance(vendor, str):
        wrong = _wrong_vendor(vendor, server)
        if wrong is not None:
            yield "vendor", wrong
            return
    known = _kinds_by_webhook(workspace, server)
    if isinstance(vendor, str):
        known = {name: kinds for name, kinds in known.items() if name.startswith(f"{vendor}/")}
    if isinstance(key, str):
        if key not in known:
            yield "webhook", unknown(key, known)
            return
        kinds = known[key]
    else:
        kinds = set(_kinds(server, vendor))
    if isinstance(kind, str) and kind not in kinds:
        yield "kind", unknown(kind, kinds)


def _wrong_vendor(vendor: str, server: Control) -> str | None:
    """Why no delivery is of the vendor, or None."""
    if vendor not in server.sites:
        return unknown(vendor, server.sites)
    if webhooks_of(vendor, server) is None:
        return no_webhooks(vendor)
    return None


def _kinds_by_webhook(workspace: Workspace, server: Control) -> dict[str, set[str]]:
    """What each webhook is told of, and was: those that there are, and those with deliveries."""
    kinds: dict[str, set[str]] = {}
    for name, webhooks in vendors_with_webhooks(server):
        for webhook in webhooks.listed(workspace.transaction(name)):
            kinds.setdefault(webhook_key(name, webhook.id), set()).add(webhook.kind)
    for delivery in workspace.deliveries:
        kinds.setdefault(webhook_key(delivery.vendor, delivery.webhook), set()).add(delivery.kind)
    return kinds


@operation
@checked(_unfit_expectation)
@long
def verify_deliveries(call: Call, server: Control) -> Reply:
    """Whether the receivers got what they should have got."""
    workspace, body = server.workspace(call), call.body
    log = workspace.deliveries

    def version() -> object:
        return log.version

    known = version()
    verdict = verify(log, _wanted(workspace, server, body), body)
    content = {
        "passed": verdict.passed,
        "message": verdict.message,
        "found": verdict.found,
        "nearest": verdict.nearest,
    }
    within = body.get("within", 0)
    if within and verdict.may_change:
        return Unsettled(content, version, known, within)
    return Reply(content)


def _wanted(workspace: Workspace, server: Control, body: Mapping[str, Any]) -> list[Wanted]:
    """The filters with their matchers and leads read. Raises Refusal("invalid")."""
    filters, problems = [], []
    for index, given in enumerate(body["deliveries"]):
        leads = None
        if "lead" in given:
            query = {"lead": str(given["lead"]), "vendor": given.get("vendor")}
            leads = named_leads(workspace, server, query)
        wanted, wrong = read_wanted(given, leads, ("deliveries", index))
        filters.append(wanted)
        problems += wrong
    if problems:
        raise Refusal("invalid", problems=problems)
    return filters
