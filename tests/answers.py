"""What an API answered, without what belongs to the connection."""

from collections.abc import Mapping

_OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding")


def end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that its API has sent, names in lower case (RFC 9110, 7.6.1)."""
    texts = {name.lower(): value for name, value in headers.items()}
    for name in _OF_THE_CONNECTION:
        texts.pop(name, None)
    return texts
