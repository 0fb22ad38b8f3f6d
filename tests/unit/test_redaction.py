"""What is told of a request shows no secret, and does a terminal no harm."""

import pytest

from mockserver.call import Request
from mockserver.credential import Credential
from mockserver.journal.redaction import (
    HEADERS,
    PARAMETERS,
    hidden_link,
    hidden_query,
    hidden_target,
    hide,
    masked,
    masked_headers,
    masked_parameters,
    printable,
    printable_lines,
    secret_headers,
)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        pytest.param("authorization", "Token sk-123", "Token ***", id="a token keeps its scheme"),
        pytest.param("authorization", "bearer demo:secret", "bearer ***", id="a bearer too"),
        pytest.param("authorization", "sk-123", "***", id="one word is no scheme"),
        pytest.param("authorization", "sk-123 rest", "***", id="a word with digits is none either"),
        pytest.param("authorization", "KEY foo", "***", id="nor is one that nobody knows"),
        pytest.param("authorization", "Bearer", "***", id="a scheme alone may be a key"),
        pytest.param("authorization", "", "***", id="an empty one"),
        pytest.param("proxy-authorization", "Basic dTpw", "Basic ***", id="for a proxy"),
        pytest.param("x-api-key", "Basic key", "***", id="of a key nothing is shown"),
        pytest.param("X_Api_Key", "key", "***", id="however it is spelled"),
        pytest.param("cookie", "a=1; b=2", "***", id="nor of cookies"),
        pytest.param("accept", "text/html, */*", "text/html, */*", id="anything else stands"),
        pytest.param("location", "/a/?token=x&b=1#c", "/a/?token=***&b=1#c", id="an address"),
    ],
)
def test_a_header_shows_no_secret(name: str, value: str, text: str) -> None:
    assert masked(name, value) == text


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_every_secret_header_is_hidden(name: str) -> None:
    assert "s3cret" not in str(masked_headers([(name.encode(), b"Unknown s3cret")]))


def test_headers_of_one_name_stand_together() -> None:
    headers = (
        (b"Vary", b"accept"),
        (b"vary", b"cookie"),
        (b"x-latin", b"\xe9"),
        (b"Cookie", b"a"),
        (b"cookie", b"b"),
    )
    assert masked_headers(headers) == {"vary": "accept, cookie", "x-latin": "é", "cookie": "***"}


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_secret_parameter_is_hidden(name: str) -> None:
    sent = f"a=1&{name.upper().replace('-', '_')}=s3cret"
    assert "s3cret" not in hidden_query(sent)
    assert masked_parameters({"a": "1", name: "s3cret"}) == {"a": "1", name: "***"}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("a=1&&b", "a=1&&b", id="as it was sent"),
        pytest.param("api%5Fkey=x%3D&q=%20", "api%5Fkey=***&q=%20", id="escapes"),
        pytest.param("token=a=b&token", "token=***&token", id="all of the value"),
        pytest.param("token=", "token=", id="no value"),
        pytest.param("keyboard=1&code=2", "keyboard=1&code=2", id="other names"),
    ],
)
def test_a_query_shows_no_secret(query: str, text: str) -> None:
    assert hidden_query(query) == text


def test_an_address_shows_no_secret() -> None:
    assert hidden_link("https://a.example/x") == "https://a.example/x"
    request = Request("GET", "/x", "/x", b"key=a&b=c", "http", {}, b"")
    assert hidden_target(request) == "/x?key=***&b=c"
    assert hidden_target(request._replace(query_string=b"")) == "/x"


def test_where_a_vendor_has_its_credential_is_hidden_too() -> None:
    assert masked("X-Of-This-Test", "a") == "a"
    hide(Credential("X-Of-This-Test", scheme="Ofthistest"))
    hide(Credential("of_this_test", where="query"))
    assert masked("x-of-this-test", "a") == "***"
    assert masked("authorization", "ofthistest a") == "ofthistest ***"
    assert hidden_query("Of-This-Test=a") == "Of-This-Test=***"


def test_who_sends_a_request_can_be_compared() -> None:
    headers = {b"authorization": b"Token a", b"accept": b"*/*"}
    assert secret_headers(headers) == {(b"authorization", b"Token a")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("héllo 日本", "héllo 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\x0d\\x0ab\\x09c"),
        ("\x7f\x85\x9b", "\\x7f\\x85\\x9b"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_the_lines_of_a_text_stay_lines() -> None:
    assert printable_lines("a\x1b\nb\n") == "a\\x1b\nb\n"
