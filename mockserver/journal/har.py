"""A journal as an HTTP archive (HAR 1.2), as browsers' developer tools and proxies read it.

Credentials taken out.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from mockserver.call import Call
from mockserver.journal.redaction import hidden_query, masked_headers
from mockserver.journal.view import instant, milliseconds, operation_of, text_of, verdict

_VERSION = "HTTP/1.1"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def har(calls: Iterable[Call], version: str) -> dict[str, Any]:
    """The calls as an archive, made by `version` of this server.

    Times are the workspace's. What the format has no member for is in `_mockserver` of an entry;
    `_encoding` of a `postData` is `base64` where the body is not UTF-8.
    """
    creator = {"name": "mockserver", "version": version}
    return {
        "log": {"version": "1.2", "creator": creator, "entries": [_entry(call) for call in calls]}
    }


def _entry(call: Call) -> dict[str, Any]:
    wait = milliseconds(call)
    return {
        "startedDateTime": instant(call.now),
        "time": wait,
        "request": _request(call),
        "response": _response(call),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "_mockserver": {
            "number": call.number,
            "vendor": call.vendor,
            "operation": operation_of(call),
            "time": instant(call.now),
            "fault": call.fault.kind.name if call.fault else None,
            "matches": [verdict(match) for match in call.matches],
        },
    }


def _request(call: Call) -> dict[str, Any]:
    headers = masked_headers(call.request.headers.items())
    raw = call.request.body
    request = {
        "method": call.request.method,
        "url": _url(call),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(_query(call), keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": -1 if raw is None else len(raw),
    }
    return request | ({"postData": _post_data(raw, headers)} if raw else {})


def _url(call: Call) -> str:
    query = _query(call)
    return (
        call.request.url.removesuffix(call.request.path)
        + call.request.raw_path
        + (f"?{query}" if query else "")
    )


def _query(call: Call) -> str:
    return hidden_query(call.request.query_string.decode("latin-1"))


def _post_data(raw: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    text, encoded = text_of(raw)
    return {"mimeType": headers.get("content-type", ""), "params": [], "text": text} | (
        {"_encoding": "base64"} if encoded else {}
    )


def _response(call: Call) -> dict[str, Any]:
    headers = masked_headers(call.answer_headers)
    text, encoded = text_of(call.answer)
    content = {"size": len(call.answer), "mimeType": headers.get("content-type", ""), "text": text}
    return {
        "status": call.status,
        "statusText": _PHRASES.get(call.status, ""),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "content": content | ({"encoding": "base64"} if encoded else {}),
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": len(call.answer),
    }


def _pairs(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in texts.items()]
