"""Repeatable identifiers: the same seed and the same count give the same text in any process."""

from hashlib import blake2b


def token(seed: int, kind: str, number: int, digits: int) -> str:
    """`digits` lower-case hex digits (at most 128) that only seed, kind and number decide."""
    return blake2b(f"{seed}:{kind}:{number}".encode(), digest_size=(digits + 1) // 2).hexdigest()[
        :digits
    ]
