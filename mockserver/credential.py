"""Where a request carries its credential, and which part of it names the account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from mockserver.call import Request
from mockserver.errors import Reason, Refusal
from mockserver.remembering import remembered

Authenticate = Callable[[Request], str | None]
"""The account that a request's credential names; None where it carries none.

Raises Refusal for a credential that is not well formed.
"""

_CACHED = 1024
_SECOND_PART = "secret"
"""The second part of a credential that is made here. No server of this package checks it."""

_NO_BYTES = b""


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to carry a credential, as data.

    `name` names the header, the query parameter or the cookie. `scheme` is the word before the
    value in a header, like `Bearer`; letter case does not matter. The account is the whole value,
    or with `two_parts` the text before its first colon.
    """

    name: str
    where: Literal["header", "query", "cookie"] = "header"
    scheme: str = ""
    two_parts: bool = False

    def value_reader(self) -> Callable[[Request], bytes]:
        """A function that finds the value in a request; it returns no bytes where there is none."""
        if self.where == "query":
            return self._query_reader()
        if self.where == "cookie":
            return self._cookie_reader()
        header = self.header

        def read(request: Request) -> bytes:
            return request.headers.get(header, _NO_BYTES)

        return read

    def _query_reader(self) -> Callable[[Request], bytes]:
        # A client sends the same query or the same cookies over and over.
        value_in = remembered(_CACHED)(self._in_query)

        def read(request: Request) -> bytes:
            return value_in(request.query_string)

        return read

    def _cookie_reader(self) -> Callable[[Request], bytes]:
        value_in = remembered(_CACHED)(self._in_cookies)

        def read(request: Request) -> bytes:
            return value_in(request.headers.get(b"cookie", _NO_BYTES))

        return read

    @property
    def header(self) -> bytes:
        """The header that carries it, in lower case; empty for a query parameter."""
        if self.where == "query":
            return b""
        if self.where == "cookie":
            return b"cookie"
        return self.name.lower().encode()

    def _in_query(self, query: bytes) -> bytes:
        parameters = dict(parse_qsl(query.decode("utf-8", "replace")))
        return parameters.get(self.name, "").encode()

    def _in_cookies(self, header: bytes) -> bytes:
        # Not `http.cookies`: for some headers it takes time that grows with their square.
        wanted = self.name.encode()
        value = _NO_BYTES
        for pair in header.split(b";"):
            name, _, text = pair.partition(b"=")
            if name.strip() == wanted:
                value = text.strip()
        if len(value) > 1 and value[:1] == value[-1:] == b'"':
            return value[1:-1]
        return value

    def authenticator(self) -> Authenticate:
        """A function that reads the account of a request, and remembers what it has read.

        It raises Refusal("unauthorized") with MALFORMED where a value of two parts lacks one.
        """
        value = self.value_reader()
        account = remembered(_CACHED)(self.account)

        def authenticate(request: Request) -> str | None:
            return account(value(request))

        return authenticate

    def account(self, value: bytes) -> str | None:
        """The account in a value, without the white space around it; None where there is none.

        Raises Refusal("unauthorized") with MALFORMED where a value of two parts lacks one.
        """
        text = _text(value).strip()
        if self.scheme:
            scheme, _, text = text.partition(" ")
            if scheme.lower() != self.scheme.lower():
                return None
            text = text.strip()
        if not self.two_parts:
            return text or None
        account, _, secret = text.partition(":")
        if not account or not secret:
            raise Refusal("unauthorized", reason=Reason.MALFORMED)
        return account

    @property
    def form(self) -> str:
        """How a request has it, for people: `Authorization: Bearer <account>:<secret>`."""
        value = "<account>:<secret>" if self.two_parts else "<key>"
        if self.scheme:
            value = f"{self.scheme} {value}"
        forms = {"header": "{}: {}", "query": "?{}={}", "cookie": "Cookie: {}={}"}
        return forms[self.where].format(self.name, value)

    def headers(self, account: str) -> Mapping[str, str]:
        """The request headers that carry a credential of that account; none for the query."""
        if self.where == "query":
            return {}
        value = self._value(account)
        if self.where == "cookie":
            return {"Cookie": f"{self.name}={value}"}
        return {self.name: value}

    def query(self, account: str) -> Mapping[str, str]:
        """The query parameters that carry a credential of that account; none for headers."""
        if self.where != "query":
            return {}
        return {self.name: self._value(account)}

    def _value(self, account: str) -> str:
        text = f"{account}:{_SECOND_PART}" if self.two_parts else account
        if self.scheme:
            text = f"{self.scheme} {text}"
        return text


def _text(value: bytes) -> str:
    """A credential as text, the same wherever it is sent: UTF-8, else Latin-1 as in HTTP/1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
