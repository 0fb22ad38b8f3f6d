"""A credential as data: where a request carries it, and whose it is."""

import pytest

from mockserver.call import Request
from mockserver.credential import Credential
from mockserver.errors import Reason, Refusal

HEADER = Credential("X-Key")
BEARER = Credential("Authorization", scheme="Bearer")
PAIR = Credential("Authorization", scheme="Bearer", two_parts=True)
QUERY = Credential("api_key", where="query")
COOKIE = Credential("sid", where="cookie")


def request(headers: dict[str, str] | None = None, query: bytes = b"") -> Request:
    raw = {
        name.lower().encode(): value.encode("latin-1") for name, value in (headers or {}).items()
    }
    return Request("GET", "/", "/", query, "http", raw, b"")


@pytest.mark.parametrize(
    ("credential", "headers", "query", "account"),
    [
        pytest.param(HEADER, {}, b"", None, id="no header"),
        pytest.param(HEADER, {"x-key": ""}, b"", None, id="empty"),
        pytest.param(HEADER, {"x-key": "  \t"}, b"", None, id="blank"),
        pytest.param(HEADER, {"x-key": " demo "}, b"", "demo", id="trimmed"),
        pytest.param(HEADER, {"x-key": "d\xe9mo"}, b"", "d\xe9mo", id="latin-1"),
        pytest.param(HEADER, {"authorization": "demo"}, b"", None, id="another header"),
        pytest.param(BEARER, {"authorization": "Bearer abc"}, b"", "abc", id="scheme"),
        pytest.param(BEARER, {"authorization": "bearer   abc "}, b"", "abc", id="small letters"),
        pytest.param(BEARER, {"authorization": "Basic abc"}, b"", None, id="another scheme"),
        pytest.param(BEARER, {"authorization": "Bearer"}, b"", None, id="the scheme alone"),
        pytest.param(PAIR, {"authorization": "Bearer a:b:c"}, b"", "a", id="two parts"),
        pytest.param(PAIR, {"authorization": "Token a"}, b"", None, id="no pair to look at"),
        pytest.param(QUERY, {}, b"a=1&api_key=demo", "demo", id="query"),
        pytest.param(QUERY, {}, b"api_key=d%C3%A9mo+1", "d\xe9mo 1", id="escapes"),
        pytest.param(QUERY, {}, b"api_key=a&api_key=b", "b", id="the last of several"),
        pytest.param(QUERY, {"api_key": "demo"}, b"API_KEY=demo", None, id="another parameter"),
        pytest.param(COOKIE, {"cookie": "a=1; sid=demo"}, b"", "demo", id="cookie"),
        pytest.param(COOKIE, {"cookie": "a=1"}, b"", None, id="another cookie"),
        pytest.param(COOKIE, {"cookie": "(=1"}, b"", None, id="no cookie at all"),
    ],
)
def test_the_account_is_read_from_where_the_credential_stands(
    credential: Credential, headers: dict[str, str], query: bytes, account: str | None
) -> None:
    read = credential.authenticator()
    assert [read(request(headers, query)) for _ in range(2)] == [account, account]


@pytest.mark.parametrize("token", ["alone", "a:", ":b", ""])
def test_a_token_of_one_part_is_malformed(token: str) -> None:
    with pytest.raises(Refusal) as caught:
        PAIR.authenticator()(request({"authorization": f"Bearer {token}"}))
    assert (caught.value.kind, caught.value.reason) == ("unauthorized", Reason.MALFORMED)


@pytest.mark.parametrize(
    ("credential", "headers", "query"),
    [
        pytest.param(HEADER, {"X-Key": "demo"}, {}, id="header"),
        pytest.param(BEARER, {"Authorization": "Bearer demo"}, {}, id="scheme"),
        pytest.param(PAIR, {"Authorization": "Bearer demo:secret"}, {}, id="two parts"),
        pytest.param(QUERY, {}, {"api_key": "demo"}, id="query"),
        pytest.param(COOKIE, {"Cookie": "sid=demo"}, {}, id="cookie"),
    ],
)
def test_what_carries_an_account_is_read_back(
    credential: Credential, headers: dict[str, str], query: dict[str, str]
) -> None:
    assert (credential.headers("demo"), credential.query("demo")) == (headers, query)
    sent = "&".join(f"{name}={value}" for name, value in query.items()).encode()
    assert credential.authenticator()(request(headers, sent)) == "demo"
