"""The body of a request while it arrives: of a known length, or in chunks."""

import re
from typing import Any

import httptools

from mockserver.serving.heads import parser_head
from mockserver.serving.refusals import BadRequest

_BLANK_LINE = re.compile(rb"\r\n\r\n")
_CHUNK_OVERHEAD = 16
"""Bytes that belong to each byte of a body in the least economical client: chunks of one byte."""


class SizedBody:
    """A body whose length was told."""

    def __init__(self, length: int, limit: int) -> None:
        self.content = bytearray()
        self.is_complete = length == 0
        self.is_too_large = length > limit
        self._length = length

    def feed(self, data: bytes) -> bytes:
        """Read on. Returns what follows the body."""
        missing = self._length - len(self.content)
        self.content += data[:missing]
        self.is_complete = len(self.content) == self._length
        return data[missing:]


class ChunkedBody:
    """A body in chunks, read by httptools. Trailers are read and dropped (RFC 9112, 7.1.2).

    A chunked body ends with a blank line. So the parser is fed up to the end of one blank line
    after the other, and is asked each time whether the body is complete: it does not tell where in
    its input that was.
    """

    def __init__(self, line: bytes, block: bytes, limit: int, max_overhead: int) -> None:
        """`max_overhead` is how many bytes chunk extensions and trailers may have."""
        self.content = bytearray()
        self.is_complete = False
        self._limit = limit
        self._max_overhead = max_overhead
        self._fed = 0
        self._tail = b""
        self._parser: Any = httptools.HttpRequestParser(self)
        self._parser.feed_data(parser_head(line, block))

    @property
    def is_too_large(self) -> bool:
        """Whether more came than a body may have."""
        return len(self.content) > self._limit

    def feed(self, data: bytes) -> bytes:
        """Read on. Returns what follows the body. Raises BadRequest."""
        seam = len(self._tail)
        start = 0
        for blank in _BLANK_LINE.finditer(self._tail + data):
            end = blank.end() - seam
            self._parse(data[start:end])
            start = end
            if self.is_complete:
                return data[end:]
            if self.is_too_large:
                return b""
        self._parse(data[start:])
        self._tail = (self._tail + data[-3:])[-3:]
        return b""

    def _parse(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserError as error:
            raise BadRequest(400, str(error)) from None
        self._fed += len(piece)
        overhead = self._fed - len(self.content) * (1 + _CHUNK_OVERHEAD)
        if overhead > self._max_overhead:
            raise BadRequest(431, "Chunk extensions and trailers are too long")

    def on_body(self, piece: bytes) -> None:
        """The parser has read a piece of the body."""
        self.content += piece

    def on_message_complete(self) -> None:
        """The parser has read the trailers."""
        self.is_complete = True
