"""Repeatable identifiers: the same seed and the same count give the same text in any process."""

from hashlib import blake2b

SEQUENCE = "sequence"
"""The `ids` of a workspace whose tables count from 1, after the rows that they begin with."""

ROOM = 1_000_000
"""So many new rows at least have a number of their table's own."""


def token(seed: int, kind: str, number: int, digits: int) -> str:
    """`digits` lower-case hex digits (at most 128) that only seed, kind and number decide."""
    return blake2b(f"{seed}:{kind}:{number}".encode(), digest_size=(digits + 1) // 2).hexdigest()[
        :digits
    ]


def number_before_first(seed: int, ids: str, table: str, highest: int) -> int:
    """What a table counts from: 0, or a number that seed, `ids` and the table's name decide.

    After it there is room for the numbers of new rows: none of them is above `highest`.
    """
    if ids == SEQUENCE or highest <= ROOM:
        return 0
    text = f"{seed}:{table}:{ids}".encode("utf-8", "surrogatepass")
    drawn = int.from_bytes(blake2b(text, digest_size=16).digest())
    return drawn % (highest - ROOM)
