"""Where a request carries its credential, and which part of it names the account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from urllib.parse import parse_qsl

from mockserver.call import Request
from mockserver.errors import Reason, Refusal

Authenticate = Callable[[Request], str | None]
"""The account that a request's credential names; None where it carries none.

Raises Refusal for a credential that is not well formed.
"""

_CACHED = 1024
_ANY = "secret"
"""The second part of a value of two, which can be any."""

_NO_BYTES = b""


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to carry a credential, as data.

    `name` is that of the header, of the query parameter or of the cookie. `scheme` is the word
    before the value in a header, like `Bearer`; it fits in any letter case. The account is the
    whole value, or with `two_parts` what stands before its first colon.
    """

    name: str
    where: Literal["header", "query", "cookie"] = "header"
    scheme: str = ""
    two_parts: bool = False

    def sent(self) -> Callable[[Request], bytes]:
        """A function that finds the value in a request; empty where there is none."""
        header = self.header
        if self.where == "header":
            return lambda request: request.headers.get(header, _NO_BYTES)
        find = self._in_query if self.where == "query" else self._in_cookies
        cached = lru_cache(maxsize=_CACHED)(find)
        if self.where == "query":
            return lambda request: cached(request.query_string)
        return lambda request: cached(request.headers.get(header, _NO_BYTES))

    @property
    def header(self) -> bytes:
        """The name of the header that it stands in, in lower case; empty for the query."""
        if self.where == "query":
            return b""
        return b"cookie" if self.where == "cookie" else self.name.lower().encode()

    def _in_query(self, query: bytes) -> bytes:
        return dict(parse_qsl(query.decode("utf-8", "replace"))).get(self.name, "").encode()

    def _in_cookies(self, header: bytes) -> bytes:
        try:
            found = SimpleCookie(header.decode("latin-1")).get(self.name)
        except CookieError:
            return b""
        return found.value.encode("latin-1") if found is not None else b""

    def authenticator(self) -> Authenticate:
        """A function that reads the account of a request; what it has read it knows by heart.

        Raises Refusal("unauthorized") with MALFORMED where a value of two parts lacks one.
        """
        sent = self.sent()
        account = lru_cache(maxsize=_CACHED)(self.account)
        return lambda request: account(sent(request))

    def account(self, value: bytes) -> str | None:
        """The account in a value, without the white space around it; None where there is none.

        Raises Refusal("unauthorized") with MALFORMED where a value of two parts lacks one.
        """
        text = value.decode("utf-8" if self.where == "query" else "latin-1", "replace").strip()
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

    def headers(self, account: str) -> Mapping[str, str]:
        """The request headers that carry a credential of that account; none for the query."""
        if self.where == "query":
            return {}
        value = self._value(account)
        return {"Cookie": f"{self.name}={value}"} if self.where == "cookie" else {self.name: value}

    def query(self, account: str) -> Mapping[str, str]:
        """The query parameters that carry a credential of that account; none for headers."""
        return {self.name: self._value(account)} if self.where == "query" else {}

    def _value(self, account: str) -> str:
        text = f"{account}:{_ANY}" if self.two_parts else account
        return f"{self.scheme} {text}" if self.scheme else text
