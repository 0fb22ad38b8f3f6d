"""Plain requests are read without a parser; everything else is left to one."""

from typing import Any

import pytest

from mockserver.serving.plain import plain_request

HOST = b"Host: shop\r\n"
GET = b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n"


def scope(**parts: Any) -> dict[str, Any]:
    """The scope of a GET of /a, with other parts."""
    headers = parts.pop("headers", ((b"host", b"shop"),))
    usual = {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "path": "/a",
        "raw_path": None,
        "query_string": b"",
    }
    return usual | {"headers": headers, "header_set": dict(headers)} | parts


@pytest.mark.parametrize(
    ("data", "expected", "body", "rest"),
    [
        pytest.param(GET, scope(), b"", b"", id="a GET"),
        pytest.param(GET + GET, scope(), b"", GET, id="the first of two"),
        pytest.param(
            b"PUT /%C3%A9/b?q=%20&r HTTP/1.1\r\nHost:shop\r\ncontent-LENGTH: 2 \r\n\r\n{}rest",
            scope(
                method="PUT",
                path="/é/b",
                raw_path=b"/%C3%A9/b",
                query_string=b"q=%20&r",
                headers=((b"host", b"shop"), (b"content-length", b"2")),
            ),
            b"{}",
            b"rest",
            id="a body, escapes and a query",
        ),
        pytest.param(
            b"GET /a HTTP/1.1\r\nHost: shop\r\nUpgrade: h2c\r\n\r\n",
            scope(headers=((b"host", b"shop"), (b"upgrade", b"h2c"))),
            b"",
            b"",
            id="the offer of HTTP/2 that Java makes",
        ),
    ],
)
def test_a_plain_request_is_read(
    data: bytes, expected: dict[str, Any], body: bytes, rest: bytes
) -> None:
    for _ in range(2):  # the second time its header lines are known
        request = plain_request(data)
        assert request is not None
        assert (request.scope, request.body, data[request.end :]) == (expected, body, rest)
        assert request.scope["header_set"].size == sum(
            len(name) + len(value) for name, value in expected["headers"]
        )


@pytest.mark.parametrize(
    ("connection", "is_last"),
    [(b"close", True), (b"Keep-Alive, CLOSE", True), (b"keep-alive", False)],
)
def test_the_last_request_says_so(connection: bytes, is_last: bool) -> None:
    data = b"GET /a HTTP/1.1\r\n" + HOST + b"Connection: " + connection + b"\r\n\r\n"
    request = plain_request(data)
    assert request is not None
    assert request.is_last is is_last


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /a HT", id="half a line"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost: sh", id="half a head"),
        pytest.param(
            b"PUT /a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\n{}", id="half a body"
        ),
        pytest.param(b"GET /a HTTP/1.1\r\n\r\n", id="no host"),
        pytest.param(b"GET /a HTTP/1.1\r\n" + HOST + HOST + b"\r\n", id="a header twice"),
        pytest.param(b"GET /a HTTP/1.0\r\n" + HOST + b"\r\n", id="an older version"),
        pytest.param(b"BREW /a HTTP/1.1\r\n" + HOST + b"\r\n", id="another method"),
        pytest.param(b"get /a HTTP/1.1\r\n" + HOST + b"\r\n", id="a method in small letters"),
        pytest.param(b"GET http://shop/a HTTP/1.1\r\n" + HOST + b"\r\n", id="an absolute target"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", id="the whole server"),
        pytest.param(b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", id="a fragment"),
        pytest.param(b"GET  /a HTTP/1.1\r\n" + HOST + b"\r\n", id="two spaces"),
        pytest.param(b"GET /a\tb HTTP/1.1\r\n" + HOST + b"\r\n", id="a tab in the path"),
        pytest.param("GET /é HTTP/1.1\r\n".encode() + HOST + b"\r\n", id="a path beyond ASCII"),
        pytest.param(GET.replace(b"\r\n", b"\n"), id="lines that end otherwise"),
        pytest.param(b"GET /a HTTP/1.1\r\n" + HOST + b" folded\r\n\r\n", id="a folded line"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost : shop\r\n\r\n", id="a space before the colon"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost: a\0b\r\n\r\n", id="a NUL"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", id="a bare line feed"),
        pytest.param(
            b"PUT /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="chunks",
        ),
        pytest.param(
            b"PUT /a HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n\r\n", id="an expectation"
        ),
        pytest.param(
            b"GET /a HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\n\r\n", id="another protocol"
        ),
        pytest.param(b"PUT /a HTTP/1.1\r\n" + HOST + b"Content-Length: +2\r\n\r\n{}", id="a sign"),
        pytest.param(
            b"PUT /a HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000,
            id="a large body",
        ),
        pytest.param(
            b"GET /a HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 9000 + b"\r\n\r\n", id="a large head"
        ),
    ],
)
def test_what_is_not_plain_is_left_to_a_parser(data: bytes) -> None:
    assert plain_request(data) is None
