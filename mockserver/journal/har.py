"""A journal as an HTTP archive (HAR 1.2), as browsers' developer tools and proxies read it.

Credentials taken out.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from mockserver.journal.records import Record
from mockserver.journal.redaction import hidden_query, masked_headers
from mockserver.journal.view import instant, milliseconds, text_of, verdict

_VERSION = "HTTP/1.1"
PHRASES = {status.value: status.phrase for status in HTTPStatus}


def har(records: Iterable[Record], version: str) -> dict[str, Any]:
    """The records as an archive, made by `version` of this server.

    Times are the workspace's. What the format has no member for is in `_mockserver` of an entry;
    `_encoding` of a `postData` is `base64` where the body is not UTF-8.
    """
    creator = {"name": "mockserver", "version": version}
    return {
        "log": {
            "version": "1.2",
            "creator": creator,
            "entries": [_entry(record) for record in records],
        }
    }


def _entry(record: Record) -> dict[str, Any]:
    wait = milliseconds(record)
    return {
        "startedDateTime": instant(record.time),
        "time": wait,
        "request": _request(record),
        "response": _response(record),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "_mockserver": {
            "number": record.number,
            "vendor": record.vendor or None,
            "operation": record.operation,
            "time": instant(record.time),
            "fault": record.fault.name if record.fault else None,
            "matches": [verdict(match) for match in record.matches],
        },
    }


def _request(record: Record) -> dict[str, Any]:
    headers = masked_headers(record.request.headers.items())
    raw = record.request.body
    request = {
        "method": record.request.method,
        "url": _url(record),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(_query(record), keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": -1 if raw is None else len(raw),
    }
    return request | ({"postData": _post_data(raw, headers)} if raw else {})


def _url(record: Record) -> str:
    query = _query(record)
    return (
        record.request.url.removesuffix(record.request.path)
        + record.request.raw_path
        + (f"?{query}" if query else "")
    )


def _query(record: Record) -> str:
    return hidden_query(record.request.query_string.decode("latin-1"))


def _post_data(raw: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    text, encoded = text_of(raw)
    return {"mimeType": headers.get("content-type", ""), "params": [], "text": text} | (
        {"_encoding": "base64"} if encoded else {}
    )


def _response(record: Record) -> dict[str, Any]:
    headers = masked_headers(record.answer_headers)
    text, encoded = text_of(record.answer)
    content = {
        "size": len(record.answer),
        "mimeType": headers.get("content-type", ""),
        "text": text,
    }
    return {
        "status": record.status,
        "statusText": PHRASES.get(record.status, ""),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "content": content | ({"encoding": "base64"} if encoded else {}),
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": len(record.answer),
    }


def _pairs(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in texts.items()]
