"""What an API answered: the part of it that a test compares."""

from collections.abc import Mapping

import httpx

_OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding")


def end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that its API has sent, names in lower case (RFC 9110, 7.6.1)."""
    texts = {name.lower(): value for name, value in headers.items()}
    for name in _OF_THE_CONNECTION:
        texts.pop(name, None)
    return texts


def problems(answer: httpx.Response) -> dict[str, str]:
    """By place, what is wrong with a request that the control API refused as such."""
    assert answer.status_code == 400, answer.text
    errors = answer.json()["errors"]
    return {each.get("pointer", each.get("parameter")): each["detail"] for each in errors}


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and detail of a refusal of the control API."""
    return answer.status_code, answer.json()["detail"]
